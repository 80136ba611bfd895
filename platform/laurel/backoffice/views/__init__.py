"""Screens for staff, one module for each noun."""

from flask import Blueprint

from laurel.backoffice.views import (
    accommodations,
    attempts,
    credentials,
    groups,
    home,
    integrity,
    jobs,
    learners,
    orders,
    outages,
    overrides,
    receipts,
    reconciliation,
    revenue,
)
from laurel.settings import Settings


def blueprints(settings: Settings) -> list[Blueprint]:
    """The back office's blueprints."""
    return [
        home.bp,
        orders.bp,
        receipts.bp,
        revenue.bp,
        reconciliation.bp,
        attempts.bp,
        learners.bp,
        accommodations.bp,
        overrides.bp,
        groups.bp,
        integrity.bp,
        credentials.bp,
        outages.bp,
        jobs.bp,
    ]
