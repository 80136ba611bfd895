"""The outage ledger: heartbeats, outages noticed, and the time given back to those who were at work (docs/decisions/0013)."""

import logging
import os
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Lock
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.core.bus import publish
from laurel.core.errors import UnavailableError
from laurel.quizzes.events import ClockSetBack, OutageNoticed, TimeCredited
from laurel.quizzes.models import Attempt, Heartbeat, Outage, OutageCredit, QuizVersion, TroubleReport
from laurel.quizzes.queries import outages as queries
from laurel.quizzes.queries.attempts import lock_attempt
from laurel.quizzes.rules import AttemptState, announcing, outages, timing
from laurel.quizzes.rules.outages import GAP, MAX_CREDIT, MAX_REPORT, OutageKind, Span
from laurel.quizzes.rules.quizzes import ExpiryPolicy
from laurel.quizzes.services.steps import announce, move_deadline, whole_seconds

log = logging.getLogger("laurel.outages")

KEPT_FOR = timedelta(days=1)


def instance_name() -> str:
    """This process among all that serve."""
    return f"{socket.gethostname()[:80]}:{os.getpid()}"


class FailedSaves:
    """How many saves this process has answered with an error of ours since it last told the ledger."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._count = 0

    def add(self, count: int = 1) -> None:
        with self._lock:
            self._count += count

    def take(self) -> int:
        """The count, which begins anew."""
        with self._lock:
            count, self._count = self._count, 0
        return count


failed_saves = FailedSaves()


# ---- heartbeats, and what they tell


def beat(session: Session, *, instance: str, now: datetime, passed: timedelta | None = None, failed: int = 0) -> Outage | None:
    """Say that this process is there, and write down the outage that has just ended, if one has.

    `passed` is what went by in this process since its own last beat, by a clock that nobody sets. It beats while nobody is at
    work, too: else a quiet night would look like an outage to the first who starts, and one right after that start like none.
    To give the time back is the next step, `settle_outages`, in transactions of their own.
    """
    last = queries.find_last_beat(session)
    step = outages.clock_steps(last, now, passed=passed)
    if step < timedelta(0):
        _note_step_back(session, step, now=now)
    found = _notice_silence(session, last, step, now=now) or _notice_reports(session, now=now)
    changed = session.execute(update(Heartbeat).where(Heartbeat.instance == instance).values(at=now))
    if changed.rowcount == 0:  # type: ignore[attr-defined]
        session.add(Heartbeat(instance=instance, at=now))
    if failed:
        latest = queries.find_latest_outage(session, since=now - timedelta(minutes=1))
        log.warning("%s saves failed in %s", failed, instance)
        if latest is not None:
            latest.failed_saves += failed
    session.flush()
    return found


def _note_step_back(session: Session, step: timedelta, *, now: datetime) -> None:
    """Candidates gain the time by which the clock was set back. Heartbeats of the future would hide the next outage."""
    log.error("The database's clock went back by %s", -step)
    session.execute(update(Heartbeat).where(Heartbeat.at > now).values(at=now))
    publish(session, ClockSetBack(occurred_at=now, seconds=whole_seconds(-step)))


def _notice_silence(session: Session, last: datetime | None, step: timedelta, *, now: datetime) -> Outage | None:
    gap = outages.find_gap(last, now)
    if gap is None:
        return None
    kind = OutageKind.CLOCK if step > timedelta(0) else OutageKind.SILENCE
    return _write_down(session, kind, Span(gap.ends_at - step, gap.ends_at) if step > timedelta(0) else gap, now=now)


def _notice_reports(session: Session, *, now: datetime) -> Outage | None:
    reports = queries.list_reports(session, now=now)
    agreed = outages.agreed_span(reports, running=queries.count_running(session, now=now)) if reports else None
    if agreed is None:
        return None
    known = [outage.span for outage in queries.list_overlapping(session, agreed)]
    fresh = max(outages.without(agreed, known), key=lambda span: span.length, default=None)
    return _write_down(session, OutageKind.REPORTS, fresh, now=now) if fresh is not None and fresh.length > GAP else None


def _write_down(session: Session, kind: OutageKind, span: Span, *, now: datetime) -> Outage | None:
    """The outage, unless nobody was at work in it or another process has just written it down."""
    if not queries.list_concerned(session, span, limit=1):
        return None
    outage = Outage(kind=kind, starts_at=span.starts_at, ends_at=span.ends_at, noticed_at=now)
    try:
        with session.begin_nested():
            session.add(outage)
            session.flush()
    except IntegrityError:
        return None
    log.error("Outage of %s from %s, noticed by %s", span.length, span.starts_at, kind.value)
    publish(session, OutageNoticed(occurred_at=now, outage_id=outage.id, kind=kind.value, starts_at=span.starts_at, ends_at=span.ends_at))
    return outage


def report_trouble(session: Session, attempt: Attempt, *, seconds: int, now: datetime) -> None:
    """Keep what a browser says about its failing saves. It counts once enough others say the same. The caller holds the lock."""
    length = min(timedelta(seconds=seconds), MAX_REPORT, now - (attempt.started_at or now))
    if length <= GAP or attempt.state is not AttemptState.IN_PROGRESS:
        return
    report = session.get(TroubleReport, attempt.id)
    if report is None:
        session.add(TroubleReport(attempt_id=attempt.id, starts_at=now - length, ends_at=now))
    else:
        report.starts_at, report.ends_at = now - length, now
    session.flush()


# ---- giving time back


def settle_some(session: Session, outage: Outage, *, after: UUID | None, now: datetime, limit: int = 25) -> UUID | None:
    """Give the next attempts their time back; returns where to go on, None once the outage is settled for all."""
    concerned = queries.list_concerned(session, outage.span, after=after, limit=limit)
    for attempt_id in concerned:
        credit_outages(session, lock_attempt(session, attempt_id), now=now)
    if len(concerned) == limit:
        return concerned[-1]
    session.execute(update(Outage).where(Outage.id == outage.id, Outage.settled_at.is_(None)).values(settled_at=now))
    return None


def credit_outages(session: Session, attempt: Attempt, *, now: datetime) -> None:
    """Give the attempt back what outages have taken since it began, each once. The caller holds its lock."""
    if attempt.state not in queries.OPEN or attempt.started_at is None or attempt.deadline_at is None:
        return
    known = queries.list_outages_since(session, attempt)
    credited = [outage.span for outage, credit in known if credit is not None]
    for outage, credit in known:
        if credit is None and outages.concerns(outage.span, started_at=attempt.started_at, open_until=_open_until(session, attempt)):
            _credit(session, attempt, outage, credited, now=now)
            credited.append(outage.span)


def _open_until(session: Session, attempt: Attempt) -> datetime:
    """Until when something that the candidate does still counts."""
    deadline_at = attempt.deadline_at or attempt.created_at
    if attempt.state is not AttemptState.OVERDUE:
        return deadline_at + timing.NET_GRACE
    version = session.get_one(QuizVersion, attempt.quiz_version_id)
    grace = version.grace_seconds if version.expiry_policy is ExpiryPolicy.GRACE_PERIOD else 0
    return deadline_at + max(timing.NET_GRACE, timedelta(seconds=grace))


def _credit(session: Session, attempt: Attempt, outage: Outage, credited: Sequence[Span], *, now: datetime) -> None:
    """One outage, one attempt. A pause that covers the outage gives its time back by itself."""
    stood_still = attempt.paused_at is not None and attempt.paused_at < outage.ends_at
    lost = outages.credit_for(outage.span, started_at=attempt.started_at or outage.ends_at, credited=credited)
    seconds = 0 if stood_still else whole_seconds(lost)
    before = attempt.deadline_at
    attempt.credited_seconds += seconds
    gained = max(timedelta(0), move_deadline(session, attempt, now=now))
    session.add(
        OutageCredit(outage_id=outage.id, attempt_id=attempt.id, seconds=seconds, gained_seconds=whole_seconds(gained), credited_at=now)
    )
    if seconds:
        announce(attempt, announcing.credited(timedelta(seconds=seconds), gained, attempt.closes_at), now=now)
        publish(
            session,
            TimeCredited(
                occurred_at=now,
                attempt_id=attempt.id,
                learner_id=attempt.learner_id,
                outage_id=outage.id,
                seconds=seconds,
                deadline_before=before,
                deadline_after=attempt.deadline_at,
            ),
        )
    session.flush()


def must_wait(session: Session, attempt: Attempt, *, now: datetime) -> bool:
    """Whether the time of an attempt that seems over may yet come back: its deadline fell into a silence that is not over.

    Not longer than an outage can give back, so that attempts end even where nobody keeps the ledger.
    """
    if attempt.deadline_at is None or attempt.state not in queries.CLOCK_RUNS:
        return False
    last, open_until = queries.find_last_beat(session), _open_until(session, attempt)
    return outages.is_silent(last, now) and last is not None and open_until > last and now < open_until + MAX_CREDIT


def require_ledger(session: Session, attempt: Attempt, *, now: datetime) -> None:
    """Give back what is owed before something is decided by the attempt's time. UnavailableError while that is not known yet.

    The caller holds the attempt's lock.
    """
    credit_outages(session, attempt, now=now)
    if timing.is_time_over(attempt.deadline_at, now) and must_wait(session, attempt, now=now):
        raise UnavailableError("We have just come back and are giving lost time back. Please try again in a few seconds.")


def forget_old_signs(session: Session, *, now: datetime) -> None:
    """Clear away the heartbeats of processes that are gone, and old reports. The last heartbeat of all stays."""
    last = queries.find_last_beat(session)
    if last is not None:
        session.execute(delete(Heartbeat).where(Heartbeat.at < min(last, now - KEPT_FOR)))
    session.execute(delete(TroubleReport).where(TroubleReport.ends_at < now - KEPT_FOR))
