"""Sign-in, registration and the person's own account."""

from flask import Blueprint, Flask

from laurel.accounts.views import account, email_addresses, passwords, registration, second_factor, security, sign_in
from laurel.accounts.views.blueprint import bp
from laurel.accounts.views.presence import make_gate
from laurel.settings import Settings
from laurel.web.access import Gate
from laurel.web.compression import keep_plain

SCREENS = (account, email_addresses, passwords, registration, second_factor, sign_in)
"""The modules whose screens `bp` has once they are imported."""


def blueprints(_settings: Settings) -> list[Blueprint]:
    return [bp]


def init_app(app: Flask, settings: Settings) -> Gate:
    """Set up who is who; returns what `web.access` asks at every door."""
    security.install(app, settings)
    return make_gate(settings)


bp.before_request(keep_plain)
