"""Essays: what is kept of a text, what a grader's points are worth, and what an author may write."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurel.bank.formats.seed import read_question
from laurel.bank.rules import GradeState, QuestionKind, Severity, grade, parse_answer, parse_body
from laurel.bank.rules.essay import MAX_LENGTH, Essay, count_words, read_levels, write_levels
from laurel.core.errors import InvalidInputError
from tests.factories.bank import BODIES

KIND = QuestionKind.ESSAY


def essay(*criteria: dict[str, Any], **fields: Any) -> Essay:
    body = parse_body(KIND, BODIES[KIND] if not (criteria or fields) else {"criteria": list(criteria), **fields})
    assert isinstance(body, Essay)
    return body


def criterion(points: str = "4", *levels: str, **fields: Any) -> dict[str, Any]:
    return {"name": "Clear", "points": points, "levels": read_levels("\n".join(levels)), **fields}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  One line.  ", "One line."),
        ("First.\n\nSecond.", "First.\n\nSecond."),
        ("First.\r\nSecond.\rThird.", "First.\nSecond.\nThird."),
        ("Soft\x0bbreak\u2028here", "Soft\nbreak\nhere"),  # as word processors paste them
        ("Bell\x07 and \x00 nothing", "Bell and  nothing"),
        ("e\u0301", "é"),
        ("a" * MAX_LENGTH, "a" * MAX_LENGTH),
        ("\r\n".join("a" * 7500), "\n".join("a" * 7500)),  # 14,999 characters, however a form counts its line ends
    ],
)
def test_a_text_is_kept_with_its_line_breaks(typed: str, kept: str) -> None:
    assert parse_answer(KIND, essay(), {"text": typed}) == {"text": kept}


@pytest.mark.parametrize("raw", [None, {"text": None}, {"text": ""}, {"text": " \n\t\x0b "}])
def test_an_empty_essay_is_given_up_and_needs_no_grader(raw: Any) -> None:
    answer = parse_answer(KIND, essay(), raw)
    assert answer is None
    assert grade(KIND, essay(), answer).state is GradeState.GAVE_UP


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"text": "a" * (MAX_LENGTH + 1)}, "This is too long: 15,000 characters are allowed."),
        ({"text": "\u0958" * MAX_LENGTH}, "This is too long"),  # NFC makes two characters of each
        ({"text": "\ud800"}, "characters that cannot be stored"),
        ({"text": 7}, "An answer to this question is a text."),
        ({"text": "a", "more": 1}, "An answer to this question is a text."),
        ("a text", "An answer to this question is a text."),
    ],
)
def test_what_is_no_essay_is_refused(raw: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        parse_answer(KIND, essay(), raw)


def test_a_written_essay_waits_for_a_grader_and_earns_nothing_yet() -> None:
    found = grade(KIND, essay(), {"text": "Something"}, allow_negative=True)
    assert (found.fraction, found.state) == (0, GradeState.NEEDS_GRADING)


@pytest.mark.parametrize(
    ("raw", "fraction", "state"),
    [
        (["4", "2"], "1", GradeState.CORRECT),
        (["0", "0"], "0", GradeState.INCORRECT),
        (["2", "1"], "0.5", GradeState.PARTIALLY_CORRECT),
        (["4", "0.25"], "0.7083333334", GradeState.PARTIALLY_CORRECT),  # 4.25 of 6, rounded up
        ([" 2 ", "1,5"], "0.5833333334", GradeState.PARTIALLY_CORRECT),
    ],
)
def test_points_become_a_grade(raw: list[str], fraction: str, state: GradeState) -> None:
    body = essay()
    found = body.grade_points(body.read_points(raw))
    assert (found.fraction, found.state) == (Decimal(fraction), state)


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (["3", "2"], "points-0"),  # there is no such level
        (["", "2"], "points-0"),
        (["4", ""], "points-1"),
        (["4", "2.01"], "points-1"),
        (["4", "-1"], "points-1"),
        (["4", "1.234"], "points-1"),
        (["4", "many"], "points-1"),
        (["4", "1e400"], "points-1"),
        (["4", "NaN"], "points-1"),
        (["4"], None),
        (["4", "2", "2"], None),
    ],
)
def test_points_that_a_criterion_cannot_earn_are_refused_at_their_place(raw: list[str], place: str | None) -> None:
    with pytest.raises(InvalidInputError) as refused:
        essay().read_points(raw)
    assert refused.value.field == place


def test_three_thirds_make_a_whole() -> None:
    """Rounded down, three essays of a third would stay below the pass mark that they reach."""
    third = essay(criterion("3")).grade_points([Decimal(1)]).fraction
    assert 3 * third >= 1


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(0, 400)), min_size=1, max_size=6))
def test_a_grade_lies_between_nothing_and_everything_and_never_below_its_points(criteria: list[tuple[int, int]]) -> None:
    body = essay(*({"name": "x", "points": str(Decimal(most) / 4)} for most, _ in criteria))
    points = body.read_points([str(Decimal(min(most, given)) / 4) for most, given in criteria])
    found = body.grade_points(points)
    exact = sum(points, Decimal(0)) / body.max_points
    assert 0 <= exact <= found.fraction <= 1
    assert found.fraction - exact <= Decimal("1e-10")
    assert (found.fraction == 1) == (sum(points) == body.max_points)


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"criteria": [{"points": "4"}]}, "criteria-0-name"),
        ({"criteria": [criterion(), criterion("")]}, "criteria-1-points"),
        ({"criteria": [criterion("0")]}, "criteria-0-points"),
        ({"criteria": [criterion("1001")]}, "criteria-0-points"),
        ({"criteria": [criterion("1.234")]}, "criteria-0-points"),
        ({"criteria": [criterion("4", "5: More than all")]}, "criteria-0-levels"),
        ({"criteria": [criterion("4", "4: Good", "4.0: Good, too")]}, "criteria-0-levels"),
        ({"criteria": [criterion("4", "Good")]}, "criteria-0-levels"),
        ({"criteria": [criterion("4", "4:")]}, "criteria-0-levels"),
        ({"criteria": [criterion()] * 21}, "criteria"),
        ({"min_words": "1.5"}, "min_words"),
        ({"max_words": "-3"}, "max_words"),
        ({"min_words": "300", "max_words": "200"}, "max_words"),
        ({"model_answer": 5}, "model_answer"),
    ],
)
def test_what_an_author_may_not_write_is_refused_at_its_place(fields: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        essay(**fields)
    assert refused.value.field == place


@pytest.mark.parametrize(
    ("fields", "severity", "message"),
    [
        ({"criteria": []}, Severity.ERROR, "There is no criterion: nothing that a grader could give points for."),
        ({"criteria": [criterion("4", "3: Good", "0: Bad")]}, Severity.ERROR, "No level of “Clear” earns all its points."),
        ({"criteria": [criterion("4", "4: Good")]}, Severity.WARNING, "No level of “Clear” earns nothing."),
        ({"criteria": [criterion()]}, Severity.WARNING, "“Clear” does not say what earns its points."),
        ({"criteria": [criterion()]}, Severity.WARNING, "There is no model answer to compare with."),
    ],
)
def test_what_speaks_against_using_it(fields: dict[str, Any], severity: Severity, message: str) -> None:
    assert message in [found.message for found in essay(**fields).check() if found.severity is severity]


def test_levels_survive_being_written_as_lines() -> None:
    levels = essay().criteria[0].levels
    assert write_levels(levels) == "4: Named and explained\n2: Named\n0: Missing"
    assert [level.to_json() for level in levels] == read_levels(write_levels(levels))
    assert read_levels("\n 3 : Clear: in two parts\n") == [{"points": "3", "text": "Clear: in two parts"}]


def test_everything_an_author_wrote_can_be_compared_and_searched() -> None:
    parts = {part.label: part.text for part in essay().parts()}
    assert parts["Length"] == "50 to 300 words"
    assert parts["Criterion 2"] == "Gives an example"
    assert parts["Levels of criterion 1"].startswith("4: Named and explained")
    assert parts["Notes for graders"] == "Be generous with spelling."


@pytest.mark.parametrize(
    ("limits", "asked"),
    [
        ({}, ""),
        ({"min_words": "50"}, "50 words or more"),
        ({"max_words": 300}, "300 words at most"),
        ({"min_words": "0", "max_words": ""}, ""),
        ({"min_words": "5", "max_words": "5"}, "5 to 5 words"),
    ],
)
def test_the_length_is_said_in_words(limits: dict[str, Any], asked: str) -> None:
    assert essay(criterion(), **limits).length_asked == asked


@pytest.mark.parametrize(("text", "words"), [("", 0), ("one", 1), ("  two\n\nwords ", 2), ("it's well-known", 2)])
def test_words_are_what_stands_between_spaces(text: str, words: int) -> None:
    assert count_words(text) == words


def record(**changes: Any) -> dict[str, Any]:
    texts = {"id": "e-1", "type": "essay", "domain": "x", "objective": "Say", "stem": "Why?", "general_feedback": "So."}
    levels = [{"points": "2", "text": "Good"}, {"points": "0", "text": "Bad"}]
    return texts | {"difficulty": 2, "min_words": 50, "criteria": [{"name": "Clear", "points": "2", "levels": levels}]} | changes


def test_a_record_of_the_seed_becomes_an_essay() -> None:
    body = read_question(record(model_answer="Because.")).body
    assert isinstance(body, Essay)
    assert (body.min_words, body.max_words, body.model_answer) == (50, None, "Because.")
    assert [level.points for level in body.criteria[0].levels] == [2, 0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"criteria": []}, "e-1: criteria are missing"),
        ({"criteria": [{"name": "Clear", "points": 2}]}, "e-1, criterion 1: points must be text in quotes."),
        ({"criteria": [{"name": "Clear", "points": "2", "levels": ["2: Good"]}]}, "e-1, criterion 1: levels are missing."),
        ({"criteria": [{"name": "Clear", "points": "2", "key": "x"}]}, "e-1, criterion 1: there is no field called key here."),
        ({"min_words": "50"}, "e-1: min_words must be a whole number"),
        ({"answers": []}, "e-1: there is no field called answers here."),
    ],
)
def test_a_record_that_is_wrong_says_where(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        read_question(record(**changes))
