"""A credential as a JSON Web Token, made when asked for from the stored document (S7)."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from laurel.core.errors import UnavailableError
from laurel.credentials.gateway import KeyPair, KeyVault, KeyVaultError
from laurel.credentials.jose_gateway import sign_token
from laurel.credentials.queries.keys import find_active_key
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.keys import KeyPurpose


class NoTokenError(UnavailableError):
    """There is no key for tokens, or it does not open here."""

    message = "Tokens cannot be signed at present. The signed file (JSON) says the same and can be had."


@dataclass(frozen=True, slots=True)
class TokenKey:
    """The active key for tokens, still sealed."""

    kid: str
    pair: KeyPair
    vault: KeyVault = field(repr=False, compare=False)


def find_token_key(session: Session, issuer: Issuer, keys: KeyVault) -> TokenKey:
    """The key that signs tokens at present; raises NoTokenError. The first one is made by the worker."""
    key = find_active_key(session, issuer.did, KeyPurpose.JWT)
    if key is None:
        raise NoTokenError
    return TokenKey(issuer.token_key_url(key.fragment), key.pair, keys)


@lru_cache(maxsize=500)
def make_token(signed_json: str, key: TokenKey) -> str:
    """The stored credential in its second form. The same document and key give the same token, which is signed once per process."""
    try:
        return sign_token(claims_of(json.loads(signed_json)), key.vault.open(key.pair), kid=key.kid)
    except KeyVaultError as error:
        raise NoTokenError from error


def claims_of(document: dict[str, Any]) -> dict[str, Any]:
    """The credential itself without its proof, and the registered claims that repeat it (OB 3.0 §8.2.4.1). No `vc` around it."""
    until = document.get("validUntil")
    return {
        "iss": document["issuer"]["id"],
        "jti": document["id"],
        "sub": document["credentialSubject"]["id"],
        "nbf": _seconds(document["validFrom"]),
        **({"exp": _seconds(until)} if until else {}),
        **{name: value for name, value in document.items() if name != "proof"},
    }


def _seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())
