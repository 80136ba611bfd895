"""Screens for authors and marketers, one module for each noun."""

from flask import Blueprint

from laurel.settings import Settings
from laurel.studio.views import articles, certificates, ctas, grading, home, programs, questions, quizzes


def blueprints(settings: Settings) -> list[Blueprint]:
    """The studio's blueprints."""
    return [home.bp, questions.bp, quizzes.bp, grading.bp, programs.bp, certificates.bp, articles.bp, ctas.bp]
