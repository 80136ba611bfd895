"""Calls to action and where they are placed."""
