"""The judge: what the clients were told, against what the database holds. Every count must be zero."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from threading import Event, Thread
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from laurel.bank.rules import grade
from laurel.core.db import Database
from laurel.quizzes import queries
from laurel.quizzes.models import AnswerOp, Attempt, CurrentAnswer, SlotMark
from laurel.quizzes.rules import AttemptState, chain, timing
from tests.factories.quizzes import links_of
from tests.faults.journal import Journal, Kind, Op

OPEN = frozenset({AttemptState.SCHEDULED, AttemptState.IN_PROGRESS, AttemptState.PAUSED, AttemptState.OVERDUE})
GRADED = frozenset({AttemptState.GRADED})


@dataclass(kw_only=True)
class Findings:
    """What was found wrong, by kind."""

    lost_ops: int = 0
    """Acknowledged, and not in the log of operations. This one finds real losses."""
    lost_final: int = 0
    """The current answer is older than what was acknowledged. Alone it is blind: a later save hides the loss of an earlier one."""
    phantom: int = 0
    """Stored, but no client sent it so; or a current answer that is not the operation it names."""
    duplicate: int = 0
    """Two rows for one change of one question."""
    regress: int = 0
    """A current answer was seen to become older."""
    late_graded: int = 0
    """It counts, though it came after the deadline and its grace."""
    ungraded: int = 0
    """Acknowledged as saved, and the grade does not show it."""
    orphan: int = 0
    """A broken chain, an answer without its operation, a graded attempt without marks, marks without a grade, …"""
    unsettled: int = 0
    """A client gave up before it knew what became of an operation."""
    impolite: int = 0
    """A 5xx that is not our 503 with Retry-After and JSON; a 4xx for a save that is right."""

    def problems(self) -> list[str]:
        return [f"{name} {number}" for name, number in asdict(self).items() if number]


@dataclass
class Watch:
    """Looks at the current answers while everything happens, and notices one that becomes older."""

    database: Database
    attempts: Sequence[UUID]
    seen: dict[tuple[UUID, int], int] = field(default_factory=dict)
    regress: int = 0
    stopping: Event = field(default_factory=Event)

    def start(self) -> None:
        self.thread = Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        while not self.stopping.wait(0.25):
            with suppress(SQLAlchemyError):  # the database may be away: that is the test
                self.look()

    def look(self) -> None:
        wanted = select(CurrentAnswer.attempt_id, CurrentAnswer.slot, CurrentAnswer.seq).where(CurrentAnswer.attempt_id.in_(self.attempts))
        with self.database.session(writes=False) as session:
            rows = session.execute(wanted).all()
        for attempt_id, slot, seq in rows:
            before = self.seen.get((attempt_id, slot), 0)
            self.regress += seq < before
            self.seen[attempt_id, slot] = max(before, seq)

    def stop(self) -> None:
        self.stopping.set()
        self.thread.join(20)


def check(database: Database, journal: Journal, attempts: Sequence[UUID], *, regress: int = 0) -> Findings:
    """Compare everything that was acknowledged with everything that is stored of these attempts."""
    findings = Findings(regress=regress, unsettled=len(journal.unsettled), impolite=len(journal.troubles))
    with database.session(writes=False) as session:
        ops = list(session.scalars(select(AnswerOp).where(AnswerOp.attempt_id.in_(attempts))))
        current = list(session.scalars(select(CurrentAnswer).where(CurrentAnswer.attempt_id.in_(attempts))))
        found = {attempt.id: attempt for attempt in session.scalars(select(Attempt).where(Attempt.id.in_(attempts)))}
        _check_ops(findings, journal, ops)
        _check_current(findings, journal, ops, current)
        for attempt in found.values():
            _check_attempt(findings, session, journal, attempt, [op for op in ops if op.attempt_id == attempt.id])
    findings.orphan += len(set(attempts) - found.keys())
    return findings


def _is_as_sent(op: AnswerOp, sent: Op | None) -> bool:
    return sent is not None and (op.attempt_id, op.slot, op.seq, op.answer) == (sent.attempt_id, sent.slot, sent.seq, sent.answer)


def _check_ops(findings: Findings, journal: Journal, ops: Sequence[AnswerOp]) -> None:
    sent, stored = journal.sent, {op.op_id: op for op in ops}
    findings.lost_ops += sum(op_id not in stored or stored[op_id].is_late for op_id in journal.acknowledged)
    findings.lost_ops += sum(op_id not in stored for op_id in journal.of_kind(Kind.LATE))
    findings.phantom += sum(not _is_as_sent(op, sent.get(op.op_id)) for op in ops)
    changes = Counter((op.attempt_id, op.slot, op.seq) for op in ops if not op.is_late)
    findings.duplicate += sum(number - 1 for number in changes.values())


def _check_current(findings: Findings, journal: Journal, ops: Sequence[AnswerOp], current: Sequence[CurrentAnswer]) -> None:
    stored = {op.op_id: op for op in ops}
    newest = newest_acknowledged(journal)
    by_slot = {(answer.attempt_id, answer.slot): answer for answer in current}
    findings.lost_final += sum(place not in by_slot or by_slot[place].seq < op.seq for place, op in newest.items())
    for answer in current:
        op = stored.get(answer.op_id)
        if op is None:
            findings.orphan += 1
        elif (op.attempt_id, op.slot, op.seq, op.answer) != (answer.attempt_id, answer.slot, answer.seq, answer.answer):
            findings.phantom += 1


def newest_acknowledged(journal: Journal) -> dict[tuple[UUID, int], Op]:
    """By attempt and slot the newest operation that was acknowledged as saved."""
    newest: dict[tuple[UUID, int], Op] = {}
    for op in journal.acknowledged.values():
        place = op.attempt_id, op.slot
        if place not in newest or newest[place].seq < op.seq:
            newest[place] = op
    return newest


def _check_attempt(findings: Findings, session: Session, journal: Journal, attempt: Attempt, ops: Sequence[AnswerOp]) -> None:
    end = None if attempt.deadline_at is None else attempt.deadline_at + timing.NET_GRACE
    findings.late_graded += sum(not op.is_late and end is not None and op.received_at > end for op in ops)
    findings.orphan += chain.find_break(attempt.id, links_of(session, attempt), head=attempt.chain_head) is not None
    findings.orphan += attempt.ops_count != sum(not op.is_late for op in ops)
    marks = session.scalar(select(func.count()).select_from(SlotMark).where(SlotMark.attempt_id == attempt.id))
    slots = queries.list_paper(session, attempt.id)
    findings.orphan += marks != (len(slots) if attempt.state in GRADED else 0)
    findings.orphan += attempt.state not in OPEN | GRADED
    findings.orphan += (attempt.receipt is not None) != (attempt.state in GRADED)
    if attempt.state in GRADED:
        findings.ungraded += attempt.earned != _expected(session, journal, attempt, ops)


def _expected(session: Session, journal: Journal, attempt: Attempt, ops: Sequence[AnswerOp]) -> Decimal:
    """What the attempt earns by what the clients know: the newest acknowledged answer of each question.

    An operation of which no client heard counts if it is stored and newer: the server had it in time.
    """
    newest = {slot: op for (attempt_id, slot), op in newest_acknowledged(journal).items() if attempt_id == attempt.id}
    final = {slot: (op.seq, op.answer) for slot, op in newest.items()}
    for op in ops:
        if not op.is_late and op.op_id not in journal.acknowledged and op.seq > final.get(op.slot, (0, None))[0]:
            final[op.slot] = op.seq, op.answer or {}
    earned = Decimal(0)
    for slot in queries.list_paper(session, attempt.id):
        question = queries.get_slot(session, attempt.id, slot.number)[1]
        answer = final[slot.number][1] if slot.number in final else None
        earned += grade(question.kind, question.typed_body(), answer, allow_negative=False).fraction * slot.max_mark
    return earned


def integrity(database: Database) -> list[str]:
    """What SQLite finds wrong with its own file."""
    with database.session(writes=False) as session:
        said = [str(row[0]) for row in session.execute(text("PRAGMA integrity_check"))]
    return [] if said == ["ok"] else said
