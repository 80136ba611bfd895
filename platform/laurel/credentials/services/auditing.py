"""Checking every credential against the attempt that earned it and against its own bytes. Nothing is changed."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.commerce.rules import EntitlementStatus
from laurel.credentials import queries
from laurel.credentials.models import CredentialVersion, StatusList
from laurel.credentials.openbadges_gateway import has_valid_proof
from laurel.credentials.queries import chain
from laurel.credentials.queries.auditing import (
    Stored,
    Version,
    list_ids,
    list_published_lists,
    list_shared_entries,
    list_stored,
    list_unfounded_erasures,
    list_unset_orphans,
    list_vanished,
)
from laurel.credentials.queries.auditing_chain import iterate_untold_renewals, list_lost_renewals
from laurel.credentials.queries.scores import map_exam_records
from laurel.credentials.rules.anchors import Anchor
from laurel.credentials.rules.auditing import CredentialFacts, Difference, Earned, Fee, Points, Renewed, SignedFacts, compare, compare_list
from laurel.credentials.rules.auditing_chain import digests_of
from laurel.credentials.rules.history import find_break
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.keys import TRUSTED
from laurel.credentials.rules.scores import ExamRecord, list_score_faults, preview
from laurel.credentials.rules.shown import as_object, unsigned_words
from laurel.credentials.rules.status_list import decode_bits
from laurel.credentials.rules.verdicts import CredentialSource
from laurel.credentials.services.anchoring import iterate_entries
from laurel.credentials.services.auditing_anchors import compare_anchors, compare_kept_anchors
from laurel.credentials.services.issuers import list_issuers
from laurel.credentials.services.shown import shown_facts
from laurel.quizzes.rules import AttemptState


@dataclass
class Audit:
    """One going-through; `read` opens a session of its own, `credentials` counts those that were looked at."""

    read: Callable[[], Session]
    issuer: Issuer
    now: datetime
    page_size: int = 200
    credentials: int = 0
    anchors: Iterable[Anchor] = ()
    """Such as were kept elsewhere: from the worker’s log, from a mail, from a page that was printed."""

    def differences(self) -> Iterator[Difference]:
        """Every difference as it is found: of the credentials, of the history, of the status lists."""
        after: UUID | None = None
        while True:
            with self.read() as session:
                ids = list_ids(session, after=after, limit=self.page_size)
                suspects = _look_at(session, self.issuer, ids, self.now)
            if not ids:
                break
            self.credentials, after = self.credentials + len(ids), ids[-1]
            if suspects:
                yield from self._look_again(list(suspects))
        with self.read() as session:
            yield from _look_at_history(session)
            yield from compare_kept_anchors(session)
            yield from compare_anchors(session, self.anchors)
            yield from _look_at_renewals(session)
            yield from _look_at_lists(session, self.issuer)
            yield from _look_at_erasures(session)

    def _look_again(self, ids: Sequence[UUID]) -> Iterator[Difference]:
        """Something may have happened between two queries: what is wrong is still wrong a moment later."""
        with self.read() as session:
            for differences in _look_at(session, self.issuer, ids, self.now).values():
                yield from differences


def _look_at(session: Session, issuer: Issuer, ids: Sequence[UUID], now: datetime) -> dict[UUID, list[Difference]]:
    """The differences of each credential that has any."""
    page = list_stored(session, ids)
    entries = [entry.id for stored in page for _version, _key, entry, _list in stored.versions]
    shared = list_shared_entries(session, entries)
    records = map_exam_records(session, [stored.attempt.id for stored in page if stored.attempt and stored.credential.score_consented_at])
    found = {stored.credential.id: compare(_facts(stored, issuer, shared, records), now=now) for stored in page}
    return {credential_id: differences for credential_id, differences in found.items() if differences}


def _look_at_history(session: Session) -> Iterator[Difference]:
    entries = iterate_entries(session, after=0, until=chain.get_end(session))
    broken = find_break((entry.link, entry.hash) for entry in entries)
    if broken is not None:
        yield Difference(subject="history", detail=f"entry {broken} was changed, or one before it is missing")


def _look_at_renewals(session: Session) -> Iterator[Difference]:
    for position, reason in list_lost_renewals(session):
        yield Difference(subject="history", detail=f"entry {position} says that something was renewed {reason}, which is not there")
    for number in iterate_untold_renewals(session):
        yield Difference(subject=number, detail="it renews another one, and the history does not say so")


def _look_at_erasures(session: Session) -> Iterator[Difference]:
    """Nothing vanishes but by being erased, and what was erased is gone and revoked."""
    for number, position in list_unset_orphans(session):
        yield Difference(subject=f"status list {number}", detail=f"entry {position} has no document any more and is not set")
    for vanished in list_vanished(session):
        yield Difference(subject=str(vanished), detail="the history knows it, it is not there, and it was not erased")
    for unfounded in list_unfounded_erasures(session):
        yield Difference(subject=str(unfounded), detail="it is said to be erased, and is there, or the history knows nothing of it")


def _look_at_lists(session: Session, issuer: Issuer) -> Iterator[Difference]:
    dids = [one.did for one in list_issuers(session, issuer)]
    for found, key in list_published_lists(session, dids):
        wrong = partial(Difference, subject=f"status list {found.number}")
        if key.state not in TRUSTED:
            yield wrong(detail=f"{key.method} is {key.state}, and it was not signed again")
        if hashlib.sha256(found.signed_json.encode()).hexdigest() != found.sha256:
            yield wrong(detail="its bytes are not those of its SHA-256")
        if not has_valid_proof(found.signed_json, key.public_key):
            yield wrong(detail=f"its proof does not hold under {key.method}")
            continue
        if key.did != found.did or json.loads(found.signed_json)["issuer"] != found.did:
            yield wrong(detail=f"it is signed by {key.did} and not by {found.did}")
        yield from _compare_bits(session, found)


def _compare_bits(session: Session, found: StatusList) -> list[Difference]:
    published = decode_bits(json.loads(found.signed_json)["credentialSubject"]["encodedList"])
    stored = queries.list_set_positions(session, found.id)
    return compare_list(number=found.number, published=published, stored=stored, is_current=found.changed_at is None)


def _facts(stored: Stored, issuer: Issuer, shared: set[UUID], records: Mapping[UUID, ExamRecord]) -> CredentialFacts:
    credential, attempt = stored.credential, stored.attempt
    earned = None
    if attempt is not None:
        is_voided = attempt.state is AttemptState.VOIDED or not attempt.is_counted or attempt.is_preview
        earned = Earned(learner_id=attempt.learner_id, is_passed=attempt.passed is True, is_voided=is_voided)
    return CredentialFacts(
        number=credential.number,
        url=issuer.credential_url(credential.id),
        issuer=replace(issuer, slug=stored.organization_slug).did,
        state=credential.state,
        holder_id=credential.holder_id,
        source=credential.source,
        enrolled_id=stored.enrolled_id,
        is_vouched_for=stored.is_vouched_for,
        fee=_fee(stored),
        points=_points(stored),
        current_n=credential.current_n,
        earned=earned,
        renewed=_renewed(stored),
        unsigned=_list_unsigned(stored, issuer),
        score_faults=_list_score_faults(stored, issuer, records),
        versions=[_signed_facts(version, issuer, digests_of(stored.told, version[0].n), shared) for version in stored.versions],
        told=stored.told,
    )


def _fee(stored: Stored) -> Fee | None:
    paid = stored.fee
    return None if paid is None else Fee(payer_id=paid.user_id, is_gone=paid.status is EntitlementStatus.REVOKED)


def _points(stored: Stored) -> Points | None:
    if stored.points is None:
        return None
    renewal, bound = stored.points
    return Points(needed=renewal.needed, counted=renewal.counted, bound=bound)


def _renewed(stored: Stored) -> Renewed | None:
    if stored.renewed is None:
        return None
    old, former_end, meant_id = stored.renewed
    if stored.gap_id is not None:  # what a fee or points were for went with it; a round of the exam still says so
        is_forgotten = meant_id is None and stored.credential.source is not CredentialSource.EXAM
        return Renewed(holder_id=old.holder_id, is_meant=is_forgotten or meant_id == stored.gap_id, new_end=None, is_past_gap=True)
    new_end = stored.achievement.validity.end(awarded_at=stored.credential.awarded_at, former_end=former_end)
    return Renewed(holder_id=old.holder_id, is_meant=meant_id == old.id, new_end=new_end)


def _find_current(stored: Stored) -> CredentialVersion | None:
    return next((version for version, _key, _entry, _list in stored.versions if version.n == stored.credential.current_n), None)


def _list_score_faults(stored: Stored, issuer: Issuer, records: Mapping[UUID, ExamRecord]) -> list[str]:
    """Of a revoked one, too: that nobody agreed does not depend on whether it counts."""
    credential, current = stored.credential, _find_current(stored)
    if current is None:
        return []
    expected = None
    if credential.score_consented_at is not None:
        record = records.get(credential.attempt_id) if credential.attempt_id is not None else None
        if record is None:
            return ["its holder agreed to a score, and no passed attempt has one"]
        address = issuer.achievement_url(stored.achievement.slug, stored.achievement.n)
        expected = preview(issuer.credential_url(credential.id), address, record)
    return list(list_score_faults(as_object(current.signed_json), expected))


def _list_unsigned(stored: Stored, issuer: Issuer) -> list[str]:
    current = _find_current(stored)
    if current is None:
        return []
    shown = shown_facts(stored.credential, stored.achievement, current)
    return list(unsigned_words(issuer, shown, as_object(current.signed_json)))


def _signed_facts(stored: Version, issuer: Issuer, digests: set[str], shared: set[UUID]) -> SignedFacts:
    version, key, entry, status_list = stored
    is_forgotten = version.settled_sha256 is not None and not version.signed_json
    digest = version.sha256 if is_forgotten else hashlib.sha256(version.signed_json.encode()).hexdigest()
    return SignedFacts(
        n=version.n,
        text=version.signed_json,
        digest_fits=digest == version.sha256,
        proof_holds=is_forgotten or has_valid_proof(version.signed_json, key.public_key),
        in_history=digest in digests,
        key_method=key.method,
        key_state=key.state,
        valid_until=version.valid_until,
        entry_id=entry.id,
        entry_is_set=entry.set_at is not None,
        entry_is_shared=entry.id in shared,
        list_url=issuer.status_list_url(status_list.number),
        position=entry.position,
        is_forgotten=is_forgotten,
    )
