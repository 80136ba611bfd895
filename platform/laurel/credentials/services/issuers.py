"""Who issues, and with which key."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.credentials import queries
from laurel.credentials.gateway import KeyVault
from laurel.credentials.models import IssuerKey, KeyPurpose, KeyState
from laurel.credentials.openbadges_gateway import SigningKey
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.services import history
from laurel.settings import Settings, Stage

SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class Signatory:
    """The issuer with its active key opened, for the length of one signature."""

    issuer: Issuer
    key: IssuerKey
    private: SigningKey


def issuer_of(settings: Settings) -> Issuer:
    """The issuer that the settings describe."""
    return Issuer(
        public_url=settings.public_url,
        name=settings.issuer_name,
        email=settings.issuer_email,
        is_production=settings.stage is Stage.PRODUCTION,
    )


def ensure_key(session: Session, issuer: Issuer, keys: KeyVault, *, now: datetime) -> IssuerKey:
    """The issuer's active key. The very first one is made here, at seeding or at the first signature."""
    found = queries.find_active_key(session, issuer.did)
    if found is not None:
        return found
    try:
        with session.begin_nested():
            made = _make_key(session, issuer, keys, now=now)
    except IntegrityError:  # somebody else made it at the same moment
        return ensure_key(session, issuer, keys, now=now)
    history.record(session, HistoryKind.KEY_ACTIVATED, at=now, key_id=made.id, reason=made.method)
    return made


def open_signatory(session: Session, issuer: Issuer, keys: KeyVault, *, now: datetime) -> Signatory:
    """The issuer, ready to sign. Raises what the vault raises if it cannot open the key."""
    key = ensure_key(session, issuer, keys, now=now)
    return Signatory(issuer, key, SigningKey(keys.open(key.sealed_private_key, label=key.method), key.method))


def _make_key(session: Session, issuer: Issuer, keys: KeyVault, *, now: datetime) -> IssuerKey:
    prefix = f"key-{now:%Y}-"
    fragment = f"{prefix}{queries.count_fragments(session, issuer.did, prefix) + 1:02}"
    signing = SigningKey(secrets.token_bytes(SEED_BYTES), f"{issuer.did}#{fragment}")
    key = IssuerKey(
        did=issuer.did,
        fragment=fragment,
        purpose=KeyPurpose.DATA_INTEGRITY,
        algorithm="Ed25519",
        public_key=signing.multikey,
        sealed_private_key=keys.seal(signing.seed, label=signing.method),
        state=KeyState.ACTIVE,
        staged_at=now,
        active_at=now,
    )
    session.add(key)
    session.flush()
    return key
