"""What every form does with what it is sent."""

from collections.abc import Iterator
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from laurel.web.forms import UNSTORABLE_MESSAGE, DayField, PartForm, clean_line, clean_name, clean_text, read_seen
from tests.databases import SqliteTemplates


@pytest.fixture
def database_url(sqlite_templates: SqliteTemplates) -> Iterator[str]:
    """One database is enough: nothing here depends on which."""
    with sqlite_templates.fresh() as url:
        yield url


class OneDay(PartForm):
    day = DayField()


@pytest.mark.parametrize(
    ("typed", "day", "is_valid"), [("2027-12-31", date(2027, 12, 31), True), (" ", None, True), ("31.12.2027", None, False)]
)
def test_a_day_may_be_left_out_and_what_is_none_is_said_in_words(typed: str, day: date | None, is_valid: bool) -> None:
    form = OneDay(MultiDict({"day": typed}), day=date(2026, 1, 1))

    assert (form.validate(), form.day.data) == (is_valid, day)
    assert is_valid or "such as 2026-03-31" in form.day.errors[0]


@pytest.mark.parametrize(
    ("sent", "number"), [("7", 7), ("0", 0), ("", 0), (None, 0), ("-1", 0), ("x", 0), ("\u0663", 0), ("\u00b2", 0), ("9" * 9, 0)]
)
def test_a_version_that_was_seen_is_a_number_or_none(sent: str | None, number: int) -> None:
    assert read_seen(sent) == number


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ada  ", "Ada"),
        ("Ada\nLovelace", "Ada Lovelace"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("a\x1b[31mb\x7f", "a [31mb"),
        ("\u200b\u2060\ufeff", ""),
        ("\u3164\u2800", ""),
        ("👩‍🚀", "👩‍🚀"),
        ("${7*7} {{7*7}} %n%s {0.__class__}", "${7*7} {{7*7}} %n%s {0.__class__}"),
    ],
)
def test_a_line_is_normal_and_visible(typed: str, kept: str) -> None:
    assert clean_line(typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"), [("\u202egpj.exe", "gpj.exe"), ("a\u2066b\u2069", "ab"), ("A \t  B", "A B"), ("\u200eعدة", "\u200eعدة")]
)
def test_a_name_does_not_turn_what_stands_around_it(typed: str, kept: str) -> None:
    assert clean_name(typed) == kept


@pytest.mark.parametrize(("typed", "kept"), [("a\r\nb\rc", "a\nb\nc"), ("\n a\tb\x0c\x1b \n", "a\tb"), ("  \u202e ", "\u202e")])
def test_a_text_keeps_its_lines(typed: str, kept: str) -> None:
    assert clean_text(typed) == kept


@pytest.mark.parametrize("nothing", ["   ", "\u3164", "\u200b", "\x1b"])
def test_what_nobody_can_see_fills_in_no_field_that_has_to_be_filled_in(probe: FlaskClient, token: str, nothing: str) -> None:
    blank, told = send(probe, token, {"parts-0-label": nothing}), send(probe, token, {"parts-0-label": "Told"})

    assert (blank.json["good"], blank.json["errors"]) == (False, {"parts": [{"label": ["This field is required."]}]})
    assert told.json["good"] is True


def send(probe: FlaskClient, token: str, fields: dict[str, Any], path: str = "/probe/form") -> Any:
    return probe.post(path, data={"csrf_token": token, "name": "Ada", **fields})


def test_all_text_is_looked_after_wherever_it_stands(probe: FlaskClient, token: str) -> None:
    fields = {
        "name": " \u202eAda ",
        "line": " a\nb ",
        "text": "a\r\nb ",
        "secret": " e\u0301\n ",
        "words-0": " w ",
        "words-7": "x\x01y",
        "parts-0-label": " p ",
        "parts-0-note": "1\r\n2 ",
        "several": ["a", "b"],
    }

    answer = send(probe, token, fields).json

    assert answer["good"] is True
    assert answer["data"] == {
        "name": "Ada",
        "line": "a b",
        "text": "a\nb",
        "secret": " e\u0301\n ",
        "agreed": False,
        "several": ["a", "b"],
        "words": ["w", "x y"],
        "parts": [{"label": "p", "note": "1\n2"}],
    }


@pytest.mark.parametrize("field", ["name", "line", "text", "secret", "words-0", "parts-0-label"])
def test_nul_is_refused_beside_its_field(probe: FlaskClient, token: str, field: str) -> None:
    answer = send(probe, token, {"parts-0-label": "x", field: "a\x00b"}).json

    assert answer["good"] is False
    assert UNSTORABLE_MESSAGE in str(answer["errors"][field.split("-", maxsplit=1)[0]])
    assert "\x00" not in str(answer["data"])


@pytest.mark.parametrize("field", ["line", "text", "secret", "agreed", "parts-0-label", "csrf_token"])
def test_a_field_sent_twice_is_no_form(probe: FlaskClient, token: str, field: str) -> None:
    fields = MultiDict([("csrf_token", token), ("name", "Ada"), (field, token), (field, token)])

    assert probe.post("/probe/form", data=fields).status_code == 400


@pytest.mark.parametrize("key", ["words-²", "words-9" + "9" * 5000, "a b", "a[]", "é", "x\x00", "-", "1"])
def test_a_key_that_no_browser_sends_is_no_form(probe: FlaskClient, token: str, key: str) -> None:
    assert send(probe, token, {key: "x"}).status_code == 400


@pytest.mark.parametrize("body", [{"name": ["Ada"]}, {"name": {"$gt": ""}}, ["name"], "name", 1, True])
def test_json_is_no_form(probe: FlaskClient, token: str, body: object) -> None:
    assert probe.post("/probe/form", json=body, headers={"X-CSRFToken": token}).status_code == 415


def test_files_come_along(probe: FlaskClient, token: str) -> None:
    assert send(probe, token, {"file": (BytesIO(b"x"), "x.txt")}).json["good"] is True


def test_a_form_may_refuse_what_it_does_not_know(probe: FlaskClient, token: str) -> None:
    def status(fields: dict[str, str]) -> int:
        return probe.post("/probe/known", data={"csrf_token": token, **fields}).status_code

    assert status({"line": "x", "words-0": "y"}) == 200
    assert status({"line": "x", "role": "admin"}) == 400
    assert status({"line": "x", "words-0-x": "y"}) in {200, 400}


def test_too_much_is_too_much(probe: FlaskClient, token: str) -> None:
    assert send(probe, token, {"text": "x" * 300_000}).status_code == 413
