"""Flask-Security, as far as we use it: who is signed in, authenticator codes, recovery codes. Its pages are not registered;
ours are in this package, and so its doors for JSON, tokens and "remember me" stay shut.
"""

import base64
import hashlib
import hmac
from typing import Any, cast

import segno
from flask import Flask, current_app
from flask_security import Security, SQLAlchemySessionUserDatastore
from flask_security.recovery_codes import MfRecoveryCodesUtil
from flask_security.totp import Totp
from passlib.totp import TotpMatch  # type: ignore[import-untyped]

from laurel.accounts.models import User
from laurel.accounts.services.passwords import context as password_context
from laurel.settings import Settings
from laurel.web.session import session_proxy

CODE_TOLERANCE = 30
"""How many seconds a phone's clock may be off: one code before or after the present one."""
RECOVERY_CODES = 10


class CountedTotp(Totp):
    """Authenticator codes of which each works once: the person's row remembers the last one used."""

    def get_last_counter(self, user: Any) -> int | None:
        return cast(User, user).totp_counter

    def set_last_counter(self, user: Any, tmatch: TotpMatch) -> None:
        cast(User, user).totp_counter = tmatch.counter

    def generate_qrcode(self, username: str, totp: str) -> str:
        """The QR code as an image address, black on white in dark mode, too."""
        code = segno.make(self.get_totp_uri(username, totp), error="m")
        return code.svg_data_uri(scale=5, border=3, dark="#000", light="#fff")


def install(app: Flask, settings: Settings) -> None:
    """Set Flask-Security up without its pages, and keep its hooks away from pages that read no cookie."""
    app.config.update(_configuration(settings))
    json = app.json
    # Its datastore may commit by itself (decision 0005); none of what we call does. Roles are names on the person: no role table.
    datastore = SQLAlchemySessionUserDatastore(cast(Any, session_proxy), cast(Any, User), cast(Any, None))
    security = Security(app, datastore, register_blueprint=False, totp_cls=CountedTotp)
    security.pwd_context = password_context
    app.json = json  # it brought its own, for texts that are translated late
    security.login_manager._request_callback = None  # nobody signs in by a header or the query string
    _remove_hooks(app)


def _configuration(settings: Settings) -> dict[str, Any]:
    return {
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_PASSWORD_SINGLE_HASH": {"argon2"},
        "SECURITY_JOIN_USER_ROLES": False,
        "SECURITY_CLI_USERS_NAME": None,
        "SECURITY_CLI_ROLES_NAME": None,
        "SECURITY_API_ENABLED_METHODS": ["session"],
        "SECURITY_TWO_FACTOR": True,
        "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        "SECURITY_TOTP_ISSUER": settings.issuer_name,
        "SECURITY_TOTP_SECRETS": {"1": _derive(settings, "authenticator").hex()},
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_N": RECOVERY_CODES,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS": [base64.urlsafe_b64encode(_derive(settings, "recovery codes"))],
        "SESSION_PROTECTION": None,  # it would bind the session to an address that a phone changes by the hour
    }


def _derive(settings: Settings, purpose: str) -> bytes:
    """32 bytes for one purpose, out of the key that protects all stored secrets."""
    return hmac.digest(settings.key_encryption_key.encode(), f"laurel accounts: {purpose}".encode(), hashlib.sha256)


def _remove_hooks(app: Flask) -> None:
    """Flask-Login and Flask-Principal look for the person on every request. `web.access` asks only where a page may know."""
    for hooks in (app.before_request_funcs, app.after_request_funcs, app.template_context_processors):
        kept = [hook for hook in hooks.get(None, []) if not hook.__module__.startswith(("flask_login", "flask_principal"))]
        cast(dict[Any, list[Any]], hooks)[None] = kept


def _security() -> Security:
    return cast(Security, current_app.extensions["security"])


def totp() -> Totp:
    """Makes and checks authenticator codes."""
    return _security().totp_factory


def recovery_codes() -> MfRecoveryCodesUtil:
    """Makes, checks and uses up recovery codes."""
    return _security().mf_recovery_codes_util
