"""Pages of attempts."""

from flask import Blueprint

from laurel.quizzes.views import integrity, paper, results, saving
from laurel.quizzes.views.blueprint import bp
from laurel.settings import Settings

__all__ = ["blueprints", "integrity", "paper", "results", "saving"]


def blueprints(_settings: Settings) -> list[Blueprint]:
    return [bp]
