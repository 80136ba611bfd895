"""What needs a password of the last minutes: an open session that somebody walked away from is not enough for it."""

from datetime import timedelta

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from laurel.core.db import database_now
from laurel.web.session import current_session

FRESH = timedelta(minutes=10)
"""How recently a person must have given their password."""


def is_fresh() -> bool:
    """Whether this session began, with a password, within the last minutes."""
    row = g.browser_session.row
    return row is not None and database_now(current_session()) - row.created_at < FRESH


def ask_for_password(back: str | None = None) -> ResponseReturnValue:
    """To the page that asks for the password once more, and back to this address, or to `back`."""
    return redirect(url_for("accounts.confirm_password_page", next=back or request.path), 303)
