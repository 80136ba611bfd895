"""What staff look up across packages."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.catalog.models import Course, CourseVersion
from laurel.commerce.models import Order
from laurel.commerce.rules import OrderState
from laurel.core.errors import NotFoundError
from laurel.core.events import Delivery, DeliveryStatus, EventRecord
from laurel.core.mail import Mail, MailStatus
from laurel.credentials.models import Credential
from laurel.learning.models import Enrollment, LessonProgress
from laurel.quizzes.models import Attempt, Quiz

LAST_DAYS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Overview:
    """The figures on the back office's first page."""

    people: int
    enrollments: int
    paid_orders: int
    credentials: int
    failed_jobs: int
    waiting_jobs: int


def get_overview(session: Session, *, since: datetime) -> Overview:
    """Counts since a moment; jobs as they are now."""

    def count(statement: Select[int]) -> int:
        return session.scalar(statement) or 0

    counting = select(func.count())
    jobs = counting.select_from(Delivery)
    return Overview(
        people=count(counting.select_from(User).where(User.created_at >= since)),
        enrollments=count(counting.select_from(Enrollment).where(Enrollment.enrolled_at >= since)),
        paid_orders=count(counting.select_from(Order).where(Order.state == OrderState.PAID, Order.created_at >= since)),
        credentials=count(counting.select_from(Credential).where(Credential.awarded_at >= since)),
        failed_jobs=count(jobs.where(Delivery.status == DeliveryStatus.FAILED)),
        waiting_jobs=count(jobs.where(Delivery.status == DeliveryStatus.DUE)),
    )


def select_deliveries(status: DeliveryStatus) -> Select[Delivery, EventRecord]:
    """Deliveries of one status with their events, the latest due first."""
    return (
        select(Delivery, EventRecord)
        .join(EventRecord, EventRecord.id == Delivery.event_id)
        .where(Delivery.status == status)
        .order_by(Delivery.due_at.desc(), Delivery.id)
    )


def select_mails(status: MailStatus) -> Select[Mail]:
    """Mails of one status, the latest due first."""
    return select(Mail).where(Mail.status == status).order_by(Mail.due_at.desc(), Mail.id)


@dataclass(frozen=True, slots=True)
class LearnerCourse:
    """One course of one learner, as staff see it."""

    title: str
    enrolled_at: datetime
    completed_at: datetime | None
    lessons_done: int


def list_courses_of(session: Session, learner_id: UUID) -> list[LearnerCourse]:
    """The learner's courses, the latest enrollment first. One query."""
    done = select(func.count()).where(LessonProgress.enrollment_id == Enrollment.id).scalar_subquery()
    rows = session.execute(
        select(CourseVersion.title, Enrollment.enrolled_at, Enrollment.completed_at, done)
        .join(Course, Course.id == Enrollment.course_id)
        .join(CourseVersion, (CourseVersion.course_id == Course.id) & (CourseVersion.n == Course.published_n))
        .where(Enrollment.learner_id == learner_id)
        .order_by(Enrollment.enrolled_at.desc())
        .limit(100)
    )
    return [LearnerCourse(*row) for row in rows]


def get_attempt(session: Session, attempt_id: UUID) -> tuple[Attempt, Quiz, User]:
    """Anybody's attempt with its quiz and its learner; raises NotFoundError."""
    statement = select(Attempt, Quiz, User).join(Quiz, Quiz.id == Attempt.quiz_id).join(User, User.id == Attempt.learner_id)
    row = session.execute(statement.where(Attempt.id == attempt_id)).one_or_none()
    if row is None:
        raise NotFoundError("There is no such attempt.")
    return row[0], row[1], row[2]


@dataclass(frozen=True, slots=True)
class LearnerAttempt:
    """One attempt of one learner, as staff see it: no answers, no keys."""

    title: str
    number: int
    state: str
    started_at: datetime | None
    passed: bool | None


def list_attempts_of(session: Session, learner_id: UUID) -> list[LearnerAttempt]:
    """The learner's latest attempts at graded quizzes and exams. One query."""
    rows = session.execute(
        select(Quiz.title, Attempt.number, Attempt.state, Attempt.started_at, Attempt.passed)
        .join(Quiz, Quiz.id == Attempt.quiz_id)
        .where(Attempt.learner_id == learner_id, Quiz.kind != "practice")
        .order_by(Attempt.started_at.desc())
        .limit(50)
    )
    return [LearnerAttempt(*row) for row in rows]


def list_history(session: Session, subject_id: UUID, *, limit: int = 200) -> list[tuple[EventRecord, str | None]]:
    """(event, who did it, if a person did) of what happened to one thing, in order."""
    statement = select(EventRecord, User.name).outerjoin(User, User.id == EventRecord.actor_id).where(EventRecord.subject_id == subject_id)
    return [(row[0], row[1]) for row in session.execute(statement.order_by(EventRecord.occurred_at, EventRecord.id).limit(limit))]
