"""What an exam's page notes: facts, few, and only where its learner was told."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.core.errors import InvalidInputError
from laurel.quizzes import services
from laurel.quizzes.models import Attempt, FocusNote
from laurel.quizzes.queries.integrity import list_focus_notes, summarize_focus
from laurel.quizzes.rules import AttemptState
from laurel.quizzes.rules.access import AccessRules
from laurel.quizzes.rules.focus import MOST_AWAY, MOST_PASTED, FocusKind, Noted, add_up, read_note
from laurel.quizzes.services.integrity import delete_old_focus_notes, note_focus, request_review
from tests.conftest import QueryCount, SignIn
from tests.factories.quizzes import make_attempt, make_quiz
from tests.quizzes.pages import refresh, sign_in_as, url

Csrf = Callable[..., str]
LOGGED = AccessRules(logs_focus=True)
AWAY = {"kind": "away", "amount": 5000, "slot": 1}


@pytest.fixture
def attempt(session: Session, sign_in: SignIn) -> Attempt:
    """A running attempt at an exam that notes absences, of the person who is signed in."""
    attempt = make_attempt(session, make_quiz(session, access=LOGGED))
    sign_in_as(session, sign_in, attempt)
    return attempt


def send(client: FlaskClient, csrf: Csrf, attempt: Attempt, note: Any) -> Any:
    body = note if isinstance(note, bytes) else json.dumps(note).encode()
    return client.post(url(attempt, "/focus"), headers={"X-CSRFToken": csrf()}, data=body, content_type="application/json")


def notes(session: Session, attempt: Attempt) -> list[tuple[str, int, int | None]]:
    refresh(session)
    return [(note.kind.value, note.amount, note.slot) for note in list_focus_notes(session, attempt.id)]


def note(session: Session, attempt: Attempt, now: datetime, kind: FocusKind = FocusKind.AWAY, amount: int = 5000) -> bool:
    return note_focus(session, attempt_id=attempt.id, learner_id=attempt.learner_id, noted=Noted(kind, amount, 1), now=now)


def test_an_absence_is_noted_with_its_length_and_its_question(client: FlaskClient, session: Session, csrf: Csrf, attempt: Attempt) -> None:
    assert send(client, csrf, attempt, AWAY | {"slot": 2}).json == {"noted": True}
    assert notes(session, attempt) == [("away", 5000, 2)]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"amount": -1}, []),
        ({"amount": 0}, []),
        ({"amount": 2000}, []),  # no more than two seconds: it says nothing
        ({"amount": 2001}, [("away", 2001, 1)]),
        ({"amount": 10**9}, [("away", MOST_AWAY, 1)]),
        ({"amount": 10**400}, [("away", MOST_AWAY, 1)]),
        ({"slot": -3}, [("away", 5000, None)]),
        ({"kind": "paste", "amount": 7}, [("paste", 7, 1)]),
        ({"kind": "paste", "amount": 10**12}, [("paste", MOST_PASTED, 1)]),
        ({"kind": "paste", "amount": -5}, []),
    ],
)
def test_forged_figures_are_cut_to_what_is_possible(sent: dict[str, Any], kept: list[tuple[str, int, int | None]]) -> None:
    noted = read_note(json.dumps(AWAY | sent).encode())
    assert ([] if noted is None else [(noted.kind.value, noted.amount, noted.slot)]) == kept


@pytest.mark.parametrize("slot", [99, -3, 2**63, 0])
def test_a_question_that_is_not_in_the_paper_is_not_noted(
    client: FlaskClient, session: Session, csrf: Csrf, attempt: Attempt, slot: int
) -> None:
    assert send(client, csrf, attempt, AWAY | {"slot": slot, "amount": 10**400}).status_code == 200
    assert notes(session, attempt) == [("away", MOST_AWAY, None)]


NO_NOTES = [b"", b"{", b"[]", b"7", b"\xff", b"[" * 1000, {"kind": "away"}, AWAY | {"verdict": "cheat"}, AWAY | {"kind": "face"},
     AWAY | {"kind": ["away"]}, AWAY | {"kind": {}},
     AWAY | {"amount": "5000"}, AWAY | {"amount": True}, AWAY | {"amount": 5.5}, b'{"kind": "away", "amount": NaN, "slot": 1}',
     b'{"kind": "away", "amount": 1e999, "slot": 1}', AWAY | {"slot": None}, AWAY | {"slot": {"$gt": 0}}]  # fmt: skip


def test_what_is_no_note_is_refused(client: FlaskClient, session: Session, csrf: Csrf, attempt: Attempt) -> None:
    for hostile in NO_NOTES:
        assert (hostile, send(client, csrf, attempt, hostile).status_code) == (hostile, 400)
    assert notes(session, attempt) == []


def test_a_note_is_small_and_is_json(client: FlaskClient, session: Session, csrf: Csrf, attempt: Attempt) -> None:
    assert send(client, csrf, attempt, b'{"kind": "away"' + b" " * 2000 + b"}").status_code == 413
    assert client.post(url(attempt, "/focus"), headers={"X-CSRFToken": csrf()}, data={"kind": "away"}).status_code == 415
    assert client.post(url(attempt, "/focus"), json=AWAY).status_code in {400, 403}  # no token
    assert notes(session, attempt) == []


@settings(max_examples=60)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_is_sent_is_read_or_refused(sent: Any) -> None:
    try:
        noted = read_note(json.dumps(sent).encode())
    except InvalidInputError:
        return
    assert noted is None or 0 < noted.amount <= MOST_AWAY


def test_there_is_one_row_a_second_at_most(session: Session, attempt: Attempt, now: datetime) -> None:
    kept = [note(session, attempt, now + timedelta(milliseconds=100 * n)) for n in range(25)]
    assert sum(kept) == 3
    assert session.scalar(select(func.count()).select_from(FocusNote)) == 3


def test_nothing_is_noted_where_nobody_was_told(session: Session, sign_in: SignIn, client: FlaskClient, csrf: Csrf) -> None:
    untold = make_attempt(session, make_quiz(session))
    sign_in_as(session, sign_in, untold)
    assert send(client, csrf, untold, AWAY).json == {"noted": False}
    assert notes(session, untold) == []
    assert "exam-focus" not in client.get(url(untold, "/questions/1")).text


def test_nothing_is_noted_once_it_is_over(client: FlaskClient, session: Session, csrf: Csrf, attempt: Attempt) -> None:
    assert "<exam-focus" in client.get(url(attempt, "/questions/1")).text
    attempt.state = AttemptState.SUBMITTED
    session.commit()
    assert send(client, csrf, attempt, AWAY).json == {"noted": False}
    assert notes(session, attempt) == []


def test_noting_never_locks_the_attempt(client: FlaskClient, csrf: Csrf, attempt: Attempt, queries: QueryCount) -> None:
    token = csrf()
    queries.clear()
    client.post(url(attempt, "/focus"), headers={"X-CSRFToken": token}, json=AWAY)
    assert not [statement for statement in queries.statements if "FOR UPDATE" in statement or statement.startswith("UPDATE attempts")]


def test_notes_are_added_up_and_judge_nobody(session: Session, attempt: Attempt, now: datetime) -> None:
    for second, (kind, amount) in enumerate([(FocusKind.AWAY, 3500), (FocusKind.AWAY, 61_000), (FocusKind.PASTE, 40)]):
        note(session, attempt, now + timedelta(seconds=second), kind, amount)
    facts = summarize_focus(list_focus_notes(session, attempt.id))
    assert (facts.absences, facts.seconds_away, facts.longest_seconds, facts.pastes, facts.characters, facts.is_full) == (
        2,
        64,
        61,
        1,
        40,
        False,
    )
    assert add_up([]).absences == 0


def test_notes_are_deleted_when_nobody_can_ask_any_more_and_no_request_waits(session: Session, now: datetime) -> None:
    quiz = make_quiz(session, access=LOGGED)
    quiet, asked = (make_attempt(session, quiz, now=now) for _ in range(2))
    for one in (quiet, asked):
        note(session, one, now)
        services.submit_attempt(session, attempt_id=one.id, learner_id=one.learner_id, now=now + timedelta(minutes=30))
    request_review(session, attempt_id=asked.id, learner_id=asked.learner_id, statement="Look.", now=now + timedelta(days=1))
    assert delete_old_focus_notes(session, now=now + timedelta(days=104)) == 0
    assert delete_old_focus_notes(session, now=now + timedelta(days=105)) == 1
    assert [len(list_focus_notes(session, one.id)) for one in (quiet, asked)] == [0, 1]
