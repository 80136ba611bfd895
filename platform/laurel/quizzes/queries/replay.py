"""How the answers of an attempt were saved, one after the other, and whether the record is as it was written."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from laurel.bank.models import QuestionVersion
from laurel.quizzes.models import AnswerOp, Attempt, PaperSlot
from laurel.quizzes.rules import chain
from laurel.quizzes.rules.replaying import in_words


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """One line of a replay. `words` None: the content is not shown. `position` None: it came too late and was not graded."""

    slot: int
    position: int | None
    received_at: datetime
    client_ts: str
    words: str | None

    @property
    def is_late(self) -> bool:
        return self.position is None


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """Whether the saved answers are as they were written: `break_at` is where not (0: the last ones are missing), None if they are.

    `receipt_holds`: whether the receipt follows from them; None as long as there is none.
    """

    break_at: int | None
    receipt_holds: bool | None

    @property
    def is_intact(self) -> bool:
        return self.break_at is None and self.receipt_holds is not False


def select_ops(attempt_id: UUID) -> Select[AnswerOp]:
    """SELECT of everything that was sent, in the order in which it arrived, the late ones among it."""
    return select(AnswerOp).where(AnswerOp.attempt_id == attempt_id).order_by(AnswerOp.received_at, AnswerOp.position, AnswerOp.op_id)


def describe_ops(session: Session, attempt_id: UUID, ops: Sequence[AnswerOp], *, shows_content: bool) -> list[SavedAnswer]:
    """The operations as lines of a replay. One query, and none without content."""
    contents = _map_questions(session, attempt_id, {op.slot for op in ops}) if shows_content else {}
    return [SavedAnswer(op.slot, op.position, op.received_at, op.client_ts, _words(op, contents)) for op in ops]


def _map_questions(session: Session, attempt_id: UUID, numbers: Collection[int]) -> Mapping[int, QuestionVersion]:
    """The questions at these numbers of the paper."""
    rows = session.execute(
        select(PaperSlot.number, QuestionVersion)
        .join(QuestionVersion, QuestionVersion.id == PaperSlot.question_version_id)
        .where(PaperSlot.attempt_id == attempt_id, PaperSlot.number.in_(numbers))
    )
    return {row[0]: row[1] for row in rows}


def _words(op: AnswerOp, contents: Mapping[int, QuestionVersion]) -> str | None:
    content = contents.get(op.slot)
    return None if content is None else in_words(content.typed_body(), op.answer)


def check_chain(session: Session, attempt: Attempt) -> ChainCheck:
    """Follow the chain over all saved answers to its head, and from there to the receipt. One query."""
    rows = session.execute(
        select(
            AnswerOp.op_id,
            AnswerOp.position,
            AnswerOp.slot,
            AnswerOp.seq,
            AnswerOp.answer,
            AnswerOp.client_ts,
            AnswerOp.received_at,
            AnswerOp.hash,
        )
        .where(AnswerOp.attempt_id == attempt.id, AnswerOp.position.is_not(None))
        .order_by(AnswerOp.position)
    )
    links = (
        (
            chain.Link(
                op_id=row.op_id,
                position=row.position or 0,
                slot=row.slot,
                seq=row.seq,
                answer=row.answer,
                client_ts=row.client_ts,
                received_at=row.received_at,
            ),
            row.hash or "",
        )
        for row in rows
    )
    found = chain.find_break(attempt.id, links, head=attempt.chain_head)
    if attempt.receipt is None or attempt.finished_at is None:
        return ChainCheck(found, None)
    receipt = chain.receipt_of(attempt_id=attempt.id, head=attempt.chain_head, answers=attempt.ops_count, finished_at=attempt.finished_at)
    return ChainCheck(found, receipt == attempt.receipt)
