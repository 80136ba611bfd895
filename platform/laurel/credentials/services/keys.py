"""The life of signing keys: staged, put to use, retired, expired; and what is done when one was stolen (§5)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.core.errors import ConflictError, NotFoundError
from laurel.credentials.gateway import KeyVault, KeyVaultError, check_signing
from laurel.credentials.models import IssuerKey
from laurel.credentials.queries.keys import find_staged_key, has_key, is_needed, list_keys, lock_keys
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.keys import REST, KeyPurpose, KeyState, check_activation
from laurel.credentials.services import history
from laurel.credentials.services.issuers import make_key


class AlreadyStagedError(ConflictError):
    """A key of this issuer and purpose is published and not used yet."""


def list_missing_purposes(session: Session, issuer: Issuer) -> list[KeyPurpose]:
    """What there was never a key for."""
    return [purpose for purpose in KeyPurpose if not has_key(session, issuer.did, purpose)]


def stage(
    session: Session, issuer: Issuer, keys: KeyVault, *, purpose: KeyPurpose, reason: str, actor_id: UUID | None, now: datetime
) -> IssuerKey:
    """Make a key and publish it. Verifiers hear of it before anything is signed with it.

    Raises AlreadyStagedError while another one of this purpose waits for being used: of two, nobody could say which is meant.
    """
    lock_keys(session, issuer.did)
    history.hold_chain(session)
    waiting = find_staged_key(session, issuer.did, purpose)
    if waiting is not None:
        raise AlreadyStagedError(f"{waiting.fragment} is staged already. Activate it, or retire it before you stage another one.")
    key = make_key(session, issuer, keys, purpose=purpose, state=KeyState.STAGED, now=now)
    history.record(session, HistoryKind.KEY_STAGED, at=now, key_id=key.id, actor_id=actor_id, reason=_because(key, reason))
    return key


def activate(
    session: Session,
    issuer: Issuer,
    keys: KeyVault,
    fragment: str,
    *,
    reason: str,
    actor_id: UUID | None,
    now: datetime,
    is_emergency: bool = False,
) -> IssuerKey:
    """Sign with this key from now on; the one in use so far is retired with it. Raises ConflictError if it is too early.

    Raises KeyVaultError if it does not sign here: then nothing changes.
    """
    key, others = _lock(session, issuer, fragment)
    if key.state is KeyState.ACTIVE:
        return key
    before = next((other for other in others if other.purpose is key.purpose and other.state is KeyState.ACTIVE), None)
    if key.state is KeyState.STAGED:
        check_activation(staged_at=key.staged_at, now=now, has_active=before is not None, is_emergency=is_emergency)
    check_signing(key.pair, keys)
    if before is not None:
        _move(session, before, KeyState.RETIRED, reason=f"followed by {key.fragment}", actor_id=actor_id, now=now)
    return _move(session, key, KeyState.ACTIVE, reason=reason, actor_id=actor_id, now=now)


def retire(
    session: Session, issuer: Issuer, fragment: str, *, reason: str, actor_id: UUID | None, now: datetime, is_lost: bool = False
) -> IssuerKey:
    """Use this key no more. What it signed stays valid. The one in use is refused unless its private half `is_lost`."""
    key, _others = _lock(session, issuer, fragment)
    if key.state is KeyState.RETIRED:
        return key
    if key.state is KeyState.ACTIVE and not is_lost:
        raise ConflictError("This key is in use. Activate another one, which retires this; or, if its private half is lost, say --lost.")
    return _move(session, key, KeyState.RETIRED, reason=reason, actor_id=actor_id, now=now)


def compromise(session: Session, issuer: Issuer, fragment: str, *, reason: str, actor_id: UUID | None, now: datetime) -> IssuerKey:
    """Somebody else may sign with this key: it leaves the DID document at once, and nothing that it signed counts any more.

    The worker then signs every valid credential again (`services.renewal`), as soon as a key is active.
    """
    key, _others = _lock(session, issuer, fragment)
    if key.state is KeyState.COMPROMISED:
        return key
    return _move(session, key, KeyState.COMPROMISED, reason=reason, actor_id=actor_id, now=now)


def expire_keys(session: Session, issuer: Issuer, *, now: datetime) -> Sequence[IssuerKey]:
    """Withdraw retired keys of which nothing can be valid any more; returns them."""
    due = [key for key in lock_keys(session, issuer.did) if _has_rested(key, now) and not is_needed(session, key, now=now)]
    for key in due:
        _move(session, key, KeyState.EXPIRED, reason="all that it signed has ended", actor_id=None, now=now)
    return due


def _has_rested(key: IssuerKey, now: datetime) -> bool:
    return key.state is KeyState.RETIRED and key.retired_at is not None and now - key.retired_at >= REST


def find_lost_keys(session: Session, issuer: Issuer, keys: KeyVault) -> list[IssuerKey]:
    """Staged and active keys that do not sign in this process."""
    used = [key for key in list_keys(session, issuer.did) if key.state in {KeyState.STAGED, KeyState.ACTIVE}]
    return [key for key in used if not _signs(key, keys)]


def _signs(key: IssuerKey, keys: KeyVault) -> bool:
    try:
        check_signing(key.pair, keys)
    except KeyVaultError:
        return False
    return True


def _lock(session: Session, issuer: Issuer, fragment: str) -> tuple[IssuerKey, list[IssuerKey]]:
    locked = lock_keys(session, issuer.did)
    found = next((key for key in locked if key.fragment == fragment), None)
    if found is None:
        raise NotFoundError(f"{issuer.did} has no key {fragment}.")
    return found, locked


KINDS = {
    KeyState.ACTIVE: HistoryKind.KEY_ACTIVATED,
    KeyState.RETIRED: HistoryKind.KEY_RETIRED,
    KeyState.EXPIRED: HistoryKind.KEY_EXPIRED,
    KeyState.COMPROMISED: HistoryKind.KEY_COMPROMISED,
}


def _move(session: Session, key: IssuerKey, wanted: KeyState, *, reason: str, actor_id: UUID | None, now: datetime) -> IssuerKey:
    key.advance(wanted, at=now, reason=reason)
    session.flush()  # one by one: never are two keys active, not even for a statement
    history.record(session, KINDS[wanted], at=now, key_id=key.id, actor_id=actor_id, reason=_because(key, reason))
    return key


def _because(key: IssuerKey, reason: str) -> str:
    return f"{key.fragment}: {reason}" if reason else key.fragment
