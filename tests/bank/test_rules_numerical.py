"""Numbers as people write them, tolerances to the last digit, units."""

from decimal import Decimal
from typing import Any

import pytest

from laurel.bank.rules import GradeState, QuestionKind, grade, parse_answer, parse_body, right_answer_text
from laurel.bank.rules.numbers import parse_number
from laurel.core.errors import InvalidInputError

KIND = QuestionKind.NUMERICAL


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4096", "4096"),
        (" 4096 ", "4096"),
        ("+5", "5"),
        ("-5", "-5"),
        ("\u22125", "-5"),
        ("- 5", "-5"),
        (".2", "0.2"),
        ("1.", "1"),
        ("1.50", "1.5"),
        ("007", "7"),
        ("1,234", "1234"),
        ("1,234,567.8", "1234567.8"),
        ("12,34,567", "1234567"),
        ("1 234 567", "1234567"),
        ("1\u00a0234", "1234"),
        ("1\u2009234", "1234"),
        ("1\u202f234", "1234"),
        ("1'234", "1234"),
        ("1\u2019234", "1234"),
        ("1e3", "1000"),
        ("1E3", "1000"),
        ("1.5e-3", "0.0015"),
        ("1.5e\u22123", "0.0015"),
        ("1e+3", "1000"),
        ("1.5x10^3", "1500"),
        ("1.5\u00d710^3", "1500"),
        ("1.5*10**3", "1500"),
        ("1.5 \u00d7 10^\u22123", "0.0015"),
        ("\u2212.5e2", "-50"),
        ("0", "0"),
        ("1e1000", "1e1000"),
    ],
)
def test_a_number_is_read(text: str, expected: str) -> None:
    assert parse_number(text) == Decimal(expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "-",
        "e3",
        "1e",
        "1e1.5",
        "1,5",
        "1,23",
        "1,2345",
        "1,234 567",
        ",5",
        "1.2.3",
        "1 2",
        "--5",
        "5-",
        "0x1F",
        "1/2",
        "1.5x10",
        "NaN",
        "inf",
        "Infinity",
        "\u0665",
        "\uff14\uff12",
        "five",
        "5 km",
        "1e1001",
        "1e99999999999999999999",
        "9" * 201,
    ],
)
def test_anything_else_is_no_number(text: str) -> None:
    assert parse_number(text) is None


def body(**answer: Any) -> Any:
    return parse_body(KIND, {"answers": [{"fraction": "1"} | answer]})


@pytest.mark.parametrize(
    ("value", "tolerance", "kind", "inside", "outside"),
    [
        ("10", "", "nominal", ["10", "10.0", "1e1"], ["10.0000000001", "9.9999999999"]),
        ("10", "0.5", "nominal", ["9.5", "10.5"], ["9.4999999999", "10.5000000001"]),
        ("-10", "0.5", "nominal", ["-9.5", "-10.5"], ["-9.49", "-10.51", "10"]),
        ("0.1", "0.2", "nominal", ["0.3", "-0.1"], ["0.30000000000000001"]),
        ("200", "0.05", "relative", ["190", "210"], ["189.999", "210.001"]),
        ("-200", "0.05", "relative", ["-190", "-210"], ["-189.9", "-210.1", "200"]),
        ("0", "0.05", "relative", ["0"], ["0.0001"]),
        ("10", "1", "geometric", ["5", "20"], ["4.999999", "20.000001"]),
        ("10", "2", "geometric", ["3.333333333333333333333333333334", "30"], ["3.333333333333333333333333333333", "30.1"]),
        ("-10", "1", "geometric", ["-5", "-20"], ["-4.999999", "-20.000001", "10"]),
        ("0", "1", "geometric", ["0"], ["0.1", "-0.1"]),
    ],
)
def test_a_tolerance_includes_its_bounds_and_nothing_beyond(
    value: str, tolerance: str, kind: str, inside: list[str], outside: list[str]
) -> None:
    one = body(value=value, tolerance=tolerance, tolerance_kind=kind)
    assert [grade(KIND, one, {"text": text}).fraction for text in inside] == [1] * len(inside)
    assert [grade(KIND, one, {"text": text}).fraction for text in outside] == [0] * len(outside)


def test_the_first_answer_that_is_near_enough_wins() -> None:
    one = parse_body(
        KIND,
        {
            "answers": [
                {"value": "10", "tolerance": "0", "fraction": "1"},
                {"value": "10", "tolerance": "1", "fraction": "0.5"},
                {"value": "*", "fraction": "0.1"},
            ]
        },
    )
    found = [grade(KIND, one, {"text": text}) for text in ("10", "10.5", "99", "ten")]
    assert [(f.fraction, f.matched) for f in found] == [(1, 0), (Decimal("0.5"), 1), (Decimal("0.1"), 2), (0, None)]


@pytest.mark.parametrize(("text", "is_invalid"), [("ten", True), ("1,5", True), ("11", False)])
def test_what_is_no_number_is_flagged_and_wrong(text: str, is_invalid: bool) -> None:
    found = grade(KIND, body(value="10"), {"text": text})
    assert (found.fraction, found.state, found.is_invalid) == (0, GradeState.INCORRECT, is_invalid)


LENGTHS = {"units": [{"name": "m"}, {"name": "km", "multiplier": "1000"}, {"name": "cm", "multiplier": "0.01"}, {"name": "$"}]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1500", 1),
        ("1500 m", 1),
        ("1.5 km", 1),
        ("1.5km", 1),
        ("150,000 cm", 1),
        ("$1500", 1),
        ("1.5", 0),
        ("1.5 KM", 0),
        ("1500 mm", 0),
        ("m 1500 m", 0),
    ],
)
def test_a_number_may_stand_beside_a_unit(text: str, expected: int) -> None:
    one = parse_body(KIND, {"answers": [{"value": "1500"}]} | LENGTHS)
    assert grade(KIND, one, {"text": text}).fraction == expected


def test_a_unit_may_be_asked_for() -> None:
    one = parse_body(KIND, {"answers": [{"value": "1500"}], "needs_unit": True} | LENGTHS)
    assert [grade(KIND, one, {"text": text}).is_invalid for text in ("1500", "1500 m")] == [True, False]


@pytest.mark.parametrize("raw", [{"text": 10}, {"text": 1e999}, {"text": "9" * 201}, {"text": "1\x00"}, 10, {"value": "10"}])
def test_an_answer_is_a_short_text(raw: Any) -> None:
    with pytest.raises(InvalidInputError):
        parse_answer(KIND, body(value="10"), raw)


@pytest.mark.parametrize("text", ["1e1000", "-1e1000", "1e-1000", "9" * 200])
def test_an_enormous_number_is_simply_wrong(text: str) -> None:
    found = grade(KIND, body(value="10", tolerance="0.1", tolerance_kind="geometric"), {"text": text})
    assert (found.fraction, found.is_invalid) == (0, False)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"answers": [{"value": ""}]}, "answers-0-value"),
        ({"answers": [{"value": "ten"}]}, "answers-0-value"),
        ({"answers": [{"value": "1"}, {"value": "2", "tolerance": "-1"}]}, "answers-1-tolerance"),
        ({"answers": [{"value": "1", "tolerance": "x"}]}, "answers-0-tolerance"),
        ({"answers": [{"value": "1", "tolerance_kind": "about"}]}, "answers-0-tolerance_kind"),
        ({"answers": [{"value": "1", "fraction": "-0.5"}]}, "answers-0-fraction"),
        ({"answers": [], "units": [{"name": ""}]}, "units-0-name"),
        ({"answers": [], "units": [{"name": "m", "multiplier": "0"}]}, "units-0-multiplier"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_at_its_place(data: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_body(KIND, data)
    assert refused.value.field == place


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"value": "14"}, "14 m"),
        ({"value": "1.30", "tolerance": "0.004"}, "1.30 (1.296 to 1.304) m"),
        ({"value": "200", "tolerance": "0.05", "tolerance_kind": "relative"}, "200 (190.00 to 210.00) m"),
        ({"value": "*"}, "any number m"),
    ],
)
def test_the_right_answer_names_value_bounds_and_unit(answer: dict[str, Any], expected: str) -> None:
    assert right_answer_text(KIND, parse_body(KIND, {"answers": [answer], "units": [{"name": "m"}]})) == expected
