"""Cross-site requests: `Sec-Fetch-Site` or `Origin` first, then the token of Flask-WTF. The cookie's SameSite=Lax is the third layer."""

from flask import Flask, abort, current_app, request
from flask_wtf.csrf import CSRFProtect

from laurel.settings import Settings
from laurel.web.access import WEBHOOK, policy_of
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


def init_app(app: Flask) -> None:
    """Check every unsafe request that a cookie could authorize. Signed webhooks are exempt: they carry no cookie."""
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    app.config["WTF_CSRF_SSL_STRICT"] = False  # the Origin check below is stricter
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    protection.init_app(app)

    @app.before_request
    def check() -> None:
        if request.method in SAFE_METHODS or request.endpoint is None:
            return
        declared = policy_of(app, request.endpoint) or {}
        if declared.get(request.method) == WEBHOOK:
            return
        if not comes_from_here():
            current_app.logger.warning("A cross-site %s was refused at %s", request.method, request.endpoint)
            abort(403)
        protection.protect()
