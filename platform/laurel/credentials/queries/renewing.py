"""Where certificates stand with their renewal, and the way by which one is renewed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session, aliased

from laurel.catalog.models import Course
from laurel.catalog.queries import list_lessons
from laurel.catalog.rules import LessonKind
from laurel.commerce.queries import find_offer, has_entitlement
from laurel.commerce.rules import OfferingKind
from laurel.credentials.models import Achievement, AchievementVersion, Credential
from laurel.credentials.queries import CredentialRecord
from laurel.credentials.rules.renewing import Renewal, renewed_until, stand
from laurel.credentials.rules.verdicts import CredentialState
from laurel.learning.queries import find_enrollment
from laurel.quizzes.models import Quiz
from laurel.quizzes.queries.rounds import find_latest_round, find_round_of
from laurel.quizzes.rules import QuizStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How one certificate is renewed: by which exam, in which course, and what stands between its holder and that.

    `lesson_slug` None: the course has no exam at present. `is_enrolled`: the holder may enter the course. `is_under_way`: they have
    said that they renew it. `includes_attempts` False: each attempt is bought. `new_end`: the end of a renewal that is earned now.
    """

    renewal: Renewal
    achievement_id: UUID
    course_id: UUID
    course_slug: str
    lesson_slug: str | None
    quiz_id: UUID | None
    is_enrolled: bool
    is_under_way: bool
    includes_attempts: bool
    new_end: datetime | None


def map_renewals(session: Session, records: Sequence[CredentialRecord], *, now: datetime) -> Mapping[UUID, Renewal]:
    """Where each of these certificates stands, by id; one query, however many they are."""
    newer = aliased(Credential)
    is_renewed = exists().where(newer.renewed_from_id == Credential.id, newer.state != CredentialState.REVOKED)
    rows = session.execute(
        select(Credential.id, Achievement, is_renewed)
        .join(AchievementVersion, AchievementVersion.id == Credential.achievement_version_id)
        .join(Achievement, Achievement.id == AchievementVersion.achievement_id)
        .where(Credential.id.in_([record.credential.id for record in records]))
    )
    known = {row[0]: (row[1].renewal_terms, row[2]) for row in rows}
    return {
        record.credential.id: stand(
            state=record.credential.state,
            is_renewed=known[record.credential.id][1],
            awarded_at=record.credential.awarded_at,
            ends_at=record.version.valid_until if record.version else None,
            terms=known[record.credential.id][0],
            now=now,
        )
        for record in records
    }


def get_way(session: Session, record: CredentialRecord, *, now: datetime) -> Way:
    """The way by which this certificate is renewed."""
    credential, earned = record.credential, record.achievement
    program, course = _program_of(session, earned)
    lesson_slug, quiz_id = _find_exam(session, course.id)
    round_ = find_latest_round(session, credential.holder_id, quiz_id) if quiz_id is not None else None
    is_under_way = round_ is not None and round_.opened_for == credential.id and now < round_.closes_at
    sells_attempts = find_offer(session, course.id, OfferingKind.EXAM_RETAKE) is not None
    is_promised = is_under_way and round_ is not None and round_.includes_attempts
    months = (find_present_version(session, program.id) or earned).validity_months
    former_end = record.version.valid_until if record.version else None
    is_enrolled = find_enrollment(session, learner_id=credential.holder_id, course_id=course.id) is not None
    return Way(
        renewal=map_renewals(session, [record], now=now)[credential.id],
        achievement_id=program.id,
        course_id=course.id,
        course_slug=course.slug,
        lesson_slug=lesson_slug,
        quiz_id=quiz_id,
        is_enrolled=is_enrolled and has_entitlement(session, credential.holder_id, course.id),
        is_under_way=is_under_way,
        includes_attempts=is_promised or program.renewal_includes_attempts or not sells_attempts,
        new_end=renewed_until(awarded_at=now, former_end=former_end, months=months),
    )


def _program_of(session: Session, earned: AchievementVersion) -> tuple[Achievement, Course]:
    statement = select(Achievement, Course).join(Course, Course.id == Achievement.course_id)
    row = session.execute(statement.where(Achievement.id == earned.achievement_id)).one()
    return row[0], row[1]


def _find_exam(session: Session, course_id: UUID) -> tuple[str | None, UUID | None]:
    """The course's exam as it is today: its lesson and its quiz, if that one can be sat."""
    lesson = next((found for found in list_lessons(session, course_id) if found.kind is LessonKind.EXAM), None)
    quiz = session.get(Quiz, lesson.quiz_id) if lesson is not None and lesson.quiz_id is not None else None
    if lesson is None or quiz is None or quiz.status is not QuizStatus.PUBLISHED:
        return None, None
    return lesson.slug, quiz.id


def find_present_version(session: Session, achievement_id: UUID) -> AchievementVersion | None:
    """What an achievement certifies today."""
    latest = and_(Achievement.id == AchievementVersion.achievement_id, Achievement.latest_n == AchievementVersion.n)
    return session.scalar(select(AchievementVersion).join(Achievement, latest).where(Achievement.id == achievement_id))


def get_course_id(session: Session, achievement_id: UUID) -> UUID:
    """The course in which an achievement is earned."""
    return session.scalars(select(Achievement.course_id).where(Achievement.id == achievement_id)).one()


def find_renewed_by(session: Session, holder_id: UUID, attempt_id: UUID) -> Credential | None:
    """The holder's certificate that this attempt was made to renew."""
    found = find_round_of(session, holder_id, attempt_id)
    return session.scalar(select(Credential).filter_by(id=found.opened_for, holder_id=holder_id)) if found is not None else None


def is_renewed(session: Session, credential_id: UUID) -> bool:
    """Whether there is a renewal of it that is not revoked, signed or not."""
    newer = select(Credential.id).where(Credential.renewed_from_id == credential_id, Credential.state != CredentialState.REVOKED)
    return session.scalar(newer.limit(1)) is not None
