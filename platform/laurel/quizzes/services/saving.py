"""Saving answers as they are given. What this says was saved is in the database once the caller has committed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.bank.queries import map_bodies
from laurel.bank.rules import Answer, parse_answer
from laurel.core.bus import publish
from laurel.core.errors import ConflictError, InvalidInputError, NotFoundError
from laurel.quizzes import queries
from laurel.quizzes.events import LeaseTaken, SaveRefused
from laurel.quizzes.models import AnswerOp
from laurel.quizzes.queries.attempts import get_slot, map_ops
from laurel.quizzes.queries.saving import LockedAttempt
from laurel.quizzes.rules import AttemptState, announcing, chain, states, timing
from laurel.quizzes.rules.page_keys import own_keys
from laurel.quizzes.rules.saving import InvalidSaveError, SaveItem, is_newer
from laurel.quizzes.services.appending import append_ops, keep_late_ops
from laurel.quizzes.services.finishing import settle
from laurel.quizzes.services.outages import require_ledger

MAX_LATE = 200
"""How many late operations are kept as evidence for one attempt."""


class SlotShutError(ConflictError):
    """Nobody can go back in this exam, and this is not the question where its learner is."""

    message = "This question is not open: in this exam there is no way back, and none ahead."


class ReusedOpError(ConflictError):
    """An operation came again under the same id with other content. Nothing of its batch was saved."""

    def __init__(self, op_id: UUID) -> None:
        super().__init__("This operation was already used for another answer. Nothing was saved.")
        self.op_id = op_id


@dataclass(slots=True, kw_only=True)
class SaveReply:
    """What became of a batch.

    `ignored`: (op_id, slot, stored seq) of what was older than what is stored. `late`: kept as evidence, not graded. `closed`:
    those of them whose question was left for good, or not yet reached, where nobody can go back.
    `holds_lease` False: another tab or device has taken over, and nothing was saved.
    """

    state: AttemptState
    server_now: datetime
    deadline_at: datetime | None
    saved: list[UUID] = field(default_factory=list)
    ignored: list[tuple[UUID, int, int]] = field(default_factory=list)
    late: list[UUID] = field(default_factory=list)
    closed: list[UUID] = field(default_factory=list)
    holds_lease: bool = True
    announcements: Sequence[announcing.Announcement] = ()

    @property
    def is_open(self) -> bool:
        return self.state is AttemptState.IN_PROGRESS


@dataclass(frozen=True, slots=True)
class _Change:
    """An item with its answer in the stored form."""

    item: SaveItem
    answer: Answer

    @property
    def content(self) -> str:
        return chain.content_of(slot=self.item.slot, seq=self.item.seq, answer=self.answer)


def _content_of(op: AnswerOp) -> str:
    return chain.content_of(slot=op.slot, seq=op.seq, answer=op.answer)


def save_answers(
    session: Session, *, attempt_id: UUID, learner_id: UUID, items: Sequence[SaveItem], lease: str | None, now: datetime | None = None
) -> SaveReply:
    """Save a batch, all of it or nothing. A repeat is answered like the first time; what is older than what is stored is ignored.

    `now` is when the batch arrived, by the database's clock; unless it is given, the clock is read as the attempt is locked.
    Raises NotFoundError (not this learner's attempt), InvalidSaveError (no such slot or option, an impossible seq), ReusedOpError,
    and UnavailableError in the seconds after an outage in which it is not known yet whether it came too late.
    """
    slots, op_ids = {item.slot for item in items}, {item.op_id for item in items}
    attempt = queries.lock_for_saving(session, learner_id, attempt_id, slots=slots, op_ids=op_ids)
    now = now or attempt.now
    if not timing.accepts_saves(attempt.deadline_at, now):  # it seems too late: only then anything more is asked
        require_ledger(session, queries.lock_attempt_of(session, learner_id, attempt_id), now=now)
        attempt = queries.lock_for_saving(session, learner_id, attempt_id, slots=slots, op_ids=op_ids)
    changes = _read_changes(session, attempt, items)
    reply = SaveReply(state=attempt.state, server_now=now, deadline_at=attempt.deadline_at)
    reply.announcements = announcing.current(attempt.announcements)
    fresh = _sort_out_repeats(session, attempt, changes, reply)
    if attempt.state is AttemptState.IN_PROGRESS and timing.accepts_saves(attempt.deadline_at, now):
        reply.holds_lease = _holds_lease(attempt, lease)
        if reply.holds_lease:
            _apply(session, attempt, fresh, reply, now=now)
        return reply
    if attempt.state not in {AttemptState.SCHEDULED, AttemptState.PAUSED}:
        _keep_as_evidence(session, attempt, fresh, reply, now=now)
        closing = queries.lock_attempt_of(session, learner_id, attempt_id)
        settle(session, closing, now=now)
        reply.state = closing.state
    return reply


def _read_changes(session: Session, attempt: LockedAttempt, items: Sequence[SaveItem]) -> list[_Change]:
    bodies = map_bodies(session, {slot.version_id for slot in attempt.slots.values()})
    changes = []
    for item in items:
        slot = attempt.slots.get(item.slot)
        if slot is None:
            raise InvalidSaveError("This paper has no such question. Nothing was saved.", op_id=item.op_id)
        try:
            kind, body = bodies[slot.version_id]
            raw = own_keys(kind, slot.option_order, item.answer) if item.has_page_keys else item.answer
            answer = parse_answer(kind, body, raw)
        except InvalidInputError as error:
            raise InvalidSaveError(f"{error.message} Nothing was saved.", op_id=item.op_id) from None
        changes.append(_Change(item, answer))
    return changes


def _sort_out_repeats(session: Session, attempt: LockedAttempt, changes: Sequence[_Change], reply: SaveReply) -> list[_Change]:
    """What is new; repeats are answered by what became of them the first time."""
    known = map_ops(session, {change.item.op_id for change in changes}) if attempt.knows_an_op else {}
    fresh: dict[UUID, _Change] = {}
    for change in changes:
        op_id = change.item.op_id
        op = known.get(op_id)
        twin = fresh.get(op_id)
        if op is not None and (op.attempt_id != attempt.id or _content_of(op) != change.content):
            raise ReusedOpError(op_id)
        if twin is not None and twin.content != change.content:
            raise ReusedOpError(op_id)
        if op is None:
            fresh[op_id] = change
        elif op_id not in (*reply.saved, *reply.late):
            (reply.late if op.is_late else reply.saved).append(op_id)
    return list(fresh.values())


def _holds_lease(attempt: LockedAttempt, lease: str | None) -> bool:
    """Whether the sender is the tab that may save. Until a tab has taken the lease, everyone may."""
    return attempt.lease_token is None or attempt.lease_token == lease


def _apply(session: Session, attempt: LockedAttempt, changes: Sequence[_Change], reply: SaveReply, *, now: datetime) -> None:
    stored = {number: slot.seq for number, slot in attempt.slots.items()}
    ops: list[dict[str, Any]] = []
    shut: list[_Change] = []
    for change in changes:
        item = change.item
        if not is_newer(item.seq, stored[item.slot], op_id=item.op_id):
            reply.ignored.append((item.op_id, item.slot, stored[item.slot]))
            continue
        if not attempt.is_slot_open(item.slot):
            shut.append(change)
            continue
        ops.append(_append(attempt, change, now=now))
        stored[item.slot] = item.seq
        reply.saved.append(item.op_id)
    if ops:
        append_ops(session, ops)
    if shut:
        reply.closed = [change.item.op_id for change in shut]
        _keep_as_evidence(session, attempt, shut, reply, now=now)


def _append(attempt: LockedAttempt, change: _Change, *, now: datetime) -> dict[str, Any]:
    """The operation as the next link of the attempt's chain."""
    item, position = change.item, attempt.ops_count + 1
    link = chain.Link(
        op_id=item.op_id, position=position, slot=item.slot, seq=item.seq, answer=change.answer, client_ts=item.client_ts, received_at=now
    )
    attempt.chain_head, attempt.ops_count = chain.next_hash(attempt.chain_head, link), position
    return _row(attempt, change, position=position, digest=attempt.chain_head, now=now)


def _row(attempt: LockedAttempt, change: _Change, *, position: int | None, digest: str | None, now: datetime) -> dict[str, Any]:
    item = change.item
    return {
        "op_id": item.op_id,
        "attempt_id": attempt.id,
        "position": position,
        "slot": item.slot,
        "seq": item.seq,
        "answer": None if change.answer is None else dict(change.answer),
        "client_ts": item.client_ts,
        "received_at": now,
        "hash": digest,
    }


def _keep_as_evidence(session: Session, attempt: LockedAttempt, changes: Sequence[_Change], reply: SaveReply, *, now: datetime) -> None:
    """Keep what came too late, outside the chain: an appeal can show it, grading never sees it."""
    kept = session.scalar(select(func.count()).where(AnswerOp.attempt_id == attempt.id, AnswerOp.position.is_(None))) or 0
    late = [_row(attempt, change, position=None, digest=None, now=now) for change in changes[: max(0, MAX_LATE - kept)]]
    if late:
        keep_late_ops(session, late)
    reply.late += [row["op_id"] for row in late]


def note_reused_op(session: Session, *, attempt_id: UUID, learner_id: UUID, op_id: UUID, now: datetime) -> None:
    """Write down that an operation's id was used twice: the batch itself left no trace."""
    publish(session, SaveRefused(occurred_at=now, attempt_id=attempt_id, learner_id=learner_id, op_id=op_id), actor_id=learner_id)


def take_lease(session: Session, *, attempt_id: UUID, learner_id: UUID, token: str, now: datetime) -> SaveReply:
    """Let this browser tab save from now on; the one before turns read-only. Nothing of its work is lost."""
    attempt = queries.lock_attempt_of(session, learner_id, attempt_id)
    if attempt.state in states.OPEN and attempt.lease_token != token:
        if attempt.lease_token is not None:
            publish(session, LeaseTaken(occurred_at=now, attempt_id=attempt.id, learner_id=learner_id), actor_id=learner_id)
        attempt.lease_token, attempt.lease_taken_at = token, now
        session.flush()
    settle(session, attempt, now=now)
    told = announcing.current(attempt.announcements)
    return SaveReply(state=attempt.state, server_now=now, deadline_at=attempt.deadline_at, announcements=told)


def flag_slot(session: Session, *, attempt_id: UUID, learner_id: UUID, slot: int, is_flagged: bool, now: datetime) -> None:
    """Mark a question to come back to, or take the mark away. Only while the attempt runs."""
    attempt = queries.lock_attempt_of(session, learner_id, attempt_id)
    if attempt.state is not AttemptState.IN_PROGRESS or not timing.accepts_saves(attempt.deadline_at, now):
        raise states.AttemptTransitionError
    if not attempt.is_slot_open(slot):
        raise SlotShutError
    try:
        place, _question = get_slot(session, attempt.id, slot)
    except NotFoundError:
        raise InvalidInputError("This paper has no such question.") from None
    place.is_flagged = is_flagged
    session.flush()
