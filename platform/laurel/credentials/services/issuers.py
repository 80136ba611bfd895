"""Who issues, and with which key."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.core.errors import UnavailableError
from laurel.credentials.gateway import KeyVault
from laurel.credentials.jose_gateway import make_rsa_key
from laurel.credentials.models import IssuerKey
from laurel.credentials.openbadges_gateway import SigningKey
from laurel.credentials.queries.keys import count_fragments, find_active_key, has_key
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.keys import ALGORITHM, KeyPurpose, KeyState, fragment_prefix
from laurel.credentials.services import history
from laurel.settings import Settings, Stage

SEED_BYTES = 32


class NoActiveKeyError(UnavailableError):
    """There were keys, and none is in use: nothing is signed until staff put one to use."""

    message = "No signing key is active. See `laurel keys list`, then `laurel keys activate`."


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


def ensure_key(
    session: Session, issuer: Issuer, keys: KeyVault, *, now: datetime, purpose: KeyPurpose = KeyPurpose.DATA_INTEGRITY
) -> IssuerKey:
    """The issuer's active key. The very first one is made here, at seeding, by the worker or at the first signature.

    Raises NoActiveKeyError where there were keys and none is active: then a person decides what comes next.
    """
    found = find_active_key(session, issuer.did, purpose)
    if found is not None:
        return found
    if has_key(session, issuer.did, purpose):
        raise NoActiveKeyError
    history.hold_chain(session)
    try:
        with session.begin_nested():
            made = make_key(session, issuer, keys, purpose=purpose, state=KeyState.ACTIVE, now=now)
    except IntegrityError:  # somebody else made it at the same moment
        return ensure_key(session, issuer, keys, now=now, purpose=purpose)
    history.record(session, HistoryKind.KEY_ACTIVATED, at=now, key_id=made.id, reason=made.method)
    return made


def open_signatory(session: Session, issuer: Issuer, keys: KeyVault, *, now: datetime) -> Signatory:
    """The issuer, ready to sign. Raises NoActiveKeyError, or what the vault raises if it cannot open the key."""
    key = ensure_key(session, issuer, keys, now=now)
    return Signatory(issuer, key, SigningKey(keys.open(key.sealed_private_key, label=key.method), key.method))


def make_key(session: Session, issuer: Issuer, keys: KeyVault, *, purpose: KeyPurpose, state: KeyState, now: datetime) -> IssuerKey:
    """A new key pair under a name that no key had before. Two at the same moment: the second raises IntegrityError."""
    prefix = fragment_prefix(purpose, now)
    fragment = f"{prefix}{count_fragments(session, issuer.did, prefix) + 1:02}"
    method = f"{issuer.did}#{fragment}"
    private, public = _make_pair(purpose, method)
    key = IssuerKey(
        did=issuer.did,
        fragment=fragment,
        purpose=purpose,
        algorithm=ALGORITHM[purpose],
        public_key=public,
        sealed_private_key=keys.seal(private, label=method),
        state=state,
        staged_at=now,
        active_at=now if state is KeyState.ACTIVE else None,
    )
    session.add(key)
    session.flush()
    return key


def _make_pair(purpose: KeyPurpose, method: str) -> tuple[bytes, str]:
    if purpose is KeyPurpose.JWT:
        return make_rsa_key()
    signing = SigningKey(secrets.token_bytes(SEED_BYTES), method)
    return signing.seed, signing.multikey
