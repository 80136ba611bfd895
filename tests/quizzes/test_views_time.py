"""What a candidate sees of more time, a pause, an outage; and how the answers were saved."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from laurel.core.db import database_now
from laurel.core.ids import new_id
from laurel.quizzes import services
from laurel.quizzes.models import AnswerOp, Attempt, Outage, TroubleReport
from laurel.quizzes.rules import AttemptState, QuizKind
from laurel.quizzes.rules.outages import OutageKind
from tests.conftest import QueryCount, SignIn
from tests.factories.quizzes import answer, answer_all, make_attempt, make_quiz
from tests.factories.terms import WHY, make_accommodation, make_staff
from tests.quizzes.pages import current, hidden, post_answer, refresh, sign_in_as, url

Csrf = Callable[..., str]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def headers(csrf: Csrf, my_attempt: Attempt) -> dict[str, str]:
    return {"X-CSRFToken": csrf(), "Accept": "application/json"}


def extend(session: Session, attempt: Attempt, minutes: int = 10) -> None:
    services.extend_attempt(session, attempt.id, minutes=minutes, reason=WHY, actor=make_staff(session), now=database_now(session))
    session.commit()


def pause(session: Session, attempt: Attempt) -> None:
    services.pause_attempt(session, attempt.id, reason=WHY, actor=make_staff(session), now=database_now(session))
    session.commit()


def resume(session: Session, attempt: Attempt) -> None:
    services.resume_attempt(session, attempt.id, reason=WHY, actor=make_staff(session), now=database_now(session))
    session.commit()


def save(client: FlaskClient, attempt: Attempt, headers: dict[str, str], *items: dict[str, Any], **more: Any) -> Any:
    return client.patch(url(attempt, "/answers"), headers=headers, json={"items": list(items), "lease": None, **more})


def item(slot: int = 1, **facts: Any) -> dict[str, Any]:
    return {"op_id": str(new_id()), "slot": slot, "seq": 1, "answer": {"choice": "o1"}, "client_ts": ""} | facts


# ---- more time


def test_more_time_comes_with_the_next_save_and_stays_until_it_is_read(
    client: FlaskClient, session: Session, my_attempt: Attempt, headers: dict[str, str]
) -> None:
    extend(session, my_attempt)
    reply = save(client, my_attempt, headers, item()).json
    assert reply["deadline_at"] == my_attempt.deadline_at.isoformat()
    assert [(one["number"], one["text"]) for one in reply["announcements"]] == [(1, "Staff gave you 10 minutes more.")]
    page = client.get(url(my_attempt, "/questions/2")).text
    assert "Staff gave you 10 minutes more." in page
    data = {"csrf_token": hidden(page, "csrf_token"), "number": "1", "back": url(my_attempt, "/questions/2")}
    assert client.post(url(my_attempt, "/announcements/dismiss"), data=data).location == url(my_attempt, "/questions/2")
    assert save(client, my_attempt, headers).json["announcements"] == []
    assert "Staff gave you" not in client.get(url(my_attempt, "/questions/2")).text


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "", "\\evil"])
def test_dismissing_leads_nowhere_else(client: FlaskClient, my_attempt: Attempt, headers: dict[str, str], back: str) -> None:
    found = client.post(url(my_attempt, "/announcements/dismiss"), headers=headers, data={"number": "x9", "back": back})
    assert found.location == url(my_attempt)


def test_news_costs_a_save_no_query(
    client: FlaskClient, session: Session, my_attempt: Attempt, headers: dict[str, str], queries: QueryCount
) -> None:
    save(client, my_attempt, headers, item(slot=3, answer={"value": True}))  # the first one reads the question, too
    counts = []
    for seq in (2, 3):
        queries.clear()
        save(client, my_attempt, headers, item(slot=3, answer={"value": True}, seq=seq))
        counts.append((queries.selects, queries.writes))
        extend(session, my_attempt)
    assert counts[0][0] == counts[1][0]


# ---- a pause


def test_a_pause_is_told_and_what_waits_is_kept_for_later(
    client: FlaskClient, session: Session, my_attempt: Attempt, headers: dict[str, str]
) -> None:
    waiting = item()
    pause(session, my_attempt)
    refused = save(client, my_attempt, headers, waiting)
    assert (refused.status_code, refused.json["error"], refused.json["state"]) == (409, "paused", "paused")
    assert (refused.json["saved"], refused.json["late"]) == ([], [])
    page = client.get(url(my_attempt, "/questions/1"))
    assert "Your exam is paused" in page.text
    assert 'name="answer"' not in page.text
    resume(session, my_attempt)
    assert save(client, my_attempt, headers, waiting).json["saved"] == [waiting["op_id"]]
    assert "Your exam was paused for" in client.get(url(my_attempt, "/questions/1")).text


def test_without_a_script_an_answer_that_met_a_pause_is_shown_again(client: FlaskClient, session: Session, my_attempt: Attempt) -> None:
    page = client.get(url(my_attempt, "/questions/4")).text
    pause(session, my_attempt)
    shown = post_answer(client, my_attempt, 4, page=page, answer="hallucination")
    assert shown.status_code == 409
    assert "The exam was paused before this arrived" in shown.text
    assert 'value="hallucination"' in shown.text
    resume(session, my_attempt)
    post_answer(client, my_attempt, 4, page=shown.text, answer="hallucination")
    assert current(session, my_attempt, 4) == {"text": "hallucination"}


def test_a_hidden_timer_is_hidden(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    quiz = make_quiz(session)
    attempt = make_attempt(session, quiz)
    assert " quiet" not in page_of(client, session, sign_in, attempt)
    make_accommodation(session, attempt.learner_id, multiplier="1", hides_timer=True)
    page = page_of(client, session, sign_in, attempt)
    assert " quiet>" in page
    assert '<span class="timer-text" hidden>' in page


def page_of(client: FlaskClient, session: Session, sign_in: SignIn, attempt: Attempt) -> str:
    sign_in_as(session, sign_in, attempt)
    return client.get(url(attempt, "/questions/1")).text


# ---- what the browser reports


@pytest.mark.parametrize(("trouble", "status"), [(40, 200), (0, 200), (-1, 400), (True, 400), ("40", 400), (10**9, 400), (1.5, 400)])
def test_a_browser_says_for_how_long_it_could_not_save(
    client: FlaskClient, session: Session, my_attempt: Attempt, headers: dict[str, str], trouble: Any, status: int
) -> None:
    session.execute(update(Attempt).values(started_at=database_now(session) - 5 * MINUTE))
    session.commit()
    assert save(client, my_attempt, headers, trouble=trouble).status_code == status
    refresh(session)
    report = session.get(TroubleReport, my_attempt.id)
    assert (report is not None) is (trouble == 40 and trouble is not True)


# ---- afterwards


def hand_in(session: Session, attempt: Attempt) -> None:
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=database_now(session))
    session.commit()


def test_the_result_says_what_an_outage_took(client: FlaskClient, session: Session, my_attempt: Attempt) -> None:
    started = my_attempt.started_at
    outage = Outage(kind=OutageKind.SILENCE, starts_at=started - MINUTE, ends_at=started + 3 * MINUTE, noticed_at=started)
    session.add(outage)
    session.flush()
    services.credit_outages(session, my_attempt, now=started + 3 * MINUTE)
    hand_in(session, my_attempt)
    assert "We were not reachable for 3 minutes" in client.get(url(my_attempt, "/result")).text
    assert "3 minutes given back" in client.get(url(my_attempt, "/replay")).text


def test_an_exam_replays_which_question_was_saved_when_and_not_what(client: FlaskClient, session: Session, my_attempt: Attempt) -> None:
    answer_all(session, my_attempt, right=4)
    answer(session, my_attempt, 4, {"text": "secret words"}, seq=2)
    assert client.get(url(my_attempt, "/replay")).location == url(my_attempt)
    hand_in(session, my_attempt)
    answer(session, my_attempt, 1, {"choice": "c"}, seq=3, now=database_now(session))
    session.commit()
    page = client.get(url(my_attempt, "/replay")).text
    assert (page.count("Question 4<"), page.count("Came too late, not graded")) == (2, 1)
    assert "Chain intact" in page
    assert str(my_attempt.receipt) in page
    assert "secret words" not in page
    assert "The next token" not in page


def test_a_graded_quiz_replays_the_answers_too(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    attempt = make_attempt(session, make_quiz(session, kind=QuizKind.GRADED))
    sign_in_as(session, sign_in, attempt)
    answer(session, attempt, 1, {"choice": "a"})
    answer(session, attempt, 2, {"choices": ["a", "b"]})
    answer(session, attempt, 4, {"text": "<b>words</b>"})
    answer(session, attempt, 1, None, seq=2)
    hand_in(session, attempt)
    page = client.get(url(attempt, "/replay")).text
    for words in ("The next token", "A role; An example", "&lt;b&gt;words&lt;/b&gt;", "No answer"):
        assert words in page


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ({"answer": {"choice": "d"}}, "Chain broken at 1"),
        ({"hash": "0" * 64}, "Chain broken at 1"),
    ],
)
def test_a_record_that_was_tampered_with_says_where(
    client: FlaskClient, session: Session, my_attempt: Attempt, damage: dict[str, Any], words: str
) -> None:
    answer_all(session, my_attempt)
    hand_in(session, my_attempt)
    session.execute(update(AnswerOp).where(AnswerOp.position == 1).values(**damage))
    session.commit()
    assert words in client.get(url(my_attempt, "/replay")).text


def test_a_receipt_that_was_changed_is_noticed(client: FlaskClient, session: Session, my_attempt: Attempt) -> None:
    answer_all(session, my_attempt)
    hand_in(session, my_attempt)
    my_attempt.receipt = "LR-AAAA-AAAA-AAAA-AAAA"
    session.commit()
    assert "Receipt does not fit" in client.get(url(my_attempt, "/replay")).text


def test_a_long_replay_is_paged_and_takes_few_queries(
    client: FlaskClient, session: Session, my_attempt: Attempt, queries: QueryCount
) -> None:
    for seq in range(1, 121):
        answer(session, my_attempt, 1, {"choice": "abcd"[seq % 4]}, seq=seq)
    hand_in(session, my_attempt)
    client.get(url(my_attempt, "/replay"))
    queries.clear()
    page = client.get(url(my_attempt, "/replay?page=3")).text
    assert page.count("Question 1<") == 20
    assert "Page 3 of 3" in page
    assert queries.selects <= 14
    assert my_attempt.state is AttemptState.GRADED
