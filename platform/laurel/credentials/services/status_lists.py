"""Giving out places on status lists, and keeping the published lists true and fresh."""

import hashlib
import json
import logging
import secrets
from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.core.errors import UnavailableError
from laurel.credentials import queries
from laurel.credentials.gateway import KeyVault
from laurel.credentials.models import IssuerKey, StatusEntry, StatusList
from laurel.credentials.openbadges_gateway import has_valid_proof, sign_status_list
from laurel.credentials.queries.keys import list_withdrawn_keys
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.status_list import LENGTH, LIFE, OPEN_LISTS, decode_bits, needs_signing, status_list_document
from laurel.credentials.services import history
from laurel.credentials.services.issuers import Signatory, open_signatory

log = logging.getLogger("laurel.credentials")
TRIES = 20


def reserve_entry(
    session: Session, signatory: Signatory, *, now: datetime, pick: Callable[[int], int] = secrets.randbelow
) -> tuple[StatusList, StatusEntry]:
    """A place that nobody had before: a random index of a randomly chosen open list. `pick(n)` is one of 0 … n-1.

    Whether a list is half full is asked only where an index was taken: rarely while there is room, every other time once there is none.
    """
    open_lists = _ensure_open_lists(session, signatory, now=now)
    for _try in range(TRIES):
        chosen = open_lists[pick(len(open_lists))]
        try:
            with session.begin_nested():
                entry = StatusEntry(list_id=chosen.id, position=pick(LENGTH))
                session.add(entry)
                session.flush()
        except IntegrityError:  # taken, perhaps at this very moment
            if queries.is_half_full(session, chosen.id):
                chosen.closed_at = now
                session.flush()
                open_lists = _ensure_open_lists(session, signatory, now=now)
            continue
        return chosen, entry
    raise UnavailableError


def refresh_status_lists(session: Session, issuer: Issuer, keys: KeyVault, *, now: datetime) -> int:
    """Sign again every list that changed, grows old or was signed with a compromised key; returns how many. Run it every minute.

    It locks them only if there is something to do, so that nobody's revocation waits every minute for nothing.
    """
    withdrawn = list_withdrawn_keys(session, issuer.did)

    def is_due(found: StatusList) -> bool:
        return found.key_id in withdrawn or _is_due(found, now)

    if not any(is_due(found) for found in queries.list_status_lists(session, issuer.did)):
        return 0
    signatory = open_signatory(session, issuer, keys, now=now)
    history.hold_chain(session)
    due = [found for found in queries.lock_status_lists(session, issuer.did) if is_due(found)]
    for found in due:
        _sign(found, signatory, _ever_set(session, found), now=now)
    session.flush()
    return len(due)


def _ever_set(session: Session, found: StatusList) -> set[int]:
    """What was revoked, by our records or by the list as it is published: a bit that was once set is never cleared."""
    stored, published = set(queries.list_set_positions(session, found.id)), _published(session, found)
    if published - stored:
        log.error("Status list %s has entries revoked that our records have not: %s", found.number, sorted(published - stored))
    return stored | published


def _published(session: Session, found: StatusList) -> frozenset[int]:
    """What the published list says, if it is as we signed it."""
    if not has_valid_proof(found.signed_json, session.get_one(IssuerKey, found.key_id).public_key):
        log.error("Status list %s is not as it was signed", found.number)
        return frozenset()
    return decode_bits(json.loads(found.signed_json)["credentialSubject"]["encodedList"])


def _is_due(found: StatusList, now: datetime) -> bool:
    return needs_signing(now=now, valid_until=found.valid_until, changed_at=found.changed_at)


def _ensure_open_lists(session: Session, signatory: Signatory, *, now: datetime) -> list[StatusList]:
    """The open lists, at least two of them."""
    open_lists = queries.list_open_lists(session, signatory.issuer.did)
    while len(open_lists) < OPEN_LISTS:
        open_lists.append(_open_list(session, signatory, now=now))
    return open_lists


def _open_list(session: Session, signatory: Signatory, *, now: datetime) -> StatusList:
    for _try in range(TRIES):
        opened = StatusList(
            did=signatory.issuer.did,
            purpose="revocation",
            number=queries.last_list_number(session) + 1,
            length=LENGTH,
            signed_json="",
            sha256="",
            key_id=signatory.key.id,
            signed_at=now,
            valid_until=now,
        )
        _sign(opened, signatory, (), now=now)
        try:
            with session.begin_nested():
                session.add(opened)
                session.flush()
        except IntegrityError:  # the number was taken at this moment
            continue
        return opened
    raise UnavailableError


def _sign(found: StatusList, signatory: Signatory, positions: Collection[int], *, now: datetime) -> None:
    issuer = signatory.issuer
    document = status_list_document(url=issuer.status_list_url(found.number), did=issuer.did, indexes=positions, now=now)
    found.signed_json = sign_status_list(document, signatory.signer, created=now, allows_http=issuer.allows_http)
    found.sha256 = hashlib.sha256(found.signed_json.encode()).hexdigest()
    found.key_id, found.signed_at, found.valid_until, found.changed_at = signatory.key.id, now, now + LIFE, None
