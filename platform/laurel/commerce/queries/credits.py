"""Further attempts at exams that were paid for, and whether one may buy one now."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from laurel.catalog.queries import get_course_card
from laurel.commerce.models import ExamCredit
from laurel.commerce.queries.entitlements import has_entitlement
from laurel.commerce.rules import RetakeFacts, RetakeObstacle, find_retake_obstacle
from laurel.core.errors import NotFoundError
from laurel.quizzes.models import Attempt, ExamRound
from laurel.quizzes.queries import describe_lobby
from laurel.quizzes.queries.rounds import counts_anew
from laurel.quizzes.rules.starting import Obstacle


@dataclass(frozen=True, slots=True)
class Credits:
    """Further attempts at one course's exam that one person bought: those used that the present round counts, and those that wait."""

    used: int = 0
    unused: int = 0

    @property
    def bought(self) -> int:
        return self.used + self.unused


@dataclass(frozen=True, slots=True, kw_only=True)
class RetakeStanding:
    """Whether this person may buy a further attempt. `next_start_at`: the end of the waiting time, where one runs."""

    obstacle: RetakeObstacle | None
    next_start_at: datetime | None = None


def count_credits(session: Session, user_id: UUID, course_id: UUID) -> Credits:
    """The person's further attempts at the course's exam; not what was refunded, nor what rounds used that are not counted any more
    (`quizzes.rules.rounds`)."""
    is_used = ExamCredit.consumed_by_attempt_id.is_not(None)
    statement = select(is_used, func.count()).where(ExamCredit.user_id == user_id, ExamCredit.course_id == course_id)
    statement = statement.outerjoin(Attempt, Attempt.id == ExamCredit.consumed_by_attempt_id)
    statement = statement.where(ExamCredit.revoked_at.is_(None), or_(Attempt.id.is_(None), ~_was_in_earlier_round()))
    rows = session.execute(statement.group_by(is_used)).all()
    counts = {bool(used): number for used, number in rows}
    return Credits(used=counts.get(True, 0), unused=counts.get(False, 0))


def _was_in_earlier_round() -> ColumnElement[bool]:
    later = select(ExamRound.id).where(ExamRound.learner_id == Attempt.learner_id, ExamRound.quiz_id == Attempt.quiz_id)
    return later.where(ExamRound.number > Attempt.round_number, counts_anew(ExamRound)).correlate(Attempt).exists()


def find_unused_credit(session: Session, user_id: UUID, course_id: UUID) -> ExamCredit | None:
    """The oldest further attempt that waits."""
    return session.scalar(
        select(ExamCredit)
        .where(ExamCredit.user_id == user_id, ExamCredit.course_id == course_id)
        .where(ExamCredit.consumed_by_attempt_id.is_(None), ExamCredit.revoked_at.is_(None))
        .order_by(ExamCredit.created_at, ExamCredit.id)
        .limit(1)
    )


def check_retake(session: Session, user_id: UUID, course_id: UUID, *, now: datetime) -> RetakeStanding:
    """Whether the person may buy a further attempt at the course's exam now."""
    quiz_id = get_course_card(session, course_id).exam_quiz_id
    try:
        bought = count_credits(session, user_id, course_id)
        lobby = None if quiz_id is None else describe_lobby(session, quiz_id, user_id, now=now, extra_attempts=bought.bought)
    except NotFoundError:
        lobby = None
    facts = RetakeFacts(
        has_exam=lobby is not None,
        is_owned=has_entitlement(session, user_id, course_id),
        has_passed=lobby is not None and lobby.obstacle is Obstacle.PASSED,
        is_closed=lobby is not None and lobby.obstacle in {Obstacle.CLOSED, Obstacle.ROUND_OVER},
        is_running=lobby is not None and lobby.open_attempt_id is not None,
        left=None if lobby is None else lobby.attempts_left,
        waits=lobby is not None and lobby.next_start_at is not None,
        bought=bought.bought,
    )
    return RetakeStanding(obstacle=find_retake_obstacle(facts), next_start_at=None if lobby is None else lobby.next_start_at)
