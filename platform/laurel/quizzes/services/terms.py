"""Setting terms otherwise: overrides, groups, accommodations. Attempts that run follow in the same transaction."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from laurel.accounts.queries import lock_user
from laurel.core.bus import publish
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.quizzes import queries
from laurel.quizzes.events import AccommodationChanged, DeadlineMoved, GroupChanged, OverrideChanged
from laurel.quizzes.models import Accommodation, Attempt, GroupMember, LearnerGroup, QuizOverride
from laurel.quizzes.queries import terms as found
from laurel.quizzes.rules import announcing
from laurel.quizzes.rules.staff import Staff, check_manager, check_other, check_reason
from laurel.quizzes.rules.terms import Override, Profile, ReasonCategory, Terms, check_override, check_profile
from laurel.quizzes.services.outages import credit_outages
from laurel.quizzes.services.steps import announce, move_deadline, times_of, whole_seconds

MAX_GROUP_NAME = 120
MAX_MEMBERS = 5000


# ---- attempts that run


def adopt_terms(attempt: Attempt, terms: Terms) -> None:
    """Let the attempt have these terms; its deadline follows from them."""
    attempt.limit_seconds = None if terms.limit is None else whole_seconds(terms.limit)
    attempt.time_multiplier, attempt.extra_seconds = terms.multiplier, whole_seconds(terms.extra)
    attempt.closes_at, attempt.hides_timer = terms.closes_at, terms.hides_timer


def refresh_deadlines(
    session: Session,
    *,
    because: str,
    now: datetime,
    quiz_id: UUID | None = None,
    learner_ids: Collection[UUID] | None = None,
    actor_id: UUID | None = None,
) -> int:
    """Let the attempts that run at this quiz, or of these learners, have the terms that are in force now; returns how many moved."""
    moved = 0
    for running in found.lock_running(session, quiz_id=quiz_id, learner_ids=learner_ids):
        attempt = running.attempt
        credit_outages(session, attempt, now=now)
        before = times_of(attempt)
        deadline_before = attempt.deadline_at
        adopt_terms(attempt, running.terms)
        move_deadline(session, attempt, now=now)
        if times_of(attempt) == before:
            continue
        if attempt.deadline_at != deadline_before:
            announce(attempt, announcing.changed(deadline_before, attempt.deadline_at), now=now)
            moved += 1
        moving = DeadlineMoved(
            occurred_at=now, attempt_id=attempt.id, learner_id=attempt.learner_id, because=because, before=before, after=times_of(attempt)
        )
        publish(session, moving, actor_id=actor_id)
    session.flush()
    return moved


# ---- overrides


def set_override(
    session: Session,
    quiz_id: UUID,
    override: Override,
    *,
    actor: Staff,
    reason: str,
    now: datetime,
    learner_id: UUID | None = None,
    group_id: UUID | None = None,
) -> QuizOverride:
    """Set what is different at the quiz for one learner or for one group; what was set before is replaced."""
    check_manager(actor)
    reason = check_reason(reason)
    check_override(override)
    queries.lock_quiz(session, quiz_id)
    _require_others(session, actor, learner_id=learner_id, group_id=group_id)
    row = found.find_override_for(session, quiz_id, learner_id=learner_id, group_id=group_id)
    before = None if row is None else _describe(row.effect())
    if row is None:
        row = QuizOverride(quiz_id=quiz_id, learner_id=learner_id, group_id=group_id, reason=reason, set_by_id=actor.id, set_at=now)
        session.add(row)
    row.adopt(override)
    row.reason, row.set_by_id, row.set_at = reason, actor.id, now
    session.flush()
    _after_override(session, row, actor=actor, reason=reason, before=before, after=_describe(override), now=now)
    return row


def remove_override(session: Session, quiz_id: UUID, override_id: UUID, *, actor: Staff, reason: str, now: datetime) -> None:
    """Let the quiz's own terms hold again."""
    check_manager(actor)
    reason = check_reason(reason)
    queries.lock_quiz(session, quiz_id)
    row = found.get_override(session, quiz_id, override_id)
    _require_others(session, actor, learner_id=row.learner_id, group_id=row.group_id)
    session.delete(row)
    session.flush()
    _after_override(session, row, actor=actor, reason=reason, before=_describe(row.effect()), after=None, now=now)


def _require_others(session: Session, actor: Staff, *, learner_id: UUID | None, group_id: UUID | None) -> None:
    """Nobody sets their own terms, nor those of a group that they are in."""
    if learner_id is not None:
        check_other(actor, learner_id)
    if group_id is not None and found.find_member(session, group_id, actor.id) is not None:
        check_other(actor, actor.id)


def _describe(override: Override) -> dict[str, Any]:
    def shown(value: Any) -> Any:
        return value.isoformat() if isinstance(value, datetime) else value

    return {name: shown(getattr(override, name)) for name in ("minutes", "opens_at", "closes_at", "attempts", "waives_wait")}


def _after_override(
    session: Session,
    row: QuizOverride,
    *,
    actor: Staff,
    reason: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    now: datetime,
) -> None:
    changed = OverrideChanged(
        occurred_at=now,
        quiz_id=row.quiz_id,
        for_learner_id=row.learner_id,
        group_id=row.group_id,
        reason=reason,
        before=before,
        after=after,
    )
    publish(session, changed, actor_id=actor.id)
    learner_ids = [row.learner_id] if row.learner_id is not None else found.list_member_ids(session, row.group_id or row.id)
    refresh_deadlines(session, because="override", quiz_id=row.quiz_id, learner_ids=learner_ids, actor_id=actor.id, now=now)


# ---- groups


def create_group(session: Session, *, name: str, actor: Staff, now: datetime) -> LearnerGroup:
    """A new group without members."""
    check_manager(actor)
    name = " ".join(name.split())
    if not 1 <= len(name) <= MAX_GROUP_NAME:
        raise InvalidInputError(f"Give the group a name of at most {MAX_GROUP_NAME} characters.", field="name")
    if found.find_group_by_name(session, name) is not None:
        raise InvalidInputError("There is a group of this name already.", field="name")
    group = LearnerGroup(name=name, created_at=now)
    session.add(group)
    session.flush()
    publish(session, GroupChanged(occurred_at=now, group_id=group.id, change="made"), actor_id=actor.id)
    return group


def remove_group(session: Session, group_id: UUID, *, actor: Staff, now: datetime) -> None:
    """Remove a group that no quiz has an override for any more."""
    check_manager(actor)
    group = found.get_group(session, group_id)
    if found.list_group_quizzes(session, group_id):
        raise ConflictError("A quiz has an override for this group. Remove that first.")
    session.execute(delete(GroupMember).where(GroupMember.group_id == group_id))
    session.delete(group)
    session.flush()
    publish(session, GroupChanged(occurred_at=now, group_id=group_id, change="removed"), actor_id=actor.id)


def add_member(session: Session, group_id: UUID, learner_id: UUID, *, actor: Staff, now: datetime) -> None:
    """Put the learner into the group. Saying it twice changes nothing."""
    check_manager(actor)
    check_other(actor, learner_id)
    found.get_group(session, group_id)
    lock_user(session, learner_id)
    if found.find_member(session, group_id, learner_id) is not None:
        return
    if len(found.list_member_ids(session, group_id)) >= MAX_MEMBERS:
        raise ConflictError(f"A group has at most {MAX_MEMBERS:,} members.")
    session.add(GroupMember(group_id=group_id, learner_id=learner_id, added_at=now))
    session.flush()
    publish(session, GroupChanged(occurred_at=now, group_id=group_id, change="member added", member_id=learner_id), actor_id=actor.id)
    refresh_deadlines(session, because="group", learner_ids=[learner_id], actor_id=actor.id, now=now)


def remove_member(session: Session, group_id: UUID, learner_id: UUID, *, actor: Staff, now: datetime) -> None:
    """Take the learner out of the group. Saying it twice changes nothing."""
    check_manager(actor)
    check_other(actor, learner_id)
    lock_user(session, learner_id)
    member = found.find_member(session, group_id, learner_id)
    if member is None:
        return
    session.delete(member)
    session.flush()
    publish(session, GroupChanged(occurred_at=now, group_id=group_id, change="member removed", member_id=learner_id), actor_id=actor.id)
    refresh_deadlines(session, because="group", learner_ids=[learner_id], actor_id=actor.id, now=now)


# ---- accommodations


def accommodate(
    session: Session, learner_id: UUID, profile: Profile, *, reason: ReasonCategory, actor: Staff, now: datetime
) -> Accommodation:
    """Accommodate the learner in every quiz that has a limit, those that run included; replaces what was granted before."""
    check_other(actor, learner_id)
    check_profile(profile)
    if profile.expires_at is not None and profile.expires_at <= now:
        raise InvalidInputError("That day is over. Choose a later one, or none.", field="expires_at")
    lock_user(session, learner_id)
    row = found.find_accommodation(session, learner_id)
    before = None if row is None else _effect(row.effect())
    if row is None:
        row = Accommodation(
            learner_id=learner_id,
            multiplier=Decimal(1),
            extra_minutes=0,
            hides_timer=False,
            reason=reason,
            approved_by_id=actor.id,
            approved_at=now,
        )
        session.add(row)
    row.multiplier, row.extra_minutes, row.hides_timer = profile.multiplier, profile.extra_minutes, profile.hides_timer
    row.expires_at, row.reason, row.approved_by_id, row.approved_at = profile.expires_at, reason, actor.id, now
    session.flush()
    _after_accommodation(session, learner_id, actor=actor, before=before, after=_effect(profile), now=now)
    return row


def end_accommodation(session: Session, learner_id: UUID, *, actor: Staff, now: datetime) -> None:
    """Accommodate the learner no more. Without an accommodation there is nothing to do."""
    check_other(actor, learner_id)
    lock_user(session, learner_id)
    row = found.find_accommodation(session, learner_id)
    if row is None:
        return
    session.delete(row)
    session.flush()
    _after_accommodation(session, learner_id, actor=actor, before=_effect(row.effect()), after=None, now=now)


def _effect(profile: Profile) -> dict[str, Any]:
    return {
        "multiplier": str(profile.multiplier.normalize()),
        "extra_minutes": profile.extra_minutes,
        "hides_timer": profile.hides_timer,
        "expires_at": profile.expires_at.isoformat() if profile.expires_at else None,
    }


def _after_accommodation(
    session: Session, learner_id: UUID, *, actor: Staff, before: dict[str, Any] | None, after: dict[str, Any] | None, now: datetime
) -> None:
    publish(session, AccommodationChanged(occurred_at=now, for_learner_id=learner_id, before=before, after=after), actor_id=actor.id)
    refresh_deadlines(session, because="accommodation", learner_ids=[learner_id], actor_id=actor.id, now=now)
