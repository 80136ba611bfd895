"""Screens for authors and marketers. No tables of its own."""
