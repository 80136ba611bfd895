"""Exams without a way back: what is closed stays closed, and nothing that was given in time is lost."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.core.ids import new_id
from laurel.quizzes import queries, services
from laurel.quizzes.models import Attempt
from laurel.quizzes.rules.access import AccessRules
from laurel.quizzes.rules.saving import SaveItem
from laurel.quizzes.rules.states import AttemptTransitionError
from laurel.quizzes.services import SlotShutError
from tests.conftest import SignIn
from tests.factories.quizzes import make_attempt, make_quiz
from tests.quizzes.pages import current, hidden, post_answer, refresh, sign_in_as, url

Csrf = Callable[..., str]
ONE_WAY = AccessRules(one_way=True)


@pytest.fixture
def attempt(session: Session, sign_in: SignIn) -> Attempt:
    """A running attempt at five questions without a way back, of the person who is signed in."""
    attempt = make_attempt(session, make_quiz(session, access=ONE_WAY))
    sign_in_as(session, sign_in, attempt)
    return attempt


def reached(session: Session, attempt: Attempt) -> int | None:
    refresh(session)
    return attempt.reached_slot


def save(client: FlaskClient, csrf: Csrf, attempt: Attempt, *items: tuple[int, int, Any]) -> Any:
    body = [{"op_id": str(new_id()), "slot": slot, "seq": seq, "answer": answer, "client_ts": ""} for slot, seq, answer in items]
    headers = {"X-CSRFToken": csrf(), "Accept": "application/json"}
    return client.patch(url(attempt, "/answers"), headers=headers, json={"items": body, "lease": None})


def test_next_saves_the_answer_and_closes_the_question(client: FlaskClient, session: Session, attempt: Attempt) -> None:
    answer = post_answer(client, attempt, 1, answer="o1", go="next")
    assert answer.location == url(attempt, "/questions/2")
    assert current(session, attempt) == {"choice": "a"}
    assert reached(session, attempt) == 2
    left = client.get(url(attempt, "/questions/1"))
    assert left.status_code == 409
    assert "Question 1 is closed" in left.text
    assert "Go on with question 2" in left.text
    assert client.get(url(attempt)).location == url(attempt, "/questions/2")


def test_a_question_ahead_is_not_shown(client: FlaskClient, attempt: Attempt) -> None:
    ahead = client.get(url(attempt, "/questions/3"))
    assert ahead.status_code == 409
    assert "not open yet" in ahead.text
    assert client.get(url(attempt, "/questions/9")).status_code == 404


def test_a_double_click_goes_one_question_ahead(client: FlaskClient, session: Session, attempt: Attempt) -> None:
    page = client.get(url(attempt, "/questions/1")).text
    answers = [post_answer(client, attempt, 1, page=page, answer="o1", go="next") for _ in range(2)]
    assert [answer.location for answer in answers] == [url(attempt, "/questions/2")] * 2
    assert reached(session, attempt) == 2


def test_a_question_without_an_answer_is_left_only_when_that_is_confirmed(client: FlaskClient, session: Session, attempt: Attempt) -> None:
    asked = post_answer(client, attempt, 1, go="next")
    assert asked.location == url(attempt, "/questions/1?unanswered=1")
    assert "You have not answered this question" in client.get(asked.location).text
    assert reached(session, attempt) == 1
    assert post_answer(client, attempt, 1, go="leave").location == url(attempt, "/questions/2")
    assert reached(session, attempt) == 2


def test_an_old_page_of_a_closed_question_changes_nothing_and_is_kept_as_evidence(
    client: FlaskClient, session: Session, attempt: Attempt
) -> None:
    old = client.get(url(attempt, "/questions/1")).text
    post_answer(client, attempt, 1, answer="o1", go="next")
    old = old.replace(f'value="{hidden(old, "op_id")}"', f'value="{new_id()}"').replace(
        'name="seq" type="hidden" value="1"', 'name="seq" type="hidden" value="7"'
    )
    answer = post_answer(client, attempt, 1, page=old, answer="o2", go="next")
    assert answer.status_code == 409
    assert "does not count" in answer.text
    assert current(session, attempt) == {"choice": "a"}
    assert reached(session, attempt) == 2


@pytest.mark.parametrize("fields", [{"go": "previous"}, {"go_to": "1"}, {"go_to": "4"}, {"go": "stay"}, {}])
def test_no_button_leads_elsewhere(client: FlaskClient, session: Session, attempt: Attempt, fields: dict[str, str]) -> None:
    post_answer(client, attempt, 1, answer="o1", go="next")
    assert post_answer(client, attempt, 2, answer=["o1"], **fields).location == url(attempt, "/questions/2")
    assert reached(session, attempt) == 2


def test_a_script_saves_the_open_question_and_no_other(client: FlaskClient, session: Session, csrf: Csrf, attempt: Attempt) -> None:
    post_answer(client, attempt, 1, answer="o1", go="next")
    answer = save(client, csrf, attempt, (1, 9, {"choice": "o2"}), (2, 1, {"choices": ["o1"]}), (3, 1, {"value": True}))
    assert (answer.status_code, answer.json["error"]) == (409, "slot_closed")
    assert (len(answer.json["saved"]), len(answer.json["closed"])) == (1, 2)
    assert answer.json["late"] == answer.json["closed"]
    assert [current(session, attempt, number) for number in (1, 2, 3)] == [{"choice": "a"}, {"choices": ["a"]}, None]


def test_what_was_saved_before_the_question_was_left_is_acknowledged_ever_after(
    client: FlaskClient, session: Session, csrf: Csrf, attempt: Attempt
) -> None:
    """A request that hung: the answer was saved, the reply was lost, the learner went on, and the script asks again."""
    headers = {"X-CSRFToken": csrf(), "Accept": "application/json"}
    item = {"op_id": str(new_id()), "slot": 1, "seq": 1, "answer": {"choice": "o1"}, "client_ts": ""}
    client.patch(url(attempt, "/answers"), headers=headers, json={"items": [item], "lease": None})
    post_answer(client, attempt, 1, go="next", answer="o1")
    again = client.patch(url(attempt, "/answers"), headers=headers, json={"items": [item], "lease": None})
    assert (again.status_code, again.json["saved"]) == (200, [item["op_id"]])
    older = save(client, csrf, attempt, (1, 1, {"choice": "o3"}))
    assert (older.status_code, len(older.json["ignored"])) == (200, 1)


def test_the_last_question_stays_open_until_it_is_handed_in(client: FlaskClient, session: Session, attempt: Attempt) -> None:
    for number in range(1, 5):
        post_answer(client, attempt, number, go="leave")
    assert post_answer(client, attempt, 5, answer="4096", go="next").location == url(attempt, "/review")
    assert reached(session, attempt) == 5
    assert post_answer(client, attempt, 5, go="review", answer="4096").location == url(attempt, "/review")
    review = client.get(url(attempt, "/review")).text
    assert "only question 5 is open" in review
    assert "Question 1, closed" in review
    assert "Flagged</h2>" not in review


def test_the_page_says_so_and_offers_no_way_back(client: FlaskClient, attempt: Attempt) -> None:
    post_answer(client, attempt, 1, answer="o1", go="next")
    page = client.get(url(attempt, "/questions/2")).text
    assert "you cannot come back" in page
    assert 'value="previous"' not in page
    assert 'name="go_to" value="1"' not in page
    assert 'name="go_to" value="3"' not in page
    assert ", closed</span>" in page
    assert ", not yet open</span>" in page
    assert page.index('value="stay"') < page.index('value="next"')  # Enter saves, and leaves nothing


def test_a_closed_question_is_not_flagged(session: Session, attempt: Attempt, now: datetime) -> None:
    services.leave_slot(session, attempt_id=attempt.id, learner_id=attempt.learner_id, slot=1, now=attempt.started_at)
    with pytest.raises(SlotShutError):
        services.flag_slot(session, attempt_id=attempt.id, learner_id=attempt.learner_id, slot=1, is_flagged=True, now=attempt.started_at)


def test_nothing_is_left_once_the_time_is_over(session: Session, attempt: Attempt) -> None:
    late = attempt.deadline_at + timedelta(seconds=31)
    with pytest.raises(AttemptTransitionError):
        services.leave_slot(session, attempt_id=attempt.id, learner_id=attempt.learner_id, slot=1, now=late)


def test_where_one_may_go_back_nothing_is_closed(session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session), now=now)
    assert not services.leave_slot(session, attempt_id=attempt.id, learner_id=attempt.learner_id, slot=1, now=now)
    items = [SaveItem(op_id=new_id(), slot=slot, seq=1, answer=None) for slot in (1, 3)]
    reply = services.save_answers(session, attempt_id=attempt.id, learner_id=attempt.learner_id, items=items, lease=None, now=now)
    assert (len(reply.saved), reply.closed) == (2, [])
    assert queries.get_attempt_of(session, attempt.learner_id, attempt.id).reached_slot is None
