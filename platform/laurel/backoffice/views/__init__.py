"""Screens for staff, one module for each noun."""

from flask import Blueprint

from laurel.backoffice.views import (
    accommodations,
    attempts,
    bulk,
    codes,
    credential_acts,
    credential_erasing,
    credential_holds,
    credential_reinstating,
    credentials,
    disputes,
    groups,
    home,
    integrity,
    jobs,
    key_requests,
    keys,
    learners,
    name_changes,
    orders,
    organizations,
    outages,
    overrides,
    prices,
    receipts,
    reconciliation,
    refunds,
    revenue,
    tasks,
)
from laurel.settings import Settings


def blueprints(settings: Settings) -> list[Blueprint]:
    """The back office's blueprints."""
    return [
        home.bp,
        orders.bp,
        refunds.bp,
        disputes.bp,
        tasks.bp,
        codes.bp,
        prices.bp,
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
        credential_acts.bp,
        credential_erasing.bp,
        credential_holds.bp,
        credential_reinstating.bp,
        bulk.bp,
        name_changes.bp,
        keys.bp,
        key_requests.bp,
        organizations.bp,
        outages.bp,
        jobs.bp,
    ]
