"""The keys that sign tokens, for verifiers that read JSON Web Keys and no DID documents (K9)."""

from typing import Any

from flask.typing import ResponseReturnValue

from laurel.credentials.queries.keys import get_published_token_key, list_published_keys
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.keys import KeyPurpose, web_key
from laurel.credentials.services.issuers import get_issuer, list_issuers
from laurel.credentials.views.base import bp, compact, document, issuer
from laurel.web.access import PUBLIC, policy
from laurel.web.limits import limiter
from laurel.web.session import current_session

HOUR = "public, max-age=3600"
DAY = "public, max-age=86400"


@bp.get("/.well-known/jwks.json")
@limiter.exempt
@policy(GET=PUBLIC)
def key_set() -> ResponseReturnValue:
    """The keys of the house and of every organization; `iss` says whose. Before the first key exists, nobody shall remember the set."""
    keys = [key for one in list_issuers(current_session(), issuer()) for key in _keys_of(one)]
    return document(compact({"keys": keys}), "application/jwk-set+json", caching=HOUR if keys else "no-store")


@bp.get("/keys/<fragment>.jwk")
@limiter.exempt
@policy(GET=PUBLIC)
def token_key(fragment: str) -> ResponseReturnValue:
    """The bare key: verifiers of 1EdTech fetch it from a token's `kid` and take no set."""
    return _bare_key(issuer(), fragment)


@bp.get("/orgs/<slug>/keys/<fragment>.jwk")
@limiter.exempt
@policy(GET=PUBLIC)
def organization_token_key(slug: str, fragment: str) -> ResponseReturnValue:
    """The same of an organization: each counts its keys for itself, so their names are the same."""
    return _bare_key(get_issuer(current_session(), issuer(), slug), fragment)


def _bare_key(issued_by: Issuer, fragment: str) -> ResponseReturnValue:
    found = get_published_token_key(current_session(), issued_by.did, fragment)
    body = compact(web_key(found.did, issued_by.token_key_url(found.fragment), found.public_key))
    return document(body, "application/jwk+json", caching=DAY)


def _keys_of(issued_by: Issuer) -> list[dict[str, Any]]:
    published = [key for key in list_published_keys(current_session(), issued_by.did) if key.purpose is KeyPurpose.JWT]
    return [web_key(key.did, issued_by.token_key_url(key.fragment), key.public_key) for key in published]
