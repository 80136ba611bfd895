"""Where certificates stand with their renewal, and the way by which one is renewed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from laurel.catalog.models import Course, Lesson
from laurel.catalog.rules import LessonKind
from laurel.commerce.models import Offering
from laurel.commerce.queries import count_credits, find_offer, has_entitlement
from laurel.commerce.rules import OfferingKind
from laurel.credentials.models import Achievement, AchievementVersion, Credential, FeeRenewal
from laurel.credentials.models.erasure import ErasedAward
from laurel.credentials.queries import CredentialRecord, is_held, is_money_away
from laurel.credentials.rules import renewing as rules
from laurel.credentials.rules.renewing import Paths, Renewal, stand
from laurel.credentials.rules.verdicts import CredentialState
from laurel.learning.queries import find_enrollment
from laurel.quizzes.models import Attempt, ExamRound, Quiz
from laurel.quizzes.queries.lobby import Unused, find_unused
from laurel.quizzes.queries.rounds import find_latest_round, find_round_of, serves
from laurel.quizzes.rules import AttemptState, QuizStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How one certificate is renewed: by which exam, in which course, and what stands between its holder and that.

    By which ways at all, is in `renewal.paths`. `is_kept_back`: it is on hold, or what its holder paid for the course is away.

    `lesson_slug` None: the course has no exam at present. `is_enrolled`: the holder may enter the course. `is_under_way`: they have
    said that they renew it. `includes_attempts` False: attempts are bought, once those are used that are left of the exam's own (`left`,
    None without a limit). `counts_on`: they are, for that the exam was never passed here, and what was used up is not forgotten.
    """

    renewal: Renewal
    achievement_id: UUID
    course_id: UUID
    course_slug: str
    lesson_slug: str | None
    quiz_id: UUID | None
    is_enrolled: bool
    is_under_way: bool
    is_kept_back: bool
    includes_attempts: bool
    left: int | None
    counts_on: bool


def map_renewals(session: Session, records: Sequence[CredentialRecord], *, now: datetime) -> Mapping[UUID, Renewal]:
    """Where each of these certificates stands, by id; one query, however many they are."""
    ends = {record.credential.id: record.version.valid_until if record.version else None for record in records}
    return map_renewals_of(session, ends, now=now)


def map_renewals_of(session: Session, ends: Mapping[UUID, datetime | None], *, now: datetime) -> Mapping[UUID, Renewal]:
    """The same, of certificates whose ends are known. A renewal that is earned is as good as made."""
    present = aliased(AchievementVersion)
    rows = session.execute(
        select(Credential, Achievement, present, or_(has_renewal(), exists().where(_earns())), is_sold(), has_exam(), is_money_away())
        .join(AchievementVersion, AchievementVersion.id == Credential.achievement_version_id)
        .join(Achievement, Achievement.id == AchievementVersion.achievement_id)
        .join(present, and_(present.achievement_id == Achievement.id, present.n == Achievement.latest_n))
        .where(Credential.id.in_(ends))
    )
    return {
        credential.id: stand(
            state=credential.state,
            is_renewed=is_renewed,
            awarded_at=credential.awarded_at,
            ends_at=ends[credential.id],
            terms=program.renewal_terms,
            now=now,
            new_end=certified.validity.end(awarded_at=now, former_end=ends[credential.id]),
            is_sold=sold,
            has_exam=sat,
            is_on_hold=credential.on_hold_at is not None,
            is_money_away=away,
        )
        for credential, program, certified, is_renewed, sold, sat, away in rows
    }


def is_sold() -> ColumnElement[bool]:
    """Whether the renewal of an achievement's credentials is for sale, in a query that names the achievement."""
    return exists().where(
        Offering.course_id == Achievement.course_id, Offering.kind == OfferingKind.RENEWAL, Offering.withdrawn_at.is_(None)
    )


def has_exam() -> ColumnElement[bool]:
    """Whether the exam of an achievement's course can be taken today, in a query that names the achievement."""
    return exists().where(Lesson.course_id == Achievement.course_id, _can_be_taken())


def _can_be_taken() -> ColumnElement[bool]:
    """That a lesson is an exam whose quiz is open."""
    return and_(Lesson.kind == LessonKind.EXAM, Lesson.quiz_id == Quiz.id, Quiz.status == QuizStatus.PUBLISHED)


def find_paths(session: Session, course_id: UUID) -> Paths:
    """By which ways what is earned in a course is renewed today."""
    row = session.execute(select(Achievement, is_sold(), has_exam()).where(Achievement.course_id == course_id)).one_or_none()
    return rules.find_paths(row[0].renewal_terms, is_sold=row[1], has_exam=row[2]) if row is not None else Paths(exam=False)


def get_way(session: Session, record: CredentialRecord, *, now: datetime) -> Way:
    """The way by which this certificate is renewed."""
    credential = record.credential
    program, course = _program_of(session, record.achievement)
    lesson_slug, quiz_id = _find_exam(session, course.id)
    round_ = find_latest_round(session, credential.holder_id, quiz_id) if quiz_id is not None else None
    is_under_way = round_ is not None and round_.opened_for == credential.id and now < round_.closes_at
    sells_attempts = find_offer(session, course.id, OfferingKind.EXAM_RETAKE) is not None
    is_promised = is_under_way and round_ is not None and round_.includes_attempts
    includes_attempts = is_promised or program.renewal_includes_attempts or not sells_attempts
    unused = None if includes_attempts or quiz_id is None else _find_unused(session, credential.holder_id, course.id, quiz_id, now=now)
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
        is_kept_back=credential.on_hold_at is not None or is_held(session, credential),
        includes_attempts=includes_attempts,
        left=unused.left if unused is not None else 0,
        counts_on=unused is not None and not unused.has_passed,
    )


def _find_unused(session: Session, holder_id: UUID, course_id: UUID, quiz_id: UUID, *, now: datetime) -> Unused:
    used = count_credits(session, holder_id, course_id).used
    return find_unused(session, quiz_id, holder_id, now=now, extra_attempts=used)


def _program_of(session: Session, earned: AchievementVersion) -> tuple[Achievement, Course]:
    statement = select(Achievement, Course).join(Course, Course.id == Achievement.course_id)
    row = session.execute(statement.where(Achievement.id == earned.achievement_id)).one()
    return row[0], row[1]


def _find_exam(session: Session, course_id: UUID) -> tuple[str | None, UUID | None]:
    """The course's exam as it is today: its lesson and its quiz, if that one can be taken."""
    row = session.execute(select(Lesson.slug, Quiz.id).where(Lesson.course_id == course_id, _can_be_taken()).limit(1)).one_or_none()
    return (row[0], row[1]) if row is not None else (None, None)


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


def _earns() -> ColumnElement[bool]:
    """That an attempt was passed to renew a certificate, in the round that was opened for it, and that nothing has come of it."""
    own = aliased(Credential)
    return and_(
        ExamRound.opened_for == Credential.id,
        ExamRound.learner_id == Credential.holder_id,
        serves(),
        Attempt.state == AttemptState.GRADED,
        Attempt.passed.is_(True),
        Attempt.is_counted,
        Attempt.is_preview.is_(False),
        ~exists().where(own.attempt_id == Attempt.id),
        ~exists().where(ErasedAward.attempt_id == Attempt.id),
    )


def has_renewal() -> ColumnElement[bool]:
    """That there is a renewal of a credential that is not revoked, in a query that names the credential."""
    newer = aliased(Credential)
    return exists().where(newer.renewed_from_id == Credential.id, newer.state != CredentialState.REVOKED)


def is_earned(session: Session, credential_id: UUID) -> bool:
    """Whether its renewal is earned by the exam, and not made yet."""
    return session.scalar(select(Credential.id).where(Credential.id == credential_id, exists().where(_earns()))) is not None


def _earned() -> Select[UUID, UUID]:
    """Each attempt that has earned a renewal that is not made, with the certificate that it renews."""
    return select(Attempt.id, Credential.id).where(_earns(), Credential.state == CredentialState.ISSUED, ~has_renewal())


def find_earned_by(session: Session, holder_id: UUID, attempt_id: UUID) -> UUID | None:
    """The holder's certificate whose renewal this attempt has earned, as long as that is not made."""
    row = session.execute(_earned().where(Attempt.id == attempt_id, Attempt.learner_id == holder_id)).one_or_none()
    return row[1] if row is not None else None


def list_earned(session: Session, *, after: UUID | None = None, limit: int = 100) -> Sequence[UUID]:
    """Attempts that have earned a renewal that is not made, in the order of their ids."""
    earned = _earned() if after is None else _earned().where(Attempt.id > after)
    return [row[0] for row in session.execute(earned.order_by(Attempt.id).limit(limit))]


def find_line_of_renewal(session: Session, credential_id: UUID) -> UUID | None:
    """The line of the order whose fee this certificate was renewed for."""
    return session.scalar(select(FeeRenewal.order_line_id).filter_by(credential_id=credential_id))


def find_of_fee(session: Session, order_line_id: UUID) -> tuple[FeeRenewal, Credential] | None:
    """What this line of an order has renewed a certificate to, the latest if it did so again; both as they are now."""
    statement = select(FeeRenewal, Credential).join(Credential, Credential.id == FeeRenewal.credential_id)
    statement = statement.where(FeeRenewal.order_line_id == order_line_id).order_by(Credential.awarded_at.desc(), Credential.id).limit(1)
    row = session.execute(statement, execution_options={"populate_existing": True}).one_or_none()
    return (row[0], row[1]) if row is not None else None
