"""Quizzes and exams: laying them out, checking, previewing and publishing them."""

from laurel.studio.views.quizzes import listing, sections, writing
from laurel.studio.views.quizzes.blueprint import bp

__all__ = ["bp", "listing", "sections", "writing"]
