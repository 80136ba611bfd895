"""Courses, modules and lessons, and their published versions."""
