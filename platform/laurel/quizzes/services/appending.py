"""Writing saved answers down: statements past the session's unit of work, because this runs for every change of every answer."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Table, bindparam, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from laurel.core.db import table_of
from laurel.quizzes.models import AnswerOp, Attempt, CurrentAnswer

_APPEND = insert(table_of(AnswerOp))
_MOVE_HEAD = (
    update(table_of(Attempt))
    .where(Attempt.id == bindparam("attempt_id"))
    .values(chain_head=bindparam("hash"), ops_count=bindparam("position"))
)


def _set_current(insert_into: Callable[[Table], Any]) -> Any:
    """The statement that makes an operation the current answer of its slot, in one database's words."""
    names = {"attempt_id": "attempt_id", "slot": "slot", "seq": "seq", "answer": "answer", "op_id": "op_id", "saved_at": "received_at"}
    statement = insert_into(table_of(CurrentAnswer)).values({name: bindparam(source) for name, source in names.items()})
    new, key = statement.excluded, ["attempt_id", "slot"]
    changed = {name: new[name] for name in names if name not in key}
    return statement.on_conflict_do_update(index_elements=key, set_=changed, where=CurrentAnswer.seq < new.seq)


_named: dict[str, Any] = {column.name: bindparam(column.name) for column in table_of(AnswerOp).c}
_WRITES = {
    "sqlite": (_APPEND, _set_current(sqlite.insert), _MOVE_HEAD),
    # PostgreSQL is asked once instead of three times.
    "postgresql": (_set_current(postgresql.insert).add_cte(_APPEND.values(_named).cte("op"), _MOVE_HEAD.cte("head")),),
}
"""What is written for each operation: the operation, the current answer of its slot, and the head of the chain."""


def append_ops(session: Session, ops: Sequence[dict[str, Any]]) -> None:
    """Add operations, in the order of their chain, and make them what is current. The caller holds the attempt's lock."""
    connection = session.connection()
    for statement in _WRITES[connection.dialect.name]:
        connection.execute(statement, ops)
    for known in session.identity_map.values():
        if isinstance(known, Attempt | CurrentAnswer):
            session.expire(known)


def keep_late_ops(session: Session, ops: Sequence[dict[str, Any]]) -> None:
    """Add operations that came too late: outside the chain, and never current."""
    session.connection().execute(_APPEND, ops)
