"""Pages and documents of credentials, for people and for machines."""

from flask import Blueprint

from laurel.credentials.views import (  # noqa: F401 (they add their views)
    account,
    api,
    bulk_files,
    erasing,
    everything,
    holding,
    keys,
    names,
    numbers,
    pages,
    points,
    private,
    published,
    renewing,
    scores,
    uploads,
    verification,
)
from laurel.credentials.views.base import bp, tell_machine
from laurel.settings import Settings

__all__ = ["blueprints", "tell_machine"]


def blueprints(settings: Settings) -> list[Blueprint]:
    return [bp]
