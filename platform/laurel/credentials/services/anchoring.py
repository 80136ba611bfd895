"""Anchoring the chain of events: now and then its end is written down in a line that is signed and leaves the database.

What the next anchor covers is checked before it is signed, so the last one speaks for all entries up to its own. It is kept in its
table, and written to the worker's log, which no one can change by way of the database: docs/history.md says what that proves.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.core.dates import moment
from laurel.credentials.gateway import KeyVault
from laurel.credentials.models import CredentialEvent
from laurel.credentials.models.anchors import ChainAnchor
from laurel.credentials.queries import chain, find_last_link
from laurel.credentials.rules.anchors import EVERY, is_due, words_of, write_anchor
from laurel.credentials.rules.history import GENESIS, find_break
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.services.issuers import open_signatory

PAGE = 1_000
LATE = 3 * EVERY
"""So long after its time staff hear of an anchor that could not be made."""


class BrokenChainError(Exception):
    """The chain of events is not what it was: `position` is the first entry that was changed or is missing."""

    def __init__(self, position: int) -> None:
        super().__init__(f"The chain of events does not hold at entry {position}: no anchor is made. See `laurel credentials audit`.")
        self.position = position


@dataclass(frozen=True, slots=True)
class End:
    """The last entry of the chain, all before it having been checked."""

    position: int
    hash: str


def find_due_end(session: Session, *, now: datetime) -> End | None:
    """What the next anchor is to say; None if it is not yet time. Raises BrokenChainError if the chain does not hold since the last one."""
    last, head = chain.find_last_anchor(session), find_last_link(session)
    before = End(last.position, last.hash) if last is not None else End(0, GENESIS)
    end = End(head.position, head.hash) if head is not None else End(0, GENESIS)
    _check_anchored(session, before)
    if not is_due(grown=end.position - before.position, since=now - last.made_at if last is not None else None):
        return None
    broken = find_break(
        ((entry.link, entry.hash) for entry in iterate_entries(session, after=before.position, until=end.position)),
        after=before.position,
        previous=before.hash,
    )
    if broken is not None:
        raise BrokenChainError(broken)
    return end


def keep_anchor(session: Session, end: End, issuer: Issuer, keys: KeyVault, *, now: datetime) -> str | None:
    """Sign and store it; the line is then to be written where the database does not reach. None if somebody else has done it just now."""
    signatory = open_signatory(session, issuer, keys, now=now)
    words = words_of(position=end.position, head=end.hash, at=now, method=signatory.key.method)
    line = write_anchor(words, signatory.signer.sign(words.encode()))
    try:
        with session.begin_nested():
            session.add(ChainAnchor(position=end.position, hash=end.hash, made_at=now, statement=line))
            session.flush()
    except IntegrityError:
        return None
    return line


def find_chain_trouble(session: Session, *, now: datetime) -> list[str]:
    """What staff must hear: that the chain no longer holds what was anchored last, or that it is not anchored any more."""
    last = chain.find_last_anchor(session)
    if last is None:
        return []
    try:
        _check_anchored(session, End(last.position, last.hash))
    except BrokenChainError as error:
        return [
            f"The chain of events had {last.position} entries on {moment(last.made_at)}. Entry {error.position} is missing or "
            "another one now: somebody changed the database, or an old copy of it was put back. Run laurel credentials audit."
        ]
    next_at = chain.find_moment(session, last.position + 1)
    if next_at is not None and now - max(next_at, last.made_at) >= EVERY + LATE:
        since = moment(last.made_at)
        return [f"The chain of events was not anchored since {since}. Run laurel credentials audit: it says whether the chain holds."]
    return []


def iterate_entries(session: Session, *, after: int, until: int) -> Iterator[CredentialEvent]:
    """The entries in order, one page in memory at a time."""
    while page := chain.list_entries(session, after=after, until=until, limit=PAGE):
        after = page[-1].position
        for entry in page:
            session.expunge(entry)
        yield from page


def _check_anchored(session: Session, before: End) -> None:
    """The entry that was anchored is where it was. An end that was cut off is named by the first entry that is missing."""
    if before.position and chain.find_hash(session, before.position) != before.hash:
        raise BrokenChainError(min(before.position, chain.get_end(session) + 1))
