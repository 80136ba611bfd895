import re
from collections import Counter
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from laurel.bank.rules import QuestionKind
from laurel.bank.rules.matching import pair_up
from laurel.core.ids import new_id
from laurel.quizzes.models import Attempt
from laurel.quizzes.queries import attempts
from laurel.quizzes.rules import AttemptState, FinishReason
from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_user
from tests.factories.bank import make_question
from tests.factories.quizzes import answer_all, fixed, make_attempt, make_quiz
from tests.quizzes.pages import current, end_time, hidden, post_answer, refresh, sign_in_as, url

Csrf = Callable[..., str]
PLACES = ("", "/questions/1", "/review", "/hand-in", "/result")


# ---- whose it is, and whether it is still open


def without_token(answer: TestResponse) -> str:
    """The page without the token of its forms, which has the second of its making in it."""
    return re.sub(r'(name="csrf_token" value=)"[^"]+"', r"\1", answer.text)


def test_somebody_elses_attempt_is_as_absent_as_none(
    client: FlaskClient, session: Session, sign_in: SignIn, csrf: Csrf, my_attempt: Attempt
) -> None:
    other = make_attempt(session, make_quiz(session))
    session.commit()
    token = csrf()
    for place in PLACES:
        theirs, none = client.get(url(other, place)), client.get(f"/attempts/{new_id()}{place}")
        assert theirs.status_code == none.status_code == 404
        assert without_token(theirs) == without_token(none)
    headers = {"X-CSRFToken": token}
    answers = []
    for attempt_id in (other.id, new_id()):
        answers += [
            client.post(f"/attempts/{attempt_id}/submit", headers=headers),
            client.post(f"/attempts/{attempt_id}/questions/1", headers=headers, data={"op_id": str(new_id()), "seq": "1", "answer": "o1"}),
            client.patch(f"/attempts/{attempt_id}/answers", headers=headers, json={"items": []}),
            client.post(f"/attempts/{attempt_id}/lease", headers=headers, json={"items": [], "lease": "tab-12345678"}),
        ]
    assert {answer.status_code for answer in answers} == {404}
    said = [without_token(answer) for answer in answers]
    assert said[:4] == said[4:]


def test_an_attempt_asks_who_is_there(client: FlaskClient, session: Session) -> None:
    attempt = make_attempt(session, make_quiz(session))
    session.commit()
    assert client.get(url(attempt, "/questions/1")).status_code == 302
    assert client.get(url(attempt, "/result")).status_code == 302


def test_nothing_is_changed_by_a_get(client: FlaskClient, session: Session, my_attempt: Attempt) -> None:
    for place in ("/submit", "/answers", "/lease"):
        assert client.get(url(my_attempt, place)).status_code == 405
    refresh(session)
    assert my_attempt.state is AttemptState.IN_PROGRESS


def test_handing_in_takes_two_steps_and_leads_to_the_result(client: FlaskClient, session: Session, csrf: Csrf, my_attempt: Attempt) -> None:
    answer_all(session, my_attempt, right=4)
    session.commit()
    review = client.get(url(my_attempt, "/review")).text
    assert "answered 5 of 5" in review
    assert "/submit" not in review
    page = client.get(url(my_attempt, "/hand-in")).text
    token = hidden(page, "csrf_token")
    for _ in range(2):
        assert client.post(url(my_attempt, "/submit"), data={"csrf_token": token}).location == url(my_attempt, "/result")
    result = client.get(url(my_attempt, "/result")).text
    assert "You passed" in result
    refresh(session)
    assert my_attempt.receipt in result


def test_the_review_lists_what_is_open_and_what_is_flagged(client: FlaskClient, my_attempt: Attempt) -> None:
    post_answer(client, my_attempt, 1, answer="o1")
    post_answer(client, my_attempt, 3, go="flag")
    page = client.get(url(my_attempt, "/review")).text
    unanswered, flagged = page.split('id="unanswered"')[1].split('id="flagged"')
    assert re.findall(r">Question (\d)<", unanswered) == ["2", "3", "4", "5"]
    assert re.findall(r">Question (\d)<", flagged) == ["3"]
    assert "4 questions are not answered" in client.get(url(my_attempt, "/hand-in")).text


@pytest.mark.parametrize("place", ["/questions/1", "/review", "/hand-in"])
def test_a_closed_attempt_says_so_and_keeps_its_questions(
    client: FlaskClient, session: Session, csrf: Csrf, my_attempt: Attempt, place: str
) -> None:
    client.post(url(my_attempt, "/submit"), headers={"X-CSRFToken": csrf()})
    answer = client.get(url(my_attempt, place))
    assert answer.status_code == 409
    assert "This attempt is closed" in answer.text
    assert client.get(url(my_attempt)).location == url(my_attempt, "/result")


def test_an_answer_from_an_old_page_after_the_end_changes_nothing(
    client: FlaskClient, session: Session, csrf: Csrf, my_attempt: Attempt
) -> None:
    old = client.get(url(my_attempt, "/questions/1")).text
    client.post(url(my_attempt, "/submit"), headers={"X-CSRFToken": csrf()})
    answer = post_answer(client, my_attempt, 1, page=old, answer="o1", go="next")
    assert answer.location == url(my_attempt)
    assert current(session, my_attempt) is None


# ---- time


def test_who_looks_after_the_time_hands_the_attempt_in(client: FlaskClient, session: Session, my_attempt: Attempt) -> None:
    answer_all(session, my_attempt)
    end_time(session, my_attempt, ago=31)
    assert client.get(url(my_attempt, "/questions/1")).status_code == 409
    refresh(session)
    assert (my_attempt.state, my_attempt.finish_reason, my_attempt.finished_at) == (
        AttemptState.GRADED,
        FinishReason.TIMER,
        my_attempt.deadline_at,
    )
    page = client.get(url(my_attempt, "/result")).text
    assert "The time was over" in page
    assert "You passed" in page


def test_the_last_half_minute_is_for_answers_on_their_way(client: FlaskClient, session: Session, my_attempt: Attempt) -> None:
    page = client.get(url(my_attempt, "/questions/1")).text
    end_time(session, my_attempt, ago=5)
    assert "Time is over" in client.get(url(my_attempt, "/questions/1")).text
    assert post_answer(client, my_attempt, 1, page=page, answer="o1", go="next").status_code == 303
    assert current(session, my_attempt) == {"choice": "a"}
    answer = client.post(url(my_attempt, "/submit"), data={"csrf_token": hidden(page, "csrf_token")})
    assert answer.location == url(my_attempt, "/result")
    refresh(session)
    assert my_attempt.finish_reason is FinishReason.TIMER


def test_an_answer_after_the_half_minute_ends_the_attempt_without_it(client: FlaskClient, session: Session, my_attempt: Attempt) -> None:
    page = client.get(url(my_attempt, "/questions/1")).text
    end_time(session, my_attempt, ago=40)
    assert post_answer(client, my_attempt, 1, page=page, answer="o1", go="next").location == url(my_attempt)
    assert current(session, my_attempt) is None
    assert my_attempt.state is AttemptState.GRADED


@pytest.mark.parametrize("state", [AttemptState.PAUSED, AttemptState.ABANDONED, AttemptState.VOIDED])
def test_an_attempt_in_any_other_state_has_a_page_that_says_so(
    client: FlaskClient, session: Session, csrf: Csrf, my_attempt: Attempt, state: AttemptState
) -> None:
    my_attempt.state = state
    my_attempt.finished_at = None if state is AttemptState.PAUSED else my_attempt.started_at
    session.commit()
    assert client.get(url(my_attempt, "/questions/1")).status_code == 409
    if state is not AttemptState.PAUSED:
        assert client.get(url(my_attempt, "/result")).status_code == 200
    assert client.post(url(my_attempt, "/submit"), headers={"X-CSRFToken": csrf()}).status_code == 409


# ---- what the pages give away


CANARY = "CANARY-7f3a"
NUMBER = "76543.21"
OPTIONS = {"options": [{"text": "one", "fraction": "1", "feedback": CANARY}, {"text": "two", "feedback": CANARY}]}
TYPED = {"fraction": "1", "feedback": CANARY}
PLANTED = {
    QuestionKind.SINGLE_CHOICE: OPTIONS,
    QuestionKind.MULTIPLE_RESPONSE: OPTIONS,
    QuestionKind.TRUE_FALSE: {"answer": True, "feedback_true": CANARY, "feedback_false": CANARY},
    QuestionKind.SHORT_ANSWER: {"answers": [{"pattern": CANARY, **TYPED}], "feedback_otherwise": CANARY},
    QuestionKind.NUMERICAL: {"answers": [{"value": NUMBER, **TYPED}], "feedback_otherwise": CANARY},
    QuestionKind.MATCHING: pair_up([{"text": "one", "match": "two", "feedback": CANARY}, {"text": "three", "match": "four"}], []),
    QuestionKind.ORDERING: {"items": [{"text": text, "feedback": CANARY} for text in ("one", "two", "three")]},
    QuestionKind.CLOZE: {
        "gaps": [
            {"input": "choice", "body": OPTIONS},
            {"input": "text", "body": {"answers": [{"pattern": CANARY, **TYPED}], "feedback_otherwise": CANARY}},
            {"input": "number", "body": {"answers": [{"value": NUMBER, **TYPED}], "feedback_otherwise": CANARY}},
        ]
    },
}


def visit_everything(client: FlaskClient, attempt: Attempt) -> list[Any]:
    """Every answer of the server during an attempt and right after, to right, wrong and impossible input."""
    found = []
    for number, answer in enumerate(("o1", ["o1", "o2"], "true", "guess", "7", "", "", ""), start=1):
        page = client.get(url(attempt, f"/questions/{number}"))
        parts = re.findall(r' name="(answer-[^"]+)"', page.text)
        wrong = post_answer(client, attempt, number, answer="x" * 2000, **dict.fromkeys(parts, "x" * 2000))
        right = post_answer(client, attempt, number, answer=answer, **dict(zip(parts, ("", "1", "7"), strict=False)))
        found += [page, right, wrong, client.get(url(attempt, f"/questions/{number}"))]
    headers = {"X-CSRFToken": hidden(page.text, "csrf_token")}
    item = {"op_id": str(new_id()), "slot": 1, "seq": 9, "answer": {"choice": "o2"}}
    found += [client.get(url(attempt, place), follow_redirects=True) for place in PLACES]
    for items in ([item], [item | {"answer": {"choice": "z"}}], [item | {"answer": {"choice": "o1"}}]):
        found.append(client.patch(url(attempt, "/answers"), headers=headers, json={"items": items}))
    found.append(client.post(url(attempt, "/lease"), headers=headers, json={"items": [], "lease": "tab-12345678"}))
    found.append(client.post(url(attempt, "/submit"), headers=headers))
    found += [client.get(url(attempt, place), follow_redirects=True) for place in PLACES]
    return [*found, client.patch(url(attempt, "/answers"), headers=headers, json={"items": [item]})]


def test_no_answer_of_the_server_gives_a_key_of_an_exam_away(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    slots = [
        fixed(make_question(session, kind=kind, body=body, general_feedback=CANARY, objective=CANARY)) for kind, body in PLANTED.items()
    ]
    attempt = make_attempt(session, make_quiz(session, slots=slots))
    sign_in_as(session, sign_in, attempt)

    for answer in visit_everything(client, attempt):
        assert not {CANARY, NUMBER, "fraction", "is_correct"} & set(re.findall(r"CANARY-7f3a|76543.21|fraction|is_correct", answer.text))
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "same-origin"


ORDER = [{"text": text} for text in ("Plan", "Write", "Test", "Revise")]
PAIRS = [{"text": f"Stem {number}", "match": f"Match {number}"} for number in range(4)]
CHOICES = {"gaps": [{"input": "choice", "body": {"options": [{"text": t, "fraction": f} for t, f in (("right", "1"), ("wrong", "0"))]}}]}


@pytest.mark.parametrize("shuffles", [True, False])
def test_two_questions_that_differ_in_their_key_alone_have_the_same_page(
    client: FlaskClient, session: Session, sign_in: SignIn, shuffles: bool
) -> None:
    """Whatever a page holds, keys of parts and the order of lists included, does not follow from the key."""
    other_pairs = [{"text": pair["text"], "match": PAIRS[(at + 1) % 4]["match"]} for at, pair in enumerate(PAIRS)]
    other_choices = {"gaps": [{"input": "choice", "body": {"options": [{"text": "wrong", "fraction": "1"}, {"text": "right"}]}}]}
    twins = [
        (QuestionKind.MATCHING, pair_up(PAIRS, []), pair_up(other_pairs, [])),
        (QuestionKind.ORDERING, {"items": ORDER}, {"items": ORDER[::-1]}),
        (QuestionKind.CLOZE, CHOICES, other_choices),
    ]
    for kind, one, other in twins:
        pages = []
        for body in (one, other):
            quiz = make_quiz(session, slots=[fixed(make_question(session, kind=kind, body=body))], shuffle_options=shuffles)
            attempt = make_attempt(session, quiz)
            keys = [option.key for option in attempts.get_slot(session, attempt.id, 1)[1].typed_body().shown_options()]
            attempts.get_slot(session, attempt.id, 1)[0].option_order = sorted(keys) if kind is QuestionKind.ORDERING or shuffles else keys
            sign_in_as(session, sign_in, attempt)
            pages.append(re.findall(r"<fieldset.*</fieldset>", client.get(url(attempt, "/questions/1")).text, re.DOTALL))
        assert len(pages[0]) == 1
        assert pages[0] == pages[1]


@pytest.mark.parametrize("shuffles", [True, False])
def test_no_paper_shows_an_order_that_is_right(session: Session, shuffles: bool) -> None:
    question = make_question(session, kind=QuestionKind.ORDERING)
    quiz = make_quiz(session, slots=[fixed(question)], shuffle_options=shuffles)
    orders: Counter[tuple[str, ...]] = Counter()
    while orders.total() < 40 or (len(orders) < 5 and orders.total() < 400):  # among forty one of the five may be missing by chance
        orders[tuple(attempts.list_paper(session, make_attempt(session, quiz).id)[0].option_order)] += 1
    assert len(orders) == 5  # of six
    assert ("ib", "ia", "ic") not in orders


def test_what_a_learner_typed_is_inert(client: FlaskClient, my_attempt: Attempt) -> None:
    typed = '"><script>alert(1)</script>{{7*7}}'
    post_answer(client, my_attempt, 4, answer=typed)
    page = client.get(url(my_attempt, "/questions/4")).text
    assert "<script>alert" not in page
    assert "{{7*7}}" in unescape(page)


# ---- how much it costs


@pytest.mark.parametrize("size", [5, 50])
def test_a_question_page_takes_as_many_queries_for_fifty_questions_as_for_five(
    client: FlaskClient, session: Session, sign_in: SignIn, queries: QueryCount, size: int
) -> None:
    questions = [make_question(session) for _ in range(5)]
    attempt = make_attempt(session, make_quiz(session, slots=[fixed(one) for one in questions]))
    if size == 50:
        categories = [make_question(session) for _ in range(45)]
        attempt = make_attempt(session, make_quiz(session, slots=[fixed(one) for one in (*questions, *categories)]))
    sign_in_as(session, sign_in, attempt)
    client.get(url(attempt, "/questions/1"))
    queries.clear()
    assert client.get(url(attempt, "/questions/3")).status_code == 200
    ours = [statement for statement in queries.statements if "clock_timestamp" not in statement]
    assert len([s for s in ours if s.startswith("SELECT")]) <= 8
    assert queries.writes == 0


def test_a_result_page_takes_few_queries(client: FlaskClient, session: Session, sign_in: SignIn, queries: QueryCount, csrf: Csrf) -> None:
    attempt = make_attempt(session, make_quiz(session, slots=[fixed(make_question(session)) for _ in range(20)]))
    sign_in_as(session, sign_in, attempt)
    client.post(url(attempt, "/submit"), headers={"X-CSRFToken": csrf()})
    queries.clear()
    assert client.get(url(attempt, "/result")).status_code == 200
    assert queries.selects <= 13


def test_a_finished_attempt_of_somebody_else_stays_theirs(
    client: FlaskClient, session: Session, sign_in: SignIn, csrf: Csrf, my_attempt: Attempt
) -> None:
    client.post(url(my_attempt, "/submit"), headers={"X-CSRFToken": csrf()})
    sign_in(make_user(session))
    assert client.get(url(my_attempt, "/result")).status_code == 404
