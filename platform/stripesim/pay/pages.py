"""How the sandbox's pages are answered: without scripts, never cached, and fit for a proxy under another address."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Response, make_response, render_template

from stripesim import money

STATIC = Path(__file__).parents[1] / "static"
POLICY = "default-src 'none'; style-src 'self'; form-action 'self' {shop}; base-uri 'none'; frame-ancestors 'none'"


def show_page(name: str, status: int = 200, **values: Any) -> Response:
    """The page; with a `session`, its forms may end at the shop that the session belongs to."""
    html = render_template(f"stripesim/{name}", written=money.written, **values)
    response = make_response(html, status)
    shop = urlsplit((values.get("session") or {}).get("success_url", ""))
    origin = f"{shop.scheme}://{shop.netloc}" if shop.netloc else ""
    response.headers["Content-Security-Policy"] = POLICY.format(shop=origin)
    response.headers["Cache-Control"] = "no-store"
    return response
