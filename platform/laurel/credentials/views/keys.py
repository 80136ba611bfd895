"""The keys that sign tokens, for verifiers that read JSON Web Keys and no DID documents (K9)."""

from flask.typing import ResponseReturnValue

from laurel.credentials.queries.keys import get_published_token_key, list_published_keys
from laurel.credentials.rules.keys import KeyPurpose, web_key
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
    """Before the first key exists the set is empty, and nobody shall remember that."""
    issued_by = issuer()
    published = [key for key in list_published_keys(current_session(), issued_by.did) if key.purpose is KeyPurpose.JWT]
    keys = [web_key(key.did, issued_by.token_key_url(key.fragment), key.public_key) for key in published]
    return document(compact({"keys": keys}), "application/jwk-set+json", caching=HOUR if keys else "no-store")


@bp.get("/keys/<fragment>.jwk")
@limiter.exempt
@policy(GET=PUBLIC)
def token_key(fragment: str) -> ResponseReturnValue:
    """The bare key: verifiers of 1EdTech fetch it from a token's `kid` and take no set."""
    found = get_published_token_key(current_session(), issuer().did, fragment)
    body = compact(web_key(found.did, issuer().token_key_url(found.fragment), found.public_key))
    return document(body, "application/jwk+json", caching=DAY)
