"""Achievements, completed courses and credentials for tests."""

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.catalog.models import Course
from laurel.catalog.rules import CourseStatus
from laurel.core import clock
from laurel.credentials.gateway import KeyVault
from laurel.credentials.models import AchievementVersion, BulkJob, Credential
from laurel.credentials.queries.bulk import RevocationFilter
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.achievements import define_achievement
from laurel.credentials.services.bulk import draft_revocation
from laurel.credentials.services.issuing import award, issue
from laurel.learning.events import CourseCompleted
from laurel.learning.models import Enrollment
from laurel.quizzes.models import Attempt, Quiz, QuizVersion
from laurel.quizzes.rules import AttemptState, QuizKind, QuizStatus, ReviewPreset
from tests.factories.accounts import make_user
from tests.fakes import PlainVault

_numbers = count(1)
ISSUER = Issuer(public_url="http://laurel.test", name="Laurel Academy", email="certificates@example.com", is_production=False)
NAME = "Certified AI Prompt Engineer Level 1"
CRITERIA = "To earn this credential, the holder **passed the exam**:\n\n- Principles of effective prompts\n- Techniques for text\n"


def make_course(session: Session, *, owner: User | None = None) -> Course:
    """A course that is enough to be completed."""
    owner = owner or make_user(session, roles=["author"])
    course = Course(slug=f"certifying-{next(_numbers)}", owner_id=owner.id, created_at=clock.now(), status=CourseStatus.OPEN)
    session.add(course)
    session.flush()
    return course


def make_achievement(session: Session, *, course: Course | None = None, **facts: Any) -> AchievementVersion:
    """What can be earned in a course of its own; `facts` as for `define_achievement`."""
    course = course or make_course(session)
    given: dict[str, Any] = {
        "slug": course.slug,
        "name": NAME,
        "description": "The holder can plan, write, test and improve prompts for text and images.",
        "criteria": CRITERIA,
        "validity_months": 12,
        "badge": {"hue": 160, "level": 1},
        "tags": ["prompt engineering", "responsible AI"],
        "now": clock.now(),
    }
    return define_achievement(session, course_id=course.id, **{**given, **facts})


def make_attempt(session: Session, *, learner: User) -> Attempt:
    """A passed attempt at an exam of its own."""
    now = clock.now()
    quiz = Quiz(kind=QuizKind.EXAM, owner_id=learner.id, title="Exam", status=QuizStatus.PUBLISHED, created_at=now, changed_at=now)
    session.add(quiz)
    session.flush()
    version = QuizVersion(
        quiz_id=quiz.id,
        n=1,
        title="Exam",
        pass_percent=Decimal(70),
        review_preset=ReviewPreset.CERTIFICATION,
        created_by_id=learner.id,
        created_at=now,
        published_at=now,
    )
    session.add(version)
    session.flush()
    attempt = Attempt(
        quiz_id=quiz.id,
        quiz_version_id=version.id,
        learner_id=learner.id,
        number=1,
        state=AttemptState.GRADED,
        home_path="/learn",
        seed=1,
        created_at=now,
        chain_head="",
        passed=True,
    )
    session.add(attempt)
    session.flush()
    return attempt


def make_completion(
    session: Session, *, learner: User | None = None, course: Course | None = None, at: datetime | None = None, **facts: Any
) -> CourseCompleted:
    """A learner who has just completed a course with an achievement: the event that says so, its rows flushed."""
    learner, course, at = learner or make_user(session), course or make_course(session), at or clock.now() - timedelta(seconds=10)
    make_achievement(session, course=course, **facts)
    enrollment = Enrollment(learner_id=learner.id, course_id=course.id, enrolled_at=at - timedelta(days=30), completed_at=at)
    session.add(enrollment)
    session.flush()
    attempt = make_attempt(session, learner=learner)
    return CourseCompleted(occurred_at=at, enrollment_id=enrollment.id, learner_id=learner.id, course_id=course.id, attempt_id=attempt.id)


def make_pending(session: Session, **completion: Any) -> Credential:
    """A credential that was awarded and is not yet signed."""
    event = make_completion(session, **completion)
    credential = award(
        session,
        enrollment_id=event.enrollment_id,
        holder_id=event.learner_id,
        course_id=event.course_id,
        attempt_id=event.attempt_id,
        now=event.occurred_at,
    )
    assert credential is not None
    return credential


def make_credential(session: Session, *, keys: KeyVault | None = None, **completion: Any) -> Credential:
    """A signed credential."""
    pending = make_pending(session, **completion)
    return issue(session, pending.id, issuer=ISSUER, keys=keys or PlainVault(), now=clock.now())


def make_revocation_job(session: Session, *credentials: Credential, actor: User | None = None) -> BulkJob:
    """The dry run of revoking these."""
    return draft_revocation(
        session,
        RevocationFilter(numbers=tuple(credential.number for credential in credentials)),
        key=f"job-{next(_numbers)}",
        title="By hand",
        reason=RevocationReason.ISSUED_IN_ERROR,
        note="A batch went wrong.",
        tells_holder=True,
        actor_id=(actor or make_user(session, roles=["admin"])).id,
        now=clock.now(),
    )
