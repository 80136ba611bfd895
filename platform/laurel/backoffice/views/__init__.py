"""Screens for staff, one module for each noun."""

from flask import Blueprint

from laurel.backoffice.views import credentials, home, integrity, jobs, learners, orders
from laurel.settings import Settings


def blueprints(settings: Settings) -> list[Blueprint]:
    """The back office's blueprints."""
    return [home.bp, orders.bp, learners.bp, integrity.bp, credentials.bp, jobs.bp]
