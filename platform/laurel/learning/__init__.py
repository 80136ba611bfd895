"""Enrollments and progress: what a learner may open and how far they got."""
