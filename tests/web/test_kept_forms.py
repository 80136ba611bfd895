"""A form that fails for no fault of its own can be sent again: nothing is written twice."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from flask.testing import FlaskClient

from tests.databases import SqliteTemplates

TEXT = "First line, with “quotes” & <tags>.\r\n\r\nSecond line."
PAGE = "http://laurel.test/probe/form?step=2"


@pytest.fixture
def database_url(sqlite_templates: SqliteTemplates) -> Iterator[str]:
    """One database is enough: nothing here depends on which."""
    with sqlite_templates.fresh() as url:
        yield url


def kept(page: str) -> dict[str, str]:
    """The fields of the form that would be sent again."""
    return {name: unescape(value) for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)}


def test_a_page_of_an_earlier_session_keeps_its_form_and_sends_it_with_a_new_token(probe: FlaskClient, token: str) -> None:
    refused = probe.post("/probe/form?step=2", data={"csrf_token": "old", "name": "Ada", "text": TEXT})

    assert refused.status_code == 400
    assert "Nothing was changed" in refused.text
    assert 'action="/probe/form?step=2"' in refused.text
    fields = kept(refused.text)
    assert (fields["name"], fields["text"]) == ("Ada", TEXT)
    again = probe.post("/probe/form?step=2", data=fields)
    assert again.json["good"] is True  # type: ignore[index]
    assert again.json["data"]["name"] == "Ada"  # type: ignore[index]


def test_who_was_signed_out_finds_the_form_and_the_way_to_sign_in(probe: FlaskClient) -> None:
    answer = probe.post("/probe/mine", data={"csrf_token": "old", "text": TEXT})

    assert answer.status_code == 401
    assert kept(answer.text)["text"] == TEXT
    assert 'href="/login"' in answer.text


def test_when_the_database_is_away_the_form_is_kept_with_its_own_token(probe: FlaskClient, token: str) -> None:
    answer = probe.post("/probe/failing/unavailable", data={"csrf_token": token, "text": TEXT})

    assert answer.status_code == 503
    assert kept(answer.text) == {"csrf_token": token, "text": TEXT}
    assert "is safe" not in answer.text


@pytest.mark.parametrize("fields", [{"password": "secret words"}, {"part-password": "secret words"}, {"code": "123456"}, {}])
def test_no_secret_is_written_into_a_page(probe: FlaskClient, fields: dict[str, str]) -> None:
    answer = probe.post("/probe/mine", data={"csrf_token": "old", **fields})

    assert answer.status_code == 401
    assert kept(answer.text) == {}
    assert "secret words" not in answer.text
    assert "123456" not in answer.text


def test_what_another_site_sent_is_not_kept(probe: FlaskClient) -> None:
    answer = probe.post("/probe/mine", data={"text": TEXT}, headers={"Origin": "http://evil.example"})

    assert answer.status_code == 401
    assert kept(answer.text) == {}


def test_a_conflict_after_a_button_leads_back_to_its_page(probe: FlaskClient, token: str) -> None:
    answer = probe.post("/probe/failing/conflict", data={"csrf_token": token}, headers={"Referer": PAGE})

    assert answer.status_code == 409
    assert 'href="/probe/form?step=2"' in answer.text


@pytest.mark.parametrize("referrer", ["http://evil.example/probe", "http://laurel.test//evil.example", "", "javascript:alert(1)"])
def test_no_other_address_is_called_the_page_before(probe: FlaskClient, token: str, referrer: str) -> None:
    answer = probe.post("/probe/failing/conflict", data={"csrf_token": token}, headers={"Referer": referrer})

    assert answer.status_code == 409
    assert "Back to the page" not in answer.text
