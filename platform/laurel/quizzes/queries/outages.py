"""The outage ledger: the last sign of life, who was running, what was given back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from laurel.quizzes.models import Attempt, Heartbeat, Outage, OutageCredit, TroubleReport
from laurel.quizzes.rules import AttemptState, timing
from laurel.quizzes.rules.outages import REPORTS_COUNT_FOR, Span, is_silent

CLOCK_RUNS = (AttemptState.IN_PROGRESS, AttemptState.OVERDUE)
OPEN = (*CLOCK_RUNS, AttemptState.PAUSED)


def find_last_beat(session: Session) -> datetime | None:
    """The last sign of life of any process."""
    return session.scalar(select(func.max(Heartbeat.at)))


def is_ledger_silent(session: Session, *, now: datetime) -> bool:
    """Whether no process has shown itself for too long: an outage that is not over, or not written down yet."""
    return is_silent(find_last_beat(session), now)


def count_running(session: Session, *, now: datetime) -> int:
    """How many are at work: their time runs and is not over."""
    running = select(func.count()).where(Attempt.state == AttemptState.IN_PROGRESS, Attempt.deadline_at > now)
    return session.scalar(running) or 0


def list_concerned(session: Session, span: Span, *, after: UUID | None = None, limit: int = 50) -> list[UUID]:
    """Attempts that may have been running in the span, in the order of their ids; `after` is where a page before ended."""
    until = Attempt.deadline_at > span.starts_at - timing.NET_GRACE
    statement = select(Attempt.id).where(
        Attempt.state.in_(OPEN),
        Attempt.deadline_at.is_not(None),
        Attempt.started_at < span.ends_at,
        or_(until, Attempt.state == AttemptState.OVERDUE),
    )
    if after is not None:
        statement = statement.where(Attempt.id > after)
    return list(session.scalars(statement.order_by(Attempt.id).limit(limit)))


def list_outages_since(session: Session, attempt: Attempt) -> Sequence[tuple[Outage, OutageCredit | None]]:
    """The outages since the attempt began, the first first, each with what this attempt got back for it."""
    mine = and_(OutageCredit.outage_id == Outage.id, OutageCredit.attempt_id == attempt.id)
    statement = select(Outage, OutageCredit).outerjoin(OutageCredit, mine).where(Outage.ends_at > attempt.started_at)
    return [(row[0], row[1]) for row in session.execute(statement.order_by(Outage.starts_at))]


def list_credits(session: Session, attempt_id: UUID) -> Sequence[tuple[Outage, OutageCredit]]:
    """What the attempt got back, and for which outages."""
    statement = select(Outage, OutageCredit).join(OutageCredit, OutageCredit.outage_id == Outage.id)
    given = statement.where(OutageCredit.attempt_id == attempt_id, OutageCredit.seconds > 0).order_by(Outage.starts_at)
    return [(row[0], row[1]) for row in session.execute(given)]


def list_unsettled(session: Session) -> list[Outage]:
    """Outages that are written down and not yet given back to everybody."""
    return list(session.scalars(select(Outage).where(Outage.settled_at.is_(None)).order_by(Outage.starts_at)))


def list_overlapping(session: Session, span: Span) -> list[Outage]:
    statement = select(Outage).where(Outage.starts_at < span.ends_at, Outage.ends_at > span.starts_at)
    return list(session.scalars(statement.order_by(Outage.starts_at)))


def find_latest_outage(session: Session, *, since: datetime) -> Outage | None:
    return session.scalar(select(Outage).where(Outage.ends_at >= since).order_by(Outage.ends_at.desc()).limit(1))


def list_reports(session: Session, *, now: datetime) -> list[Span]:
    """What browsers said lately about times in which they could not save."""
    return [report.span for report in session.scalars(select(TroubleReport).where(TroubleReport.ends_at > now - REPORTS_COUNT_FOR))]


def list_outages() -> Select[Outage, int, int]:
    """SELECT of the outages, the last first: how many attempts got time back, and how many of them less than they lost."""
    credited = select(func.count()).where(OutageCredit.outage_id == Outage.id, OutageCredit.seconds > 0).scalar_subquery()
    cut = OutageCredit.gained_seconds < OutageCredit.seconds
    cut_off = select(func.count()).where(OutageCredit.outage_id == Outage.id, cut).scalar_subquery()
    return select(Outage, credited, cut_off).order_by(Outage.starts_at.desc())
