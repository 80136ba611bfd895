"""Who is there: signing in and out, and what `web.access` asks before it opens a page."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from flask import abort, current_app, flash, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user, login_user
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RoutingException

from laurel.accounts import events
from laurel.accounts.models import User
from laurel.accounts.queries import find_user
from laurel.accounts.rules import capabilities_of, home_of, session_limits
from laurel.core.bus import publish
from laurel.core.db import database_now
from laurel.core.errors import DomainError
from laurel.settings import Settings
from laurel.web.access import Gate, Viewer
from laurel.web.browser_sessions import address_prefix, end_sessions_of
from laurel.web.redirects import safe_next
from laurel.web.session import SAFE_METHODS, transaction

CODE_WITHIN = timedelta(minutes=10)
"""How long after the password the code may come."""
NOWHERE = ("/login", "/logout", "/register", "/reset", "/confirm")


def next_page(role_names: Iterable[str] = ()) -> str:
    """Where to go on: the path in `next` if it is one of ours that leads somewhere, else where a person of these roles works or learns."""
    home = home_of(capabilities_of(role_names))
    path = safe_next(request.args.get("next"), default=home)
    return home if path.partition("?")[0].startswith(NOWHERE) else path


def my_next_page() -> str:
    """The same for who is signed in already."""
    return next_page(cast(User, current_user).role_names)


def next_purpose() -> str:
    """What the person was about to do when they were asked who they are, as the view of the `next` page says it; else empty."""
    try:
        endpoint, arguments = current_app.url_map.bind("").match(next_page().partition("?")[0], method="GET")
        view = current_app.view_functions[endpoint]
        return str(view.purpose(**arguments)) if hasattr(view, "purpose") else ""
    except (HTTPException, RoutingException, DomainError):
        return ""


def network_prefix() -> str:
    """The network the request came from, as it may be kept."""
    return address_prefix(request.remote_addr)


def sign_in(database: Session, user: User, *, with_second_factor: bool, now: datetime) -> None:
    """Begin a new session for the person in this browser; whatever was in the one before is gone."""
    _forget()
    login_user(cast(Any, user))
    session["_laurel_user"] = str(user.id)
    session["_laurel_second_factor"] = with_second_factor
    idle, absolute = session_limits(user.role_names)
    g.browser_session.regenerate(idle=idle, absolute=absolute)
    fact = events.SignedIn(occurred_at=now, user_id=user.id, network=network_prefix(), with_second_factor=with_second_factor)
    publish(database, fact, actor_id=user.id)


def sign_in_again(database: Session, user: User, *, with_second_factor: bool, now: datetime) -> None:
    """What protects the account changed: every session of the person ends, and this browser gets a new one."""
    end_sessions_of(database, user.id)
    sign_in(database, user, with_second_factor=with_second_factor, now=now)


def sign_out() -> None:
    """End this browser's session."""
    _forget()
    g.viewer = None


def passed_second_factor() -> bool:
    """Whether a code was given in this session."""
    return bool(session.get("_laurel_second_factor"))


def await_code(user: User) -> None:
    """The password was right and a code is still to come: remember for whom, in a short session of its own."""
    _forget()
    session["_laurel_code_for"] = [str(user.id), user.fs_uniquifier]
    g.browser_session.regenerate(idle=CODE_WITHIN, absolute=CODE_WITHIN)


def find_awaited(database: Session) -> User | None:
    """Whose code is awaited in this browser, if the password was given recently and has not changed since."""
    user_id, key = session.get("_laurel_code_for") or (None, None)
    user = find_user(database, UUID(user_id)) if user_id else None
    return user if user is not None and user.active and user.fs_uniquifier == key else None


def _forget() -> None:
    session.clear()
    g.pop("csrf_token", None)  # Flask-WTF keeps it here, too


def make_gate(settings: Settings) -> Gate:
    """What `web.access` asks."""

    def identify() -> Viewer | None:
        key, found = session.get("_user_id"), g.browser_session.row
        if not key or found is None or found.person_fs_uniquifier != key or not found.person_active:
            return None
        return Viewer(
            id=found.person_id,
            name=found.person_name,
            email=found.person_email,
            capabilities=capabilities_of(found.person_role_names),
            has_second_factor=passed_second_factor() or not settings.staff_second_factor,
        )

    return Gate(identify=identify, ask_to_sign_in=_ask_to_sign_in, ask_for_second_factor=_ask_for_second_factor)


def _ask_to_sign_in() -> ResponseReturnValue:
    """To signing in and back here; to registering, where a stranger is more likely to be new."""
    is_for_newcomers = hasattr(current_app.view_functions[request.endpoint or ""], "purpose")
    page = "accounts.registration_page" if is_for_newcomers else "accounts.sign_in_page"
    return redirect(url_for(page, next=request.full_path.removesuffix("?")))


def _ask_for_second_factor() -> ResponseReturnValue:
    if request.method not in SAFE_METHODS:
        abort(403)
    if cast(User, current_user).has_second_factor:  # set up elsewhere in the meantime: this session never gave a code
        sign_out()
        return _ask_to_sign_in()
    flash("Members of staff need a second factor. Please set it up to go on.", "info")
    return redirect(url_for("accounts.second_factor_page"))


def end_other_sessions(user_id: UUID) -> int:
    """End the person's sessions but this one; returns how many ended."""
    with transaction() as database:
        count = end_sessions_of(database, user_id, except_id=g.browser_session.row.id)
        now = database_now(database)
        publish(database, events.SessionsEnded(occurred_at=now, user_id=user_id, count=count), actor_id=user_id)
    return count
