"""How often, exactly: counters in the database for what must not be guessed. They hold across workers and restarts.

No Flask in here, so that services may count, too.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, bindparam, case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from laurel.core.db import Base, database_now


class Counter(Base):
    """How often something was tried since its window began; the window begins with the first try."""

    __tablename__ = "counters"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    tries: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(index=True)


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many tries of `action` in `window` for one `subject`, of which only a digest is stored."""

    action: str
    subject: str
    tries: int
    window: timedelta

    @property
    def key(self) -> str:
        subject = hashlib.sha256(self.subject.encode()).hexdigest()[:40]
        return f"{self.action}:{self.tries}/{int(self.window.total_seconds())}:{subject}"


def count_try(session: Session, allowances: Iterable[Allowance], *, now: datetime) -> timedelta | None:
    """Count one try under every allowance. None if all allow it, else how long to wait. The caller commits."""
    waits = [_count(session, allowance, now) for allowance in sorted(allowances, key=lambda a: a.key)]
    return max((wait for wait in waits if wait is not None), default=None)


def _count(session: Session, allowance: Allowance, now: datetime) -> timedelta | None:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    is_over = Counter.ends_at <= now
    ends_at = now + allowance.window
    statement = (
        insert(Counter)
        .values(key=allowance.key, tries=1, ends_at=ends_at)
        .on_conflict_do_update(
            index_elements=[Counter.key],
            set_={"tries": case((is_over, 1), else_=Counter.tries + 1), "ends_at": case((is_over, ends_at), else_=Counter.ends_at)},
        )
        .returning(Counter.tries, Counter.ends_at)
    )
    tries, until = session.execute(statement).one()
    return until - now if tries > allowance.tries else None


_USED_UP = select(Counter.ends_at).where(Counter.key == bindparam("key"), Counter.tries >= bindparam("tries"))


def find_wait(session: Session, allowance: Allowance) -> timedelta | None:
    """How long to wait until one more try is allowed; None if it is now. Counts nothing, and asks the clock only where none is left."""
    ends_at = session.connection().execute(_USED_UP, {"key": allowance.key, "tries": allowance.tries}).scalar()
    wait = ends_at - database_now(session) if ends_at is not None else timedelta(0)
    return wait if wait > timedelta(0) else None


def give_back(session: Session, allowances: Iterable[Allowance]) -> None:
    """Undo one counted try: it succeeded, and only failures shall count."""
    for allowance in sorted(allowances, key=lambda a: a.key):
        session.execute(update(Counter).where(Counter.key == allowance.key, Counter.tries > 0).values(tries=Counter.tries - 1))


def delete_ended_counters(session: Session, *, now: datetime) -> int:
    """Clear away counters whose window is over; returns how many."""
    return session.execute(delete(Counter).where(Counter.ends_at <= now)).rowcount  # type: ignore[attr-defined,no-any-return]
