"""What holders write about an activity, and how points are read and added up."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laurel.core.errors import ConflictError, InvalidInputError
from laurel.credentials.models import PointActivity
from laurel.credentials.rules.points import (
    MAX_LINK,
    NEXT,
    ActivityFacts,
    ActivityState,
    Tally,
    check_activity,
    fold_title,
    parse_points,
    points_text,
)
from laurel.credentials.rules.renewing import Paths, RenewalTerms, check_terms

AWARDED, ENDS, NOW = (datetime(year, 3, 1, 12, tzinfo=UTC) for year in (2026, 2027, 2027))


@given(st.integers(min_value=1, max_value=999_900))
@settings(max_examples=60)
def test_points_are_read_as_they_are_written(hundredths: int) -> None:
    assert parse_points(points_text(hundredths)) == hundredths
    assert Decimal(points_text(hundredths)) * 100 == hundredths
    assert parse_points(f" {hundredths // 100},{hundredths % 100:02d} ") == hundredths


def read(text: str) -> int | str | None:
    """The points, or the field that is complained about."""
    try:
        return parse_points(text)
    except InvalidInputError as error:
        return error.field


@given(st.one_of(st.text(max_size=8), st.from_regex(r"[0-9]{0,5}[.,]?[0-9]{0,3}", fullmatch=True)))
@settings(max_examples=150)
def test_whatever_is_written_is_points_or_is_refused_in_words(text: str) -> None:
    is_written = re.fullmatch(r"[0-9]{1,4}([.,][0-9]{1,2})?", text.strip())
    value = Decimal(is_written[0].replace(",", ".")) if is_written is not None else Decimal(0)
    is_good = 0 < value <= 9999 and not re.match("0[0-9]", text.strip())

    assert read(text) == (int(value * 100) if is_good else "points")


@pytest.mark.parametrize("text", [
    "", "0", "0.00", "-1", "+1", "1e3", "1.234", "9999.01", "10000", "1,000.5", ".5", "5.", "007", "٧", "½",
])  # fmt: skip
def test_what_is_no_number_of_points_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_points(text)


def facts(**given: Any) -> ActivityFacts:
    usual = {
        "title": "A talk",
        "provider": "Somebody",
        "happened_on": date(2026, 9, 1),
        "hundredths": 100,
        "link": "",
        "note": "I was there.",
    }
    return ActivityFacts(**{**usual, **given})


def check(found: ActivityFacts) -> ActivityFacts:
    return check_activity(found, awarded_at=AWARDED, ends_at=ENDS, now=NOW)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": " — "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"provider": ""}, "provider"),
        ({"happened_on": date(2026, 2, 28)}, "happened_on"),
        ({"happened_on": date(2027, 3, 2)}, "happened_on"),
        ({"hundredths": 0}, "points"),
        ({"hundredths": 999_901}, "points"),
        ({"note": ""}, "link"),
        ({"note": "x" * 2001}, "note"),
        ({"link": "javascript:alert(1)"}, "link"),
        ({"link": "example.com"}, "link"),
        ({"link": "https://a b.example"}, "link"),
        ({"link": "https://me:secret@a.example"}, "link"),
        ({"link": "https://[half"}, "link"),
        ({"link": f"https://a.example/{'x' * MAX_LINK}"}, "link"),
    ],
)
def test_what_is_missing_or_wrong_is_said_beside_its_field(given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check(facts(**given))

    assert refused.value.field == field


@pytest.mark.parametrize("day", [date(2026, 3, 1), date(2027, 3, 1)])
def test_the_first_and_the_last_day_of_the_certificate_count(day: date) -> None:
    assert check(facts(happened_on=day)).happened_on == day


def test_the_days_that_count_are_told_as_on_every_page() -> None:
    with pytest.raises(InvalidInputError, match=r"valid: 1 March 2026 to \d+ [A-Z][a-z]+ 202\d\.$"):
        check(facts(happened_on=date(2026, 2, 28)))


def test_what_is_kept_is_tidy() -> None:
    tidy = check(facts(title=" A \u202e talk ", link=" https://a.example/x?y=1#z ", note=""))

    assert (tidy.title, tidy.link) == ("A talk", "https://a.example/x?y=1#z")


@pytest.mark.parametrize(
    ("needed", "approved", "waiting", "missing", "is_complete"),
    [(30, 0, 0, 3000, False), (30, 2999, 500, 1, False), (30, 3000, 0, 0, True), (30, 3050, 0, 0, True), (0, 3000, 0, 0, False)],
)
def test_a_tally_says_what_is_missing(needed: int, approved: int, waiting: int, missing: int, is_complete: bool) -> None:
    tally = Tally.of(needed, {ActivityState.APPROVED: approved, ActivityState.WAITING: waiting, ActivityState.REFUSED: 9999})

    assert (tally.missing, tally.is_complete, tally.waiting) == (missing, is_complete, waiting)


def test_an_activity_goes_only_where_its_state_leads() -> None:
    for state in ActivityState:
        for wanted in ActivityState:
            given = {name: getattr(facts(), name) for name in ("title", "provider", "happened_on", "hundredths", "link", "note")}
            activity = PointActivity(credential_id=None, entered_at=NOW, state=state, **given)  # type: ignore[arg-type]
            if wanted in NEXT[state]:
                activity.advance(wanted)
                assert activity.state is wanted
            else:
                with pytest.raises(ConflictError):
                    activity.advance(wanted)


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (Paths(exam=False, points=30), "with 30 CPD points"),
        (Paths(exam=True, points=1), "by passing the exam again or with 1 CPD point"),
        (Paths(exam=True, fee=True, points=30), "by passing the exam again, for a fee or with 30 CPD points"),
        (Paths(exam=False), ""),
    ],
)
def test_the_ways_are_named_as_a_person_would(paths: Paths, words: str) -> None:
    assert paths.words == words


@pytest.mark.parametrize("points", [-1, 10_000, 7.5, True, "30"])
def test_a_program_asks_for_a_whole_number_of_points(points: Any) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_terms(RenewalTerms(points=points))

    assert refused.value.field == "renewal_points"


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("Prompts, at Scale!", "prompts  at scale", True),
        ("Straße", "STRASSE", True),
        ("ﬁnal talk", "Final-Talk", True),
        ("Talk 1", "Talk 2", False),
        ("???", "!!!", False),
    ],
)
def test_titles_are_the_same_however_they_are_spelled(one: str, other: str, is_same: bool) -> None:
    assert (fold_title(one) == fold_title(other)) is is_same
