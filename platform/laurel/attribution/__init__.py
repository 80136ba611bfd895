"""Touches, and which article led to which order."""
