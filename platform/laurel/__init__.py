"""Laurel: a certification learning platform."""
