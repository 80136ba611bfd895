"""Security and caching headers, on every answer."""

from flask import Flask, Response, g, request

from laurel.settings import Settings

CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "media-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
}
CHECKOUT = "https://checkout.stripe.com"


def allow_form_action(*hosts: str) -> None:
    """Let this page's forms end at `hosts` too: Chromium applies `form-action` to the redirect after a POST."""
    g.form_action = " ".join(("'self'", *hosts))


def content_security_policy(*, https: bool, form_action: str = "'self'") -> str:
    parts = CSP | {"form-action": form_action}
    policy = "; ".join(f"{name} {value}" for name, value in parts.items())
    return f"{policy}; upgrade-insecure-requests" if https else policy


def static_headers(settings: Settings) -> dict[str, str]:
    """What every answer carries unless it says otherwise, besides its caching: a static file, too."""
    found = HEADERS | {
        "Content-Security-Policy": content_security_policy(https=settings.is_https),
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return found | _transport(settings)


def _transport(settings: Settings) -> dict[str, str]:
    return {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"} if settings.is_https else {}


def init_app(app: Flask, settings: Settings) -> None:
    """Put the headers on every answer; a view may have set a stricter or wider one of its own before."""

    fixed = static_headers(settings)

    @app.after_request
    def add_headers(response: Response) -> Response:
        wanted = fixed
        if "form_action" in g:
            wanted = fixed | {"Content-Security-Policy": content_security_policy(https=settings.is_https, form_action=g.form_action)}
        present = {name.lower() for name, _value in response.headers}
        for name, value in wanted.items():
            if name.lower() not in present:
                response.headers.add(name, value)
        if "cache-control" not in present:
            _set_caching(response)
        return response


def _set_caching(response: Response) -> None:
    # Asking `flask.session` itself would count as reading it.
    personal = g.get("viewer") is not None or g.browser_session.accessed
    if personal or response.status_code != 200 or request.method not in {"GET", "HEAD"}:
        response.headers["Cache-Control"] = "no-store"
        return
    response.headers["Cache-Control"] = "public, max-age=60"
    if not response.is_streamed and not response.direct_passthrough:
        response.add_etag()
        response.make_conditional(request)
