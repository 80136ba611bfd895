"""The terms of one learner at a quiz, and everything that they follow from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core.errors import NotFoundError
from laurel.quizzes.models import Accommodation, Attempt, GroupMember, LearnerGroup, Quiz, QuizOverride, QuizVersion
from laurel.quizzes.rules import AttemptState, QuizKind, QuizStatus
from laurel.quizzes.rules.terms import Override, QuizTerms, Terms, keep_generous, resolve


@dataclass(slots=True)
class Settings:
    """What was set for one learner at one quiz."""

    own: Override | None = None
    groups: list[Override] = field(default_factory=list)
    accommodation: Accommodation | None = None

    def apply(self, quiz: QuizTerms, *, at: datetime) -> Terms:
        """The learner's terms. An accommodation counts if it is valid at that moment: for an attempt, the one it began."""
        profile = None if self.accommodation is None else self.accommodation.effect()
        return resolve(quiz, own=self.own, groups=self.groups, profile=profile if profile and profile.is_valid_at(at) else None)


def terms_of(version: QuizVersion) -> QuizTerms:
    """What the version grants everybody."""
    return QuizTerms(
        minutes=version.minutes,
        opens_at=version.opens_at,
        closes_at=version.closes_at,
        attempts=version.attempts_allowed,
        wait_hours=tuple(version.retake_wait_hours),
    )


def map_settings(session: Session, quiz_id: UUID, learner_ids: Collection[UUID]) -> Mapping[UUID, Settings]:
    """What was set for each of these learners at the quiz. One query, however many they are."""
    their_groups = select(GroupMember.group_id).where(GroupMember.learner_id == User.id)
    theirs = or_(QuizOverride.learner_id == User.id, QuizOverride.group_id.in_(their_groups))
    rows = session.execute(
        select(User.id, Accommodation, QuizOverride)
        .outerjoin(Accommodation, Accommodation.learner_id == User.id)
        .outerjoin(QuizOverride, and_(QuizOverride.quiz_id == quiz_id, theirs))
        .where(User.id.in_(learner_ids))
        .execution_options(populate_existing=True)
    )
    found: dict[UUID, Settings] = {}
    for learner_id, accommodation, override in rows:
        mine = found.setdefault(learner_id, Settings(accommodation=accommodation))
        if override is not None and override.learner_id is not None:
            mine.own = override.effect()
        elif override is not None:
            mine.groups.append(override.effect())
    return found


def find_terms(session: Session, version: QuizVersion, learner_id: UUID, *, now: datetime) -> Terms:
    """The terms of an attempt that the learner would start now. One query."""
    return map_settings(session, version.quiz_id, [learner_id])[learner_id].apply(terms_of(version), at=now)


@dataclass(frozen=True, slots=True)
class RunningAttempt:
    """An attempt that runs, and the terms that it should have by now."""

    attempt: Attempt
    terms: Terms


def lock_running(session: Session, *, quiz_id: UUID | None = None, learner_ids: Collection[UUID] | None = None) -> Sequence[RunningAttempt]:
    """The attempts that run, locked in the order of their ids, with their terms. The number of queries grows with the quizzes only."""
    running = (AttemptState.IN_PROGRESS, AttemptState.PAUSED, AttemptState.OVERDUE)
    statement = select(Attempt).where(Attempt.state.in_(running), Attempt.is_preview.is_(False))
    if quiz_id is not None:
        statement = statement.where(Attempt.quiz_id == quiz_id)
    if learner_ids is not None:
        statement = statement.where(Attempt.learner_id.in_(learner_ids))
    locked = statement.order_by(Attempt.id).with_for_update().execution_options(populate_existing=True)
    by_quiz: dict[UUID, list[Attempt]] = {}
    for attempt in session.scalars(locked):
        by_quiz.setdefault(attempt.quiz_id, []).append(attempt)
    return [found for one, attempts in by_quiz.items() for found in _with_terms(session, one, attempts)]


def terms_of_attempt(session: Session, attempt: Attempt) -> Terms:
    """The terms that a running attempt should have by now."""
    return next(iter(_with_terms(session, attempt.quiz_id, [attempt]))).terms


def _with_terms(session: Session, quiz_id: UUID, attempts: Sequence[Attempt]) -> list[RunningAttempt]:
    published = session.scalar(
        select(QuizVersion)
        .join(Quiz, Quiz.published_version_id == QuizVersion.id)
        .where(Quiz.id == quiz_id, Quiz.status == QuizStatus.PUBLISHED)
    )
    began_with = {attempt.quiz_version_id for attempt in attempts}
    versions = {version.id: version for version in session.scalars(select(QuizVersion).where(QuizVersion.id.in_(began_with)))}
    settings = map_settings(session, quiz_id, {attempt.learner_id for attempt in attempts})
    found = []
    for attempt in attempts:
        began = terms_of(versions[attempt.quiz_version_id])
        granted = began if published is None else keep_generous(began, terms_of(published))
        at = attempt.started_at or attempt.created_at
        found.append(RunningAttempt(attempt, settings[attempt.learner_id].apply(granted, at=at)))
    return found


# ---- what staff look up


def find_accommodation(session: Session, learner_id: UUID) -> Accommodation | None:
    return session.get(Accommodation, learner_id, populate_existing=True)


def list_overrides(quiz_id: UUID) -> Select[QuizOverride, User | None, LearnerGroup | None]:
    """SELECT of the overrides of a quiz, each with its learner or its group, the last set first."""
    return (
        select(QuizOverride, User, LearnerGroup)
        .outerjoin(User, User.id == QuizOverride.learner_id)
        .outerjoin(LearnerGroup, LearnerGroup.id == QuizOverride.group_id)
        .where(QuizOverride.quiz_id == quiz_id)
        .order_by(QuizOverride.set_at.desc(), QuizOverride.id.desc())
    )


def get_override(session: Session, quiz_id: UUID, override_id: UUID) -> QuizOverride:
    """The override of this quiz; raises NotFoundError for another's."""
    override = session.scalar(select(QuizOverride).where(QuizOverride.id == override_id, QuizOverride.quiz_id == quiz_id))
    if override is None:
        raise NotFoundError("There is no such override.")
    return override


def find_override_for(
    session: Session, quiz_id: UUID, *, learner_id: UUID | None = None, group_id: UUID | None = None
) -> QuizOverride | None:
    """The override of the quiz for the learner or for the group."""
    statement = select(QuizOverride).where(QuizOverride.quiz_id == quiz_id)
    receiver = QuizOverride.learner_id == learner_id if learner_id is not None else QuizOverride.group_id == group_id
    return session.scalar(statement.where(receiver))


def list_groups() -> Select[LearnerGroup, int]:
    """SELECT of the groups with the number of their members, by name."""
    members = select(func.count()).where(GroupMember.group_id == LearnerGroup.id).scalar_subquery()
    return select(LearnerGroup, members).order_by(func.lower(LearnerGroup.name), LearnerGroup.id)


def get_group(session: Session, group_id: UUID) -> LearnerGroup:
    group = session.get(LearnerGroup, group_id)
    if group is None:
        raise NotFoundError("There is no such group.")
    return group


def find_group_by_name(session: Session, name: str) -> LearnerGroup | None:
    return session.scalar(select(LearnerGroup).where(func.lower(LearnerGroup.name) == name.lower()))


def list_members(group_id: UUID) -> Select[User]:
    """SELECT of the members of a group, by name."""
    return (
        select(User)
        .join(GroupMember, GroupMember.learner_id == User.id)
        .where(GroupMember.group_id == group_id)
        .order_by(User.name, User.id)
    )


def list_member_ids(session: Session, group_id: UUID) -> list[UUID]:
    return list(session.scalars(select(GroupMember.learner_id).where(GroupMember.group_id == group_id).order_by(GroupMember.learner_id)))


def find_member(session: Session, group_id: UUID, learner_id: UUID) -> GroupMember | None:
    return session.get(GroupMember, (group_id, learner_id))


def list_group_quizzes(session: Session, group_id: UUID) -> list[UUID]:
    """The quizzes that have an override for the group."""
    return list(session.scalars(select(QuizOverride.quiz_id).where(QuizOverride.group_id == group_id)))


def list_quizzes_with_overrides() -> Select[Quiz, int]:
    """SELECT of the published quizzes and exams with the number of their overrides, by title."""
    overrides = select(func.count()).where(QuizOverride.quiz_id == Quiz.id).scalar_subquery()
    published = select(Quiz, overrides).where(Quiz.status == QuizStatus.PUBLISHED, Quiz.kind != QuizKind.PRACTICE)
    return published.order_by(func.lower(Quiz.title), Quiz.id)
