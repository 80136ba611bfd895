"""Quizzes and exams: laying them out, checking, previewing and publishing them."""

from laurel.studio.views.quizzes import draws, listing, papers, sections, writing
from laurel.studio.views.quizzes.blueprint import bp

__all__ = ["bp", "draws", "listing", "papers", "sections", "writing"]
