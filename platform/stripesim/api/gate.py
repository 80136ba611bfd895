"""Who may come in: the sandbox's key, and the one API version that the sandbox speaks."""

import base64
import binascii
import hmac

from werkzeug.datastructures import Headers

from stripesim import API_VERSION
from stripesim.api.errors import ApiError, invalid

NO_KEY = (
    "You did not provide an API key. You need to provide your API key in the Authorization header, "
    "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
)


def authenticate(headers: Headers, secret_key: str) -> None:
    """Raise 401 unless the request carries the key, as a bearer token or as the user of Basic."""
    given = _key_of(headers.get("Authorization", ""))
    if not given:
        raise ApiError(401, NO_KEY)
    if not hmac.compare_digest(given.encode(), secret_key.encode()):
        raise ApiError(401, f"Invalid API Key provided: {masked(given)}")


def check_version(headers: Headers) -> None:
    version = headers.get("Stripe-Version", API_VERSION)
    if version != API_VERSION:
        raise invalid(f"Invalid Stripe API version: {version}. The sandbox speaks {API_VERSION}.")


def masked(key: str) -> str:
    return f"{key[:8]}{'*' * 8}{key[-4:]}" if len(key) > 12 else "*" * len(key)


def _key_of(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""
