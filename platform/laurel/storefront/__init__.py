"""Screens for visitors: the first page, the catalog, a course. No tables of its own."""
