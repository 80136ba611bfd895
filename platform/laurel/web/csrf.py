"""Cross-site requests: `Sec-Fetch-Site` or `Origin` first, then the token of Flask-WTF. The cookie's SameSite=Lax is the third layer."""

import hmac
from functools import lru_cache

from flask import Flask, abort, current_app, g, request, session
from flask_wtf.csrf import CSRFProtect
from itsdangerous import BadData, URLSafeTimedSerializer

from laurel.settings import Settings
from laurel.web.access import READING, WEBHOOK, policy_of
from laurel.web.session import SAFE_METHODS

protection = CSRFProtect()


def comes_from_here() -> bool:
    """Whether a page of ours made this request, as far as the browser says."""
    settings: Settings = current_app.extensions["laurel_settings"]
    public_url = settings.public_url
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    if origin is not None:
        return origin == public_url
    referrer = request.headers.get("Referer")
    return referrer is not None and (referrer == public_url or referrer.startswith(f"{public_url}/"))


@lru_cache(maxsize=10_000)
def signed_value(token: str, secret_key: str) -> str:
    """What a token of Flask-WTF was signed over; raises BadData if it was not signed with this key. A page that saves answers
    sends the same token again and again, and a signature that was right once stays right."""
    return str(URLSafeTimedSerializer(secret_key, salt="wtf-csrf-token").loads(token))


def brings_token() -> bool:
    """Whether the request's header has the token of its session, as scripts send it. Forms are Flask-WTF's to check."""
    token, wanted = request.headers.get("X-CSRFToken"), session.get("csrf_token")
    if token is None or wanted is None:
        return False
    try:
        return hmac.compare_digest(wanted, signed_value(token, str(current_app.secret_key)))
    except BadData:
        return False


def init_app(app: Flask) -> None:
    """Check every unsafe request that a cookie could authorize. Signed webhooks and what only reads are exempt: no cookie counts there."""
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    app.config["WTF_CSRF_SSL_STRICT"] = False  # the Origin check below is stricter
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    protection.init_app(app)

    @app.before_request
    def check() -> None:
        if request.method in SAFE_METHODS or request.endpoint is None:
            return
        declared = policy_of(app, request.endpoint) or {}
        if declared.get(request.method) in {WEBHOOK, READING}:
            return
        if not comes_from_here():
            current_app.logger.warning("A cross-site %s was refused at %s", request.method, request.endpoint)
            abort(403)
        if brings_token():
            g.csrf_valid = True
        else:
            protection.protect()
