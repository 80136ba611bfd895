"""Learners in the middle of an exam, made through the real services, with the cookies of their browsers."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.accounts.queries import get_user
from laurel.bank.models import Question
from laurel.bank.rules import QuestionKind
from laurel.catalog.rules import LessonKind
from laurel.catalog.services import LessonContent, publish_lesson, put_module
from laurel.core.clock import now as wall_clock
from laurel.core.db import Database, database_now
from laurel.core.ids import new_id
from laurel.learning.services import enroll
from laurel.quizzes.models import Attempt, Quiz
from laurel.web.browser_sessions import BrowserSession, row_id
from tests.factories.accounts import make_user
from tests.factories.bank import make_category, make_question
from tests.factories.commerce import make_offering, make_order, make_sellable_course
from tests.factories.quizzes import fixed, make_attempt, make_quiz

SECRET_KEY = "only for the tests of faults, and long enough"
SLOTS = 5
COOKIE = "laurel_demo"
RIGHT = "hallucination"


@dataclass(frozen=True, kw_only=True)
class Learner:
    """One person in front of one browser, signed in."""

    id: UUID
    cookie: str
    csrf: str
    attempts: Sequence[UUID] = ()

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Cookie": f"{COOKIE}={self.cookie}", "X-CSRFToken": self.csrf}


@dataclass(frozen=True)
class World:
    """Everybody who sits an exam in one scenario."""

    learners: Sequence[Learner]
    start_path: str = ""
    quiz_id: UUID | None = None
    attempts: list[UUID] = field(default_factory=list)


def sign_in(session: Session, user: User, *, attempts: Sequence[UUID] = ()) -> Learner:
    """A browser in which `user` is signed in, and the token of its forms as Flask-WTF makes it from the session."""
    cookie, csrf = secrets.token_urlsafe(32), hashlib.sha1(secrets.token_bytes(64), usedforsecurity=False).hexdigest()
    data = {"_user_id": user.fs_uniquifier, "_laurel_user": str(user.id), "_laurel_second_factor": True, "csrf_token": csrf}
    moment = database_now(session)
    row = BrowserSession(
        id=row_id(cookie),
        user_id=user.id,
        data=data,
        created_at=moment,
        last_seen_at=moment,
        idle_seconds=14 * 24 * 3600,
        ends_at=moment + timedelta(days=60),
    )
    session.add(row)
    token = URLSafeTimedSerializer(SECRET_KEY, salt="wtf-csrf-token").dumps(csrf)
    return Learner(id=user.id, cookie=cookie, csrf=str(token), attempts=tuple(attempts))


def person(session: Session) -> User:
    """Somebody new: several runs may share a database."""
    return make_user(session, email=f"learner-{new_id().hex}@example.com", roles=[])


def make_questions(session: Session) -> tuple[User, list[Question]]:
    author = make_user(session, email=f"author-{new_id().hex}@example.com", roles=["author"])
    category = make_category(session, slug=f"category-{new_id().hex}")
    wanted = {"kind": QuestionKind.SHORT_ANSWER, "category_id": category.id, "owner_id": author.id}
    return author, [make_question(session, **wanted) for _ in range(SLOTS)]  # type: ignore[arg-type]


def make_exams(session: Session, count: int, **settings: Any) -> list[Quiz]:
    """Exams of five questions that are answered in words."""
    author, questions = make_questions(session)
    slots = [fixed(question) for question in questions]
    return [make_quiz(session, slots=slots, owner_id=author.id, **settings) for _ in range(count)]


def make_world(database: Database, *, learners: int = 1, each: int = 1, minutes: int = 60) -> World:
    """`learners` people, each with `each` running attempts: as many as keep a fast client below the limit of saves per attempt."""
    with database.session(writes=True) as session:
        exams = make_exams(session, each, minutes=minutes)
        seated = []
        for _ in range(learners):
            user = person(session)
            moment = database_now(session)
            attempts = [make_attempt(session, exam, learner_id=user.id, now=moment).id for exam in exams]
            seated.append(sign_in(session, user, attempts=attempts))
        session.commit()
    return World(seated, quiz_id=exams[0].id, attempts=[attempt for learner in seated for attempt in learner.attempts])


def make_lobby(database: Database, *, learners: int, attempts_allowed: int = 1) -> World:
    """`learners` people in front of an exam that is the only lesson of their course; nobody has started."""
    with database.session(writes=True) as session:
        [exam] = make_exams(session, 1, attempts_allowed=attempts_allowed)
        course = make_sellable_course_of(session, exam)
        offering = make_offering(session, course=course, prices={"usd": 0})
        users = [person(session) for _ in range(learners)]
        for user in users:
            make_order(session, buyer=user, offering=offering)
            enroll(session, learner_id=user.id, course_id=course.id, now=wall_clock())
        seated = [sign_in(session, user) for user in users]
        session.commit()
        return World(seated, start_path=f"/learn/{course.slug}/exam/attempts", quiz_id=exam.id)


def make_sellable_course_of(session: Session, exam: Quiz) -> Any:
    course = make_sellable_course(session, title="Exams")
    module = put_module(session, course_id=course.id, slug="exams", position=1, title="Exams", summary="")
    content = LessonContent(slug="exam", kind=LessonKind.EXAM, title="Exam", summary="", minutes=60, quiz_id=exam.id)
    publish_lesson(session, module=module, position=1, content=content, now=wall_clock())
    return course


def set_deadlines(database: Database, attempts: Sequence[UUID], *, seconds_left: float) -> None:
    """Let the time of these attempts be over `seconds_left` from now (a negative number: it is), as if they had begun earlier."""
    with database.session(writes=True) as session:
        for attempt_id in attempts:
            attempt = session.get_one(Attempt, attempt_id)
            if attempt.deadline_at is None or attempt.started_at is None:
                raise AssertionError("This exam has no time limit.")
            earlier = attempt.deadline_at - database_now(session) - timedelta(seconds=seconds_left)
            attempt.started_at -= earlier
            attempt.deadline_at -= earlier
        session.commit()


def email_of(database: Database, learner: Learner) -> str:
    with database.session(writes=False) as session:
        return get_user(session, learner.id).email
