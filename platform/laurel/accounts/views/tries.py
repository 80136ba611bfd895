"""Checking what a person types to prove who they are, as often as the limits allow."""

import hashlib
from datetime import datetime
from secrets import token_urlsafe

from flask import after_this_request, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from laurel.accounts import events, services
from laurel.accounts.models import User
from laurel.accounts.queries import find_user_by_email, lock_user
from laurel.accounts.services import TooManyTriesError
from laurel.accounts.views.presence import network_prefix
from laurel.accounts.views.security import CODE_TOLERANCE, recovery_codes, totp
from laurel.core.bus import publish
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.web.counters import Allowance
from laurel.web.forms import LaurelForm
from laurel.web.limits import network
from laurel.web.session import transaction

DEVICE = "laurel_device"
DEVICE_PATH = "/login"
HALF_A_YEAR = 180 * 24 * 3600


def check_password(text: str, password: str) -> tuple[User, list[Allowance]] | None:
    """Who has this address and this password, and what to `forgive` once they are in; None for anybody else.

    It counts as a try, takes the same time for a stranger, and holds no transaction while it hashes.
    """
    address = _address(text)
    with transaction() as session:
        counted = services.count_or_refuse(session, "sign in", network=network(), account=_known_as(address), now=database_now(session))
        user = find_user_by_email(session, address)
    password_hash = user.password if user is not None and user.active else None
    if not services.verify_password(password, password_hash) or user is None or password_hash is None:
        with transaction() as session:
            publish(session, _failure(address, "password", database_now(session)))
        return None
    if services.is_outdated(password_hash):
        fresh = services.hash_password(password)
        with transaction() as session:
            user = lock_user(session, user.id)
            user.password = fresh if user.password == password_hash else user.password
    return user, counted


def check_code(user: User, text: str) -> list[Allowance] | None:
    """Count a try at the second factor and use up the code if it is right; returns what to `forgive`, or None if it is wrong."""
    with transaction() as session:
        counted = services.count_or_refuse(session, "code", network=network(), account=str(user.id), now=database_now(session))
    with transaction() as session:
        now = database_now(session)
        user = lock_user(session, user.id)
        if _is_code_of(user, text) or _use_recovery_code(session, user, text, now):
            return counted
        publish(session, _failure(user.email, "code", now))
    return None


def _is_code_of(user: User, text: str) -> bool:
    code = "".join(text.split())
    if user.tf_totp_secret is None or not (code.isascii() and code.isdigit()):
        return False
    return totp().verify_totp(code, user.tf_totp_secret, user, window=CODE_TOLERANCE)  # type: ignore[arg-type]


def _use_recovery_code(session: Session, user: User, text: str, now: datetime) -> bool:
    code = text.strip().lower()
    if not recovery_codes().check_recovery_code(user, code):  # type: ignore[arg-type]
        return False
    recovery_codes().delete_recovery_code(user, code)  # type: ignore[arg-type]
    publish(session, events.RecoveryCodeUsed(occurred_at=now, user_id=user.id), actor_id=user.id)
    services.tell(session, user, "A recovery code was used to sign in", now=now)
    return True


def too_often(template: str, form: LaurelForm, error: TooManyTriesError, **more: str) -> ResponseReturnValue:
    """The form again, saying when it may be tried again."""
    form.form_errors.append(error.message)
    return render_template(template, form=form, **more), 429, {"Retry-After": str(error.seconds)}


def _failure(address: str, step: str, now: datetime) -> events.SignInFailed:
    return events.SignInFailed(occurred_at=now, address_digest=_digest(address), network=network_prefix(), step=step)


def _digest(address: str) -> str:
    return hashlib.sha256(address.encode(errors="replace")).hexdigest()


def _address(text: str) -> str:
    try:
        return services.normalize_email(text)
    except InvalidInputError:
        return text.casefold()[:254]  # nobody's, and treated like anybody's


# A browser from which somebody signed in before has tries of its own, so that strangers who guess cannot lock the person out
# (OWASP: "Slow Down Online Guessing Attacks with Device Cookies").


def remember_device(user: User) -> None:
    """Let this browser's tries for this account count apart from everybody else's."""
    if _known_as(user.email) != user.email:
        return
    value = _device_serializer().dumps([_digest(user.email), token_urlsafe(12)])
    secure = current_app.extensions["laurel_settings"].is_https

    @after_this_request
    def set_cookie(response: Response) -> Response:
        response.set_cookie(DEVICE, value, max_age=HALF_A_YEAR, path=DEVICE_PATH, secure=secure, httponly=True, samesite="Lax")
        return response


def _known_as(address: str) -> str:
    """Under which name tries for this address count: the address, or the address on this known device."""
    try:
        owner, device = _device_serializer().loads(request.cookies.get(DEVICE, ""))
    except (BadSignature, ValueError, TypeError):
        return address
    return f"{address} on {device}" if owner == _digest(address) else address


def _device_serializer() -> URLSafeSerializer:
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.config["SECRET_KEY"]]
    return URLSafeSerializer(keys, salt="laurel device")
