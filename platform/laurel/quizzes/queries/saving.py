"""What saving needs to know of an attempt: all of it in one statement, because this runs for every change of every answer."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Row, Select, and_, bindparam, exists, select
from sqlalchemy.orm import Session

from laurel.core.db import DATABASE_CLOCK, moment_of, table_of
from laurel.core.errors import NotFoundError
from laurel.quizzes.models import AnswerOp, Attempt, CurrentAnswer, PaperSlot
from laurel.quizzes.queries.attempts import NO_ATTEMPT
from laurel.quizzes.rules import AttemptState
from laurel.quizzes.rules.quizzes import MAX_QUESTIONS

_attempts, _slots, _answers, _ops = table_of(Attempt), table_of(PaperSlot), table_of(CurrentAnswer), table_of(AnswerOp)
_before = _attempts.alias("before")
_READ = ("state", "deadline_at", "lease_token", "chain_head", "ops_count", "reached_slot", "announcements")


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedSlot:
    """A slot that is being saved: its question, the paper's order of options, and the seq of what is stored for it (0: nothing is)."""

    version_id: UUID
    option_order: Sequence[str]
    seq: int


@dataclass(slots=True, kw_only=True)
class LockedAttempt:
    """An attempt as saving needs it, locked until the transaction ends. `now` is the database's clock at that moment.

    `slots` has those that were asked for and that the paper has. `knows_an_op`: an operation that was asked for is kept already.
    """

    id: UUID
    state: AttemptState
    deadline_at: datetime | None
    lease_token: str | None
    chain_head: str
    ops_count: int
    reached_slot: int | None
    announcements: list[Any] | None
    now: datetime
    slots: Mapping[int, AskedSlot]
    knows_an_op: bool

    def is_slot_open(self, number: int) -> bool:
        """Whether this question can be answered now: see `Attempt.is_slot_open`."""
        return self.reached_slot in (None, number)


@lru_cache(maxsize=200)
def _for_saving(slots: int, op_ids: int) -> Select[*tuple[Any, ...]]:
    """The statement for so many slots and operations: nearly always one of each."""
    return (
        select(
            *(_attempts.c[name] for name in _READ),
            DATABASE_CLOCK.label("now"),
            select(_before.c.ops_count).where(_before.c.id == bindparam("attempt_id")).scalar_subquery().label("ops_before"),
            exists().where(_ops.c.op_id.in_(_numbered("op", op_ids, _ops.c.op_id))).label("knows_an_op"),
            _slots.c.number,
            _slots.c.question_version_id,
            _slots.c.option_order,
            _answers.c.seq,
        )
        .select_from(_attempts)
        .outerjoin(_slots, and_(_slots.c.attempt_id == _attempts.c.id, _slots.c.number.in_(_numbered("slot", slots, _slots.c.number))))
        .outerjoin(_answers, and_(_answers.c.attempt_id == _attempts.c.id, _answers.c.slot == _slots.c.number))
        .where(_attempts.c.id == bindparam("attempt_id"), _attempts.c.learner_id == bindparam("learner_id"))
        .with_for_update(of=_attempts)
    )


def _numbered(name: str, count: int, column: ColumnElement[Any]) -> list[BindParameter[Any]]:
    return [bindparam(f"{name}_{number}", type_=column.type) for number in range(count)]


def lock_for_saving(
    session: Session, learner_id: UUID, attempt_id: UUID, *, slots: Collection[int], op_ids: Collection[UUID]
) -> LockedAttempt:
    """The learner's attempt with these slots, locked until the transaction ends; raises NotFoundError for anybody else's."""
    session.flush()
    possible = [slot for slot in slots if slot <= MAX_QUESTIONS]
    asked: dict[str, Any] = {"attempt_id": attempt_id, "learner_id": learner_id}
    asked |= {f"slot_{number}": slot for number, slot in enumerate(possible)} | {f"op_{number}": op for number, op in enumerate(op_ids)}
    connection, statement = session.connection(), _for_saving(len(possible), len(op_ids))
    rows = connection.execute(statement, asked).all()
    if not rows:
        raise NotFoundError(NO_ATTEMPT)
    if rows[0].ops_before != rows[0].ops_count:
        # We waited for the lock while somebody else saved. PostgreSQL shows the attempt as they left it, but what was joined to
        # it as it was before they came. Now that we hold the lock, asking again shows all of it.
        rows = connection.execute(statement, asked).all()
    return _read(attempt_id, rows)


def _read(attempt_id: UUID, rows: Sequence[Row[*tuple[Any, ...]]]) -> LockedAttempt:
    first = rows[0]
    return LockedAttempt(
        id=attempt_id,
        **{name: getattr(first, name) for name in _READ},
        now=moment_of(first.now),
        slots={
            row.number: AskedSlot(version_id=row.question_version_id, option_order=row.option_order, seq=row.seq or 0)
            for row in rows
            if row.number is not None
        },
        knows_an_op=bool(first.knows_an_op),
    )
