"""What we can tell a bank about a disputed payment: who bought what, when they used it, how far they came."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.catalog.models import Lesson
from laurel.catalog.queries import CourseCard, list_course_cards
from laurel.commerce.models import Order
from laurel.core.dates import day
from laurel.core.events import EventRecord
from laurel.credentials.models import Credential
from laurel.learning.models import Enrollment, LessonProgress
from laurel.learning.queries import get_course_use
from laurel.quizzes.models import Attempt, Quiz

MOST = 20_000
MOST_LINES = 250


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that the buyer did, and when."""

    at: datetime
    what: str


def gather_evidence(session: Session, order: Order, *, public_url: str) -> dict[str, str]:
    """The evidence pack, by Stripe's names of its parts: a draft that staff read and change before it is sent."""
    courses = list_course_cards(session, [line.offering.course_id for line in order.lines])
    buyer = order.buyer
    signs = sorted(_list_signs(session, order, [course.id for course in courses]), key=lambda sign: sign.at)
    return {
        "product_description": _describe(order, courses),
        "customer_name": buyer.name,
        "customer_email_address": buyer.email,
        "service_date": f"{order.paid_at:%Y-%m-%d}" if order.paid_at else "",
        "access_activity_log": _write_log(signs),
        "refund_policy_disclosure": _describe_promise(courses, public_url),
        "uncategorized_text": _summarize(session, buyer, courses, public_url),
    }


def _describe(order: Order, courses: Sequence[CourseCard]) -> str:
    what = "; ".join(f"{line.title} ({line.kind.value.replace('_', ' ')}, {line.quantity})" for line in order.lines)
    about = " ".join(course.outcome for course in courses)
    return (
        f"Order {order.number}: {what}. An online course with lessons, quizzes and an exam, delivered in the buyer's own "
        f"account as soon as it was paid. {about}"
    )


def _describe_promise(courses: Sequence[CourseCard], public_url: str) -> str:
    return "\n".join(
        f"{course.title}: refund within {course.content.refund_days} days unless the exam was started. This stands on the page with the "
        f"payment button ({public_url}/courses/{course.slug}/enroll), on the course's page, and at {public_url}/refunds."
        for course in courses
    )


def _list_signs(session: Session, order: Order, course_ids: Sequence[UUID]) -> Iterable[Sign]:
    """What the buyer did from the order on: signing in, lessons, attempts, certificates."""
    yield Sign(order.created_at, f"Placed order {order.number}")
    if order.paid_at is not None:
        yield Sign(order.paid_at, "Paid; the course was opened in the buyer's account")
    yield from _list_visits(session, order)
    lessons = (
        select(LessonProgress.done_at, Lesson.title)
        .join(Lesson, Lesson.id == LessonProgress.lesson_id)
        .join(Enrollment, Enrollment.id == LessonProgress.enrollment_id)
        .where(Enrollment.learner_id == order.buyer_id, Enrollment.course_id.in_(course_ids))
    )
    yield from (Sign(at, f"Finished lesson: {title}") for at, title in session.execute(lessons))
    yield from _list_attempts(session, order.buyer_id, course_ids)
    earned = select(Credential.awarded_at, Credential.number).join(Enrollment, Enrollment.id == Credential.enrollment_id)
    earned = earned.where(Credential.holder_id == order.buyer_id, Enrollment.course_id.in_(course_ids))
    yield from (Sign(at, f"Earned certificate {number}") for at, number in session.execute(earned))


def _list_visits(session: Session, order: Order) -> Iterable[Sign]:
    visits = select(EventRecord.occurred_at, EventRecord.facts).where(
        EventRecord.name == "SignedIn", EventRecord.actor_id == order.buyer_id, EventRecord.occurred_at >= order.created_at
    )
    for at, facts in session.execute(visits.order_by(EventRecord.occurred_at).limit(MOST_LINES)):
        yield Sign(at, f"Signed in from {facts.get('network', 'an unknown network')}")


def _list_attempts(session: Session, learner_id: UUID, course_ids: Sequence[UUID]) -> Iterable[Sign]:
    mine = (
        select(Attempt.started_at, Attempt.finished_at, Attempt.number, Attempt.passed, Quiz.title)
        .join(Quiz, Quiz.id == Attempt.quiz_id)
        .where(Attempt.learner_id == learner_id, Attempt.is_preview.is_(False))
        .where(Attempt.quiz_id.in_(select(Lesson.quiz_id).where(Lesson.course_id.in_(course_ids))))
    )
    for started_at, finished_at, number, passed, title in session.execute(mine):
        if started_at is not None:
            yield Sign(started_at, f"Started {title}, attempt {number}")
        if finished_at is not None:
            result = "" if passed is None else ": passed" if passed else ": not passed"
            yield Sign(finished_at, f"Handed in {title}, attempt {number}{result}")


def _write_log(signs: Sequence[Sign]) -> str:
    """The log, one line for each sign. A very long one loses its middle: banks look at how it began and how it ended."""
    lines = [f"{sign.at:%Y-%m-%d %H:%M} UTC  {sign.what}" for sign in signs]
    if len(lines) > MOST_LINES:
        left_out = len(lines) - MOST_LINES
        half = MOST_LINES // 2
        lines = [*lines[:half], f"({left_out} more lines)", *lines[-half:]]
    return "\n".join(lines)[:MOST]


def _summarize(session: Session, buyer: User, courses: Sequence[CourseCard], public_url: str) -> str:
    sentences = [f"The account was made on {day(buyer.created_at)}."]
    if buyer.confirmed_at is not None:
        sentences.append(f"Its e-mail address was confirmed on {day(buyer.confirmed_at)}.")
    for course in courses:
        use = get_course_use(session, buyer.id, course.id)
        exam = "The exam was started." if use.has_started_exam else "The exam was not started."
        done = " The course was completed." if use.has_completed else ""
        sentences.append(f"{course.title}: {use.progress_percent} % of the lessons are finished. {exam}{done}")
    numbers = session.scalars(select(Credential.number).where(Credential.holder_id == buyer.id).order_by(Credential.awarded_at))
    sentences += [f"A certificate was issued in the buyer's name; anybody can check it at {public_url}/v/{number}." for number in numbers]
    return " ".join(sentences)
