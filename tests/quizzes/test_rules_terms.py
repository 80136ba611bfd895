from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laurel.core.errors import ForbiddenError, InvalidInputError
from laurel.core.ids import new_id
from laurel.quizzes.rules import staff
from laurel.quizzes.rules.quizzes import MAX_MINUTES
from laurel.quizzes.rules.staff import Staff
from laurel.quizzes.rules.terms import (
    ALWAYS,
    NEVER,
    Override,
    Profile,
    QuizTerms,
    Terms,
    check_override,
    check_profile,
    keep_generous,
    resolve,
)

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ONE, TWO = NOON + timedelta(hours=1), NOON + timedelta(hours=2)
QUIZ = QuizTerms(minutes=60, opens_at=NOON, closes_at=TWO, attempts=3, wait_hours=(24,))
NO_LIMIT = QuizTerms(minutes=None, opens_at=None, closes_at=None, attempts=None, wait_hours=())


def terms(own: Override | None = None, *groups: Override, profile: Profile | None = None, quiz: QuizTerms = QUIZ) -> Terms:
    return resolve(quiz, own=own, groups=groups, profile=profile)


def minutes(found: Terms) -> float | None:
    return None if found.limit is None else found.limit.total_seconds() / 60


def test_without_anything_set_the_quiz_decides() -> None:
    found = terms()
    assert (minutes(found), found.opens_at, found.closes_at, found.attempts, found.wait_hours) == (60, NOON, TWO, 3, (24,))
    assert (found.multiplier, found.hides_timer) == (None, False)


@pytest.mark.parametrize(
    ("own", "groups", "expected"),
    [
        (None, [30, 90, 45], 90),
        (None, [30, 0, 90], None),  # 0 is no limit, and that beats all
        (40, [0, 90], 40),  # one's own goes first, also if it is less
        (0, [90], None),
        (None, [None, 20], 20),  # less than the quiz's, and yet what was set for the group
        (None, [None], 60),
    ],
)
def test_the_limit_is_ones_own_else_the_most_generous_of_the_groups(
    own: int | None, groups: list[int | None], expected: int | None
) -> None:
    mine = None if own is None else Override(minutes=own)
    assert minutes(terms(mine, *(Override(minutes=one) for one in groups))) == expected


@pytest.mark.parametrize(
    ("own", "groups", "field", "expected"),
    [
        (None, [{"closes_at": ONE}, {"closes_at": NEVER}], "closes_at", None),
        ({"closes_at": ONE}, [{"closes_at": NEVER}], "closes_at", ONE),
        (None, [{"closes_at": ONE}, {"closes_at": NOON}], "closes_at", ONE),
        (None, [{"opens_at": ONE}, {"opens_at": ALWAYS}], "opens_at", None),
        (None, [{"opens_at": TWO}, {"opens_at": ONE}], "opens_at", ONE),
        (None, [{"attempts": 5}, {"attempts": 4}], "attempts", 5),
        (None, [{"attempts": 5}, {"attempts": 0}], "attempts", None),
        ({"attempts": 1}, [{"attempts": 0}], "attempts", 1),
        (None, [{"waives_wait": True}, {"minutes": 5}], "wait_hours", ()),
        ({"minutes": 5}, [{"waives_wait": True}], "wait_hours", ()),  # each field for itself
        ({"minutes": 5}, [], "wait_hours", (24,)),
    ],
)
def test_each_field_is_resolved_for_itself(own: dict[str, Any] | None, groups: list[dict[str, Any]], field: str, expected: Any) -> None:
    found = terms(None if own is None else Override(**own), *(Override(**one) for one in groups))
    assert getattr(found, field) == expected


@pytest.mark.parametrize(
    ("base", "multiplier", "extra", "expected"),
    [
        (60, "1.25", 0, 75),
        (60, "1.5", 10, 100),
        (45, "1.25", 0, 56.25),
        (60, "1", 15, 75),
        (None, "2", 30, None),
        (7, "1.33", 0, 9.3166667),
    ],
)
def test_a_profile_stretches_the_quizzes_limit(base: int | None, multiplier: str, extra: int, expected: float | None) -> None:
    quiz = QuizTerms(minutes=base, opens_at=None, closes_at=None, attempts=None, wait_hours=())
    found = minutes(terms(profile=Profile(multiplier=Decimal(multiplier), extra_minutes=extra), quiz=quiz))
    assert found == (None if expected is None else pytest.approx(expected))


def test_a_limit_that_was_set_for_somebody_is_meant_as_it_stands() -> None:
    profile = Profile(multiplier=Decimal(2), extra_minutes=10, hides_timer=True)
    found = terms(Override(minutes=30), profile=profile)
    assert (minutes(found), found.multiplier, found.hides_timer) == (30, None, True)


COUNTS = st.one_of(st.none(), st.integers(0, MAX_MINUTES))
MOMENTS = st.one_of(st.none(), st.just(NEVER), st.integers(0, 10_000).map(lambda m: NOON + timedelta(minutes=m)))
OVERRIDES = st.builds(Override, minutes=COUNTS, closes_at=MOMENTS, attempts=COUNTS, waives_wait=st.sampled_from([None, True]))
PROFILES = st.builds(Profile, multiplier=st.decimals(1, 4, places=2), extra_minutes=st.integers(0, 480), hides_timer=st.booleans())


def is_at_least(one: Any, other: Any) -> bool:
    """None is no limit: more than any."""
    return one is None or (other is not None and one >= other)


@settings(max_examples=60, deadline=None)
@given(groups=st.lists(OVERRIDES, max_size=4), another=OVERRIDES, profile=st.one_of(st.none(), PROFILES))
def test_another_group_never_takes_away_what_a_group_gave(groups: list[Override], another: Override, profile: Profile | None) -> None:
    before, after = terms(None, *groups, profile=profile), terms(None, *groups, another, profile=profile)
    for field in ("minutes", "attempts", "closes_at"):
        if any(getattr(group, field) is not None for group in groups):
            name = "limit" if field == "minutes" else field
            assert is_at_least(getattr(after, name), getattr(before, name))


@settings(max_examples=60, deadline=None)
@given(own=st.one_of(st.none(), OVERRIDES), groups=st.lists(OVERRIDES, max_size=4), profile=st.one_of(st.none(), PROFILES))
def test_the_order_of_groups_decides_nothing_and_a_profile_never_shortens(
    own: Override | None, groups: list[Override], profile: Profile | None
) -> None:
    assert terms(own, *groups, profile=profile) == terms(own, *reversed(groups), profile=profile)
    assert is_at_least(terms(own, *groups, profile=profile).limit, terms(own, *groups).limit)


@settings(max_examples=60, deadline=None)
@given(own=OVERRIDES, groups=st.lists(OVERRIDES, max_size=3))
def test_what_is_ones_own_holds_whatever_the_groups_say(own: Override, groups: list[Override]) -> None:
    found = terms(own, *groups)
    if own.minutes is not None:
        assert minutes(found) == (own.minutes or None)
    if own.attempts is not None:
        assert found.attempts == (own.attempts or None)


def test_a_new_version_gives_time_to_those_at_work_and_takes_none() -> None:
    more = QuizTerms(minutes=90, opens_at=ONE, closes_at=ONE, attempts=1, wait_hours=())
    kept = keep_generous(QUIZ, more)
    assert (kept.minutes, kept.closes_at, kept.opens_at, kept.attempts) == (90, TWO, ONE, 1)
    assert keep_generous(more, QUIZ).minutes == 90
    assert keep_generous(QUIZ, NO_LIMIT).minutes is keep_generous(NO_LIMIT, QUIZ).closes_at is None


@pytest.mark.parametrize(
    ("override", "field"),
    [
        (Override(), "minutes"),
        (Override(minutes=-1), "minutes"),
        (Override(minutes=MAX_MINUTES + 1), "minutes"),
        (Override(attempts=101), "attempts"),
        (Override(opens_at=TWO, closes_at=ONE), "closes_at"),
    ],
)
def test_an_override_that_cannot_be_is_refused_beside_its_field(override: Override, field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_override(override)
    assert refused.value.field == field


@pytest.mark.parametrize("override", [Override(minutes=0), Override(closes_at=NEVER, opens_at=ALWAYS), Override(waives_wait=True)])
def test_no_limit_and_never_can_be_said(override: Override) -> None:
    check_override(override)


@pytest.mark.parametrize(
    ("facts", "field"),
    [({}, "multiplier"), ({"multiplier": Decimal("0.5")}, "multiplier"), ({"multiplier": Decimal(5)}, "multiplier"),
     ({"multiplier": Decimal("1.255")}, "multiplier"), ({"extra_minutes": 481}, "extra_minutes"), ({"extra_minutes": -1}, "extra_minutes")],
)  # fmt: skip
def test_a_profile_that_changes_nothing_or_too_much_is_refused(facts: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_profile(Profile(**facts))
    assert refused.value.field == field


def test_a_profile_expires() -> None:
    profile = Profile(extra_minutes=5, expires_at=ONE)
    assert profile.is_valid_at(NOON)
    assert not profile.is_valid_at(ONE)


# ---- who may


@pytest.mark.parametrize(
    ("may_manage", "minutes", "added", "error"),
    [
        (False, 60, 0, None),
        (False, 61, 0, InvalidInputError),
        (False, 10, 50 * 60, None),
        (False, 11, 50 * 60, InvalidInputError),
        (False, 1, 60 * 60, ForbiddenError),
        (True, 600, 60 * 60, None),
        (True, 0, 0, InvalidInputError),
        (True, 1441, 0, InvalidInputError),
    ],
)
def test_support_gives_an_hour_in_all_and_admins_more(may_manage: bool, minutes: int, added: int, error: type[Exception] | None) -> None:
    actor = Staff(id=new_id(), may_manage=may_manage)
    if error is None:
        staff.check_extension(actor, minutes=minutes, added_seconds=added)
    else:
        with pytest.raises(error):
            staff.check_extension(actor, minutes=minutes, added_seconds=added)


@pytest.mark.parametrize("reason", ["", "  ", "x", "y" * 501])
def test_a_reason_is_a_reason(reason: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        staff.check_reason(reason)
    assert refused.value.field == "reason"


def test_nobody_acts_on_their_own() -> None:
    actor = Staff(id=new_id(), may_manage=True)
    with pytest.raises(ForbiddenError):
        staff.check_other(actor, actor.id)
