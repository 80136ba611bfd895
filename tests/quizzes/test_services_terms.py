"""Overrides, groups and accommodations: what a learner has at the start, and what follows for those at work."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core.errors import ConflictError, ForbiddenError, InvalidInputError
from laurel.core.events import EventRecord
from laurel.quizzes import queries, services
from laurel.quizzes.models import Attempt, Quiz
from laurel.quizzes.rules import AttemptState
from laurel.quizzes.rules.staff import Staff
from laurel.quizzes.rules.starting import Obstacle
from laurel.quizzes.rules.terms import NEVER, Override, Profile, ReasonCategory
from tests.conftest import QueryCount
from tests.factories.accounts import make_user
from tests.factories.quizzes import answer_all, make_attempt, make_quiz
from tests.factories.terms import WHY, make_accommodation, make_group, make_override, make_staff

HOUR = timedelta(hours=1)


def events(session: Session, name: str) -> list[EventRecord]:
    return list(session.scalars(select(EventRecord).where(EventRecord.name == name).order_by(EventRecord.id)))


def told(attempt: Attempt) -> list[str]:
    return [one["text"] for one in attempt.announcements or []]


def test_an_attempt_begins_with_what_was_set_for_its_learner(session: Session, now: datetime) -> None:
    quiz, learner = make_quiz(session, minutes=60, closes_at=now + 3 * HOUR), make_user(session)
    make_accommodation(session, learner.id, multiplier="1.5", extra_minutes=10, hides_timer=True, now=now)
    attempt = make_attempt(session, quiz, learner_id=learner.id, now=now)
    assert attempt.deadline_at == now + timedelta(minutes=100)
    assert (attempt.limit_seconds, attempt.time_multiplier, attempt.extra_seconds, attempt.hides_timer) == (6000, Decimal("1.5"), 600, True)
    other = make_attempt(session, quiz, now=now)
    assert (other.deadline_at, other.hides_timer) == (now + HOUR, False)


def test_the_window_cuts_an_accommodation_and_the_lobby_says_so(session: Session, now: datetime) -> None:
    quiz, learner = make_quiz(session, minutes=60, closes_at=now + timedelta(minutes=75)), make_user(session)
    make_accommodation(session, learner.id, multiplier="2", now=now)
    lobby = queries.describe_lobby(session, quiz.id, learner.id, now=now)
    assert (lobby.minutes, lobby.real_minutes, lobby.is_accommodated) == (120, 75, True)
    assert make_attempt(session, quiz, learner_id=learner.id, now=now).deadline_at == now + timedelta(minutes=75)


def test_an_expired_accommodation_is_none_and_one_that_expires_meanwhile_lasts(session: Session, now: datetime) -> None:
    quiz, learner = make_quiz(session, minutes=60), make_user(session)
    make_accommodation(session, learner.id, now=now, expires_at=now + timedelta(minutes=5))
    attempt = make_attempt(session, quiz, learner_id=learner.id, now=now)
    make_override(session, quiz, learner_id=learner.id, attempts=5, now=now + timedelta(minutes=10))
    assert attempt.deadline_at == now + timedelta(minutes=90)
    late = now + timedelta(minutes=5)
    assert queries.describe_lobby(session, quiz.id, learner.id, now=late).minutes == 60


def test_attempts_window_and_wait_follow_the_override(session: Session, now: datetime) -> None:
    quiz, learner = make_quiz(session, attempts_allowed=1, retake_wait_hours=(24,), closes_at=now + HOUR), make_user(session)
    attempt = make_attempt(session, quiz, learner_id=learner.id, now=now)
    answer_all(session, attempt, right=0, now=now)
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=learner.id, now=now)
    with pytest.raises(services.StartRefusedError) as refused:
        make_attempt(session, quiz, learner_id=learner.id, now=now + 2 * HOUR)
    assert refused.value.obstacle is Obstacle.CLOSED
    make_override(session, quiz, learner_id=learner.id, attempts=2, closes_at=NEVER, waives_wait=True, now=now)
    lobby = queries.describe_lobby(session, quiz.id, learner.id, now=now + 2 * HOUR)
    assert (lobby.may_start, lobby.attempts_allowed, lobby.attempts_left, lobby.closes_at) == (True, 2, 1, None)
    assert make_attempt(session, quiz, learner_id=learner.id, now=now + 2 * HOUR).number == 2


def test_a_later_close_for_one_learner_keeps_the_right_answers_from_them(session: Session, now: datetime) -> None:
    quiz, learner = make_quiz(session, closes_at=now + HOUR), make_user(session)
    attempt = make_attempt(session, quiz, learner_id=learner.id, now=now)
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=learner.id, now=now)
    make_override(session, quiz, learner_id=learner.id, closes_at=now + 9 * HOUR, now=now)
    assert queries.get_result(session, learner.id, attempt.id, now=now + 2 * HOUR).next.obstacle is None


@pytest.mark.parametrize("different", [{"minutes": 90}, {"minutes": 0}, {"minutes": 30}])
def test_an_override_reaches_an_attempt_that_runs(session: Session, now: datetime, different: dict[str, int]) -> None:
    quiz = make_quiz(session, minutes=60)
    attempt = make_attempt(session, quiz, now=now)
    make_override(session, quiz, learner_id=attempt.learner_id, now=now, **different)
    expected = now + timedelta(minutes=different["minutes"]) if different["minutes"] else None
    assert attempt.deadline_at == expected
    assert len(told(attempt)) == 1
    moved = events(session, "DeadlineMoved")[0]
    assert (moved.subject_id, moved.facts["because"]) == (attempt.id, "override")
    assert moved.facts["before"]["deadline_at"] == (now + HOUR).isoformat()


def test_taking_an_override_away_brings_the_quizzes_terms_back(session: Session, now: datetime) -> None:
    quiz = make_quiz(session, minutes=60)
    attempt = make_attempt(session, quiz, now=now)
    row = make_override(session, quiz, learner_id=attempt.learner_id, minutes=90, now=now)
    services.remove_override(session, quiz.id, row.id, actor=make_staff(session), reason=WHY, now=now)
    assert attempt.deadline_at == now + HOUR
    first, last = events(session, "OverrideChanged")
    assert (first.facts["before"], first.facts["after"]["minutes"], first.facts["reason"]) == (None, 90, WHY)
    assert (last.facts["before"]["minutes"], last.facts["after"]) == (90, None)


def test_groups_reach_their_members_and_nobody_else(session: Session, now: datetime) -> None:
    quiz, staff = make_quiz(session, minutes=60), make_staff(session)
    inside, outside = make_attempt(session, quiz, now=now), make_attempt(session, quiz, now=now)
    group = make_group(session, inside.learner_id)
    make_override(session, quiz, group_id=group.id, minutes=80, now=now)
    assert (inside.deadline_at, outside.deadline_at) == (now + timedelta(minutes=80), now + HOUR)
    services.add_member(session, group.id, outside.learner_id, actor=staff, now=now)
    services.remove_member(session, group.id, inside.learner_id, actor=staff, now=now)
    assert (inside.deadline_at, outside.deadline_at) == (now + HOUR, now + timedelta(minutes=80))
    services.add_member(session, group.id, outside.learner_id, actor=staff, now=now)
    assert len(events(session, "GroupChanged")) == 4


def test_a_group_in_use_is_not_removed(session: Session, now: datetime) -> None:
    quiz, staff, group = make_quiz(session), make_staff(session), make_group(session, make_user(session).id)
    row = make_override(session, quiz, group_id=group.id, minutes=80)
    with pytest.raises(ConflictError, match="Remove that first"):
        services.remove_group(session, group.id, actor=staff, now=now)
    services.remove_override(session, quiz.id, row.id, actor=staff, reason=WHY, now=now)
    services.remove_group(session, group.id, actor=staff, now=now)
    with pytest.raises(InvalidInputError):
        services.create_group(session, name="  ", actor=staff, now=now)


def test_a_second_group_of_the_same_name_is_refused(session: Session, now: datetime) -> None:
    make_group(session, name="Berlin")
    with pytest.raises(InvalidInputError, match="already"):
        make_group(session, name=" berlin ")


def test_an_accommodation_reaches_all_attempts_of_the_learner(session: Session, now: datetime) -> None:
    learner = make_user(session)
    attempts = [make_attempt(session, make_quiz(session, minutes=60), learner_id=learner.id, now=now) for _ in range(2)]
    make_accommodation(session, learner.id, multiplier="1.25", now=now)
    assert {attempt.deadline_at for attempt in attempts} == {now + timedelta(minutes=75)}
    services.end_accommodation(session, learner.id, actor=make_staff(session), now=now)
    services.end_accommodation(session, learner.id, actor=make_staff(session), now=now)
    assert {attempt.deadline_at for attempt in attempts} == {now + HOUR}
    changes = events(session, "AccommodationChanged")
    assert len(changes) == 2
    assert changes[0].facts["after"]["multiplier"] == "1.25"
    assert ReasonCategory.OTHER.value not in str(changes[0].facts)  # the log keeps the effect


def test_an_overdue_attempt_that_has_time_again_goes_on(session: Session, now: datetime) -> None:
    quiz = make_quiz(session, expiry_policy="grace_period", grace_seconds=600, minutes=60)
    attempt = make_attempt(session, quiz, now=now)
    services.expire_overdue(session, now=now + HOUR + timedelta(minutes=1))
    assert attempt.state is AttemptState.OVERDUE
    make_accommodation(session, attempt.learner_id, multiplier="2", now=now + HOUR + timedelta(minutes=2))
    assert (attempt.state, attempt.deadline_at) == (AttemptState.IN_PROGRESS, now + 2 * HOUR)


def publish(session: Session, quiz: Quiz, now: datetime, **changes: object) -> None:
    version = queries.get_published(session, quiz.id)[1]
    wanted = version.settings()
    for name, value in changes.items():
        object.__setattr__(wanted, name, value)
    services.save_settings(session, quiz.id, title=version.title, settings=wanted, author_id=quiz.owner_id, now=now, base=version.token)
    services.publish_quiz(session, quiz.id, author_id=quiz.owner_id, now=now)


def test_publishing_more_time_reaches_attempts_that_run_and_less_takes_none(session: Session, now: datetime) -> None:
    quiz = make_quiz(session, minutes=60, closes_at=now + 2 * HOUR)
    attempt, other = make_attempt(session, quiz, now=now), make_attempt(session, make_quiz(session), now=now)
    publish(session, quiz, now, minutes=30, closes_at=now + HOUR / 2)
    assert attempt.deadline_at == now + HOUR
    publish(session, quiz, now, minutes=180, closes_at=now + 2 * HOUR + HOUR / 2)
    assert attempt.deadline_at == now + 2 * HOUR + HOUR / 2
    assert other.deadline_at == now + HOUR
    assert len(told(attempt)) == 1


@pytest.mark.parametrize("role", ["support", "self"])
def test_who_may_not_set_terms_changes_nothing(session: Session, now: datetime, role: str) -> None:
    quiz, learner = make_quiz(session), make_user(session, roles=["admin"])
    actor = make_staff(session, role="support") if role == "support" else Staff(id=learner.id, may_manage=True)
    group = make_group(session, learner.id)
    acts = [
        lambda: services.set_override(session, quiz.id, Override(minutes=0), actor=actor, reason=WHY, now=now, learner_id=learner.id),
        lambda: services.set_override(session, quiz.id, Override(minutes=0), actor=actor, reason=WHY, now=now, group_id=group.id),
        lambda: services.add_member(session, group.id, learner.id, actor=actor, now=now),
    ]
    if role == "self":
        profile = Profile(multiplier=Decimal(2))
        acts.append(lambda: services.accommodate(session, learner.id, profile, reason=ReasonCategory.OTHER, actor=actor, now=now))
    for act in acts:
        with pytest.raises(ForbiddenError):
            act()
    assert queries.describe_lobby(session, quiz.id, learner.id, now=now).minutes == 60


def test_recomputing_many_attempts_takes_no_query_for_each_that_stays(session: Session, now: datetime, queries: QueryCount) -> None:
    quiz = make_quiz(session, minutes=60)
    counts = []
    for _ in range(2):
        for _ in range(5):
            make_attempt(session, quiz, now=now)
        session.flush()
        queries.clear()
        services.refresh_deadlines(session, because="test", quiz_id=quiz.id, now=now)
        counts.append(queries.selects)
    assert counts[1] - counts[0] <= 5  # the outages of each are looked up under its lock, and nothing else
