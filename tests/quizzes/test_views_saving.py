import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from laurel.core.db import Database
from laurel.core.events import EventRecord
from laurel.core.ids import new_id
from laurel.quizzes.models import AnswerOp, Attempt
from laurel.quizzes.rules import AttemptState
from laurel.web.browser_sessions import BrowserSession
from laurel.web.limits import limiter
from tests.conftest import QueryCount
from tests.quizzes.pages import current, end_time, refresh, url


@pytest.fixture
def headers(csrf: Callable[..., str], my_attempt: Attempt) -> dict[str, str]:
    """What the page's script sends along."""
    return {"X-CSRFToken": csrf(), "Accept": "application/json"}


def item(slot: int = 1, seq: int = 1, answer: Any = None, **facts: Any) -> dict[str, Any]:
    return {"op_id": str(new_id()), "slot": slot, "seq": seq, "answer": answer or {"choice": "o1"}, "client_ts": ""} | facts


def save(client: FlaskClient, attempt: Attempt, headers: dict[str, str], *items: Any, lease: str | None = None) -> Any:
    return client.patch(url(attempt, "/answers"), headers=headers, json={"items": list(items), "lease": lease})


def count_ops(session: Session) -> int:
    refresh(session)
    return session.scalar(select(func.count()).select_from(AnswerOp)) or 0


def test_a_save_says_what_is_on_disk(client: FlaskClient, session: Session, my_attempt: Attempt, headers: dict[str, str]) -> None:
    one, two = item(), item(slot=3, answer={"value": True})
    answer = save(client, my_attempt, headers, one, two)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["saved"] == [one["op_id"], two["op_id"]]
    assert (answer.json["state"], answer.json["deadline_at"]) == ("in_progress", my_attempt.deadline_at.isoformat())
    assert set(answer.json) == {"saved", "ignored", "late", "state", "server_now", "deadline_at", "announcements"}
    assert current(session, my_attempt, 3) == {"value": True}


def test_a_repeat_is_answered_200(client: FlaskClient, session: Session, my_attempt: Attempt, headers: dict[str, str]) -> None:
    one = item()
    assert [save(client, my_attempt, headers, one).status_code for _ in range(3)] == [200] * 3
    assert count_ops(session) == 1


def test_an_old_seq_is_ignored_and_the_stored_one_named(client: FlaskClient, my_attempt: Attempt, headers: dict[str, str]) -> None:
    save(client, my_attempt, headers, item(seq=7))
    old = item(seq=3)
    answer = save(client, my_attempt, headers, old)
    assert (answer.status_code, answer.json["saved"]) == (200, [])
    assert answer.json["ignored"] == [{"op_id": old["op_id"], "slot": 1, "seq": 7}]


def test_the_same_operation_with_other_content_is_a_conflict_and_noted(
    client: FlaskClient, session: Session, my_attempt: Attempt, headers: dict[str, str]
) -> None:
    one = item()
    save(client, my_attempt, headers, one)
    answer = save(client, my_attempt, headers, item(slot=2, answer={"choices": ["o1"]}), one | {"answer": {"choice": "o2"}})
    assert (answer.status_code, answer.json["error"], answer.json["op_id"]) == (409, "operation_reused", one["op_id"])
    assert count_ops(session) == 1
    assert session.scalar(select(func.count()).where(EventRecord.name == "SaveRefused")) == 1


@pytest.mark.parametrize("bad", [{"slot": 9}, {"answer": {"choice": "z"}}, {"seq": 2**63 - 1}, {"seq": -1}, {"op_id": "7"}, {"x": 1}])
def test_one_bad_item_refuses_its_batch_by_name(
    client: FlaskClient, session: Session, my_attempt: Attempt, headers: dict[str, str], bad: dict[str, Any]
) -> None:
    answer = save(client, my_attempt, headers, item(), item(slot=3, answer={"value": True}) | bad)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_answer")
    assert count_ops(session) == 0


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"items": []}', "text/plain", 415),
        (b"items=[]", "application/x-www-form-urlencoded", 415),
        (b'{"items": []}', "application/vnd.api+json", 415),
        (b'{"items": [' + b" " * 70_000 + b"]}", "application/json", 413),
        (b"[" * 60_000, "application/json", 400),
        (b"\xff", "application/json", 400),
    ],
)
def test_what_is_no_batch_is_refused(
    client: FlaskClient, session: Session, my_attempt: Attempt, headers: dict[str, str], body: bytes, kind: str, status: int
) -> None:
    assert client.patch(url(my_attempt, "/answers"), headers=headers, data=body, content_type=kind).status_code == status
    assert count_ops(session) == 0


def test_a_save_needs_the_token_of_this_session(client: FlaskClient, session: Session, my_attempt: Attempt) -> None:
    assert save(client, my_attempt, {"Accept": "application/json"}, item()).status_code in {400, 403}
    assert save(client, my_attempt, {"Origin": "https://evil.example", "Accept": "application/json"}, item()).status_code == 403
    assert count_ops(session) == 0


def test_a_signed_out_browser_is_told_so_in_json(
    client: FlaskClient, session: Session, my_attempt: Attempt, headers: dict[str, str]
) -> None:
    client.delete_cookie("laurel_demo", domain="laurel.test")
    answer = save(client, my_attempt, headers, item())
    assert answer.status_code in {400, 401}
    assert answer.is_json
    assert count_ops(session) == 0


def test_the_browsers_clock_and_wishes_have_no_effect(
    client: FlaskClient, session: Session, my_attempt: Attempt, headers: dict[str, str]
) -> None:
    deadline = my_attempt.deadline_at
    one = item(client_ts="2099-01-01T00:00:00.000Z")
    assert save(client, my_attempt, headers | {"Date": "Thu, 01 Jan 1970 00:00:00 GMT"}, one).status_code == 200
    wish = {"items": [item(seq=2)], "lease": None, "deadline_at": "2099-01-01T00:00:00Z"}
    assert client.patch(url(my_attempt, "/answers"), headers=headers, json=wish).status_code == 400
    refresh(session)
    assert my_attempt.deadline_at == deadline


def test_after_the_time_the_answer_is_kept_as_evidence_and_the_attempt_is_over(
    client: FlaskClient, session: Session, my_attempt: Attempt, headers: dict[str, str]
) -> None:
    end_time(session, my_attempt, ago=31)
    late = item()
    answer = save(client, my_attempt, headers, late)
    assert (answer.status_code, answer.json["error"], answer.json["state"]) == (409, "closed", "graded")
    assert (answer.json["saved"], answer.json["late"]) == ([], [late["op_id"]])
    refresh(session)
    assert (my_attempt.state, my_attempt.earned) == (AttemptState.GRADED, 0)


def test_a_replay_after_handing_in_is_a_conflict_that_still_says_what_was_saved(
    client: FlaskClient, my_attempt: Attempt, headers: dict[str, str]
) -> None:
    one = item()
    save(client, my_attempt, headers, one)
    client.post(url(my_attempt, "/submit"), headers=headers)
    answer = save(client, my_attempt, headers, one)
    assert (answer.status_code, answer.json["error"], answer.json["saved"]) == (409, "closed", [one["op_id"]])


def test_the_newer_tab_saves_and_the_older_is_told(
    client: FlaskClient, session: Session, my_attempt: Attempt, headers: dict[str, str]
) -> None:
    def take(token: str) -> Any:
        return client.post(url(my_attempt, "/lease"), headers=headers, json={"items": [], "lease": token})

    assert take("older-tab").status_code == 200
    assert save(client, my_attempt, headers, item(), lease="older-tab").status_code == 200
    assert take("newer-tab").status_code == 200
    answer = save(client, my_attempt, headers, item(seq=2), lease="older-tab")
    assert (answer.status_code, answer.json["error"], answer.json["saved"]) == (409, "lease_taken", [])
    assert save(client, my_attempt, headers, item(seq=2), lease="newer-tab").status_code == 200
    assert count_ops(session) == 2


@pytest.mark.parametrize("token", [None, "", "short", "x" * 65, 7, "with space in it"])
def test_a_lease_needs_a_token(client: FlaskClient, my_attempt: Attempt, headers: dict[str, str], token: Any) -> None:
    assert client.post(url(my_attempt, "/lease"), headers=headers, json={"items": [], "lease": token}).status_code == 400


def test_saving_is_limited_per_attempt(client: FlaskClient, my_attempt: Attempt, headers: dict[str, str]) -> None:
    limiter.reset()
    statuses = [save(client, my_attempt, headers).status_code for _ in range(121)]
    assert statuses == [200] * 120 + [429]
    limiter.reset()


def test_a_save_is_three_questions_to_the_database(
    client: FlaskClient, my_attempt: Attempt, headers: dict[str, str], queries: QueryCount, database: Database
) -> None:
    """Who is there; the attempt, locked, with everything that decides; what is written. SQLite takes the last in three."""
    save(client, my_attempt, headers, item())
    queries.clear()
    assert save(client, my_attempt, headers, item(seq=2)).status_code == 200
    said = [statement for statement in queries.statements if statement != "BEGIN"]
    tables = [("browser_sessions", "users"), ("attempts", "paper_slots", "answers", "answer_ops"), ("answer_ops", "attempts", "answers")]
    if database.is_sqlite:
        tables[2:] = [("answer_ops",), ("answers",), ("attempts",)]
    assert len(said) == len(tables)
    assert all(name in statement for statement, names in zip(said, tables, strict=True) for name in names)


def test_that_the_session_is_in_use_is_noted_with_the_save_and_not_beside_it(
    client: FlaskClient, session: Session, my_attempt: Attempt, headers: dict[str, str], database: Database
) -> None:
    row = session.scalars(select(BrowserSession)).one()
    row.last_seen_at -= timedelta(seconds=61)
    session.commit()
    before, commits = row.last_seen_at, []
    count = commits.append
    event.listen(database.engine, "commit", count)

    assert save(client, my_attempt, headers, item()).status_code == 200

    event.remove(database.engine, "commit", count)
    refresh(session)
    assert len(commits) == 1
    assert row.last_seen_at > before + timedelta(seconds=60)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_is_turned_away_does_not_wait_for_those_who_write(
    client: FlaskClient, my_attempt: Attempt, headers: dict[str, str], database: Database
) -> None:
    with database.session(writes=True) as writing:
        writing.connection()
        assert save(client, my_attempt, headers | {"X-CSRFToken": "forged"}, item()).status_code == 400
        client.delete_cookie("laurel_demo", domain="laurel.test")
        assert save(client, my_attempt, headers, item()).status_code == 401


@pytest.mark.parametrize(
    "hostile", ["null", "[]", '{"items": null}', '{"items": [null]}', '{"items": [{"op_id": {"$gt": ""}}]}', '"x"', "7"]
)
def test_no_json_makes_the_server_stumble(client: FlaskClient, my_attempt: Attempt, headers: dict[str, str], hostile: str) -> None:
    for address in ("/answers", "/lease"):
        send = client.patch if address == "/answers" else client.post
        answer = send(url(my_attempt, address), headers=headers, data=hostile, content_type="application/json")
        assert answer.status_code == 400
        assert json.loads(answer.text)["error"] == "invalid_answer"
