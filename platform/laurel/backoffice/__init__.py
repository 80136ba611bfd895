"""Screens for staff. No tables of its own."""
