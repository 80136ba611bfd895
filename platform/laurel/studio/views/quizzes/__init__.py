"""Quizzes and exams: laying them out, checking, previewing and publishing them."""

from laurel.studio.views.quizzes import access, draws, leaks, listing, papers, sections, writing
from laurel.studio.views.quizzes.blueprint import bp

__all__ = ["access", "bp", "draws", "leaks", "listing", "papers", "sections", "writing"]
