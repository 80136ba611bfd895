import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.bank.rules import QuestionKind
from laurel.core.ids import new_id
from laurel.quizzes import queries as quiz_queries
from laurel.quizzes.models import Attempt
from tests.factories.quizzes import ALL_KINDS, answer_all
from tests.quizzes.pages import current, hidden, post_answer, url

FORMS: dict[QuestionKind, tuple[Any, Any]] = {
    QuestionKind.SINGLE_CHOICE: ("o2", {"choice": "b"}),
    QuestionKind.MULTIPLE_RESPONSE: (["o1", "o3"], {"choices": ["a", "c"]}),
    QuestionKind.TRUE_FALSE: ("true", {"value": True}),
    QuestionKind.SHORT_ANSWER: ("  Hallucination ", {"text": "Hallucination"}),
    QuestionKind.NUMERICAL: ("4,096", {"text": "4,096"}),
    QuestionKind.MATCHING: ({"s1": "cx", "s2": ""}, {"pairs": {"s1": "cx"}}),
    QuestionKind.ORDERING: ({"ib": "3", "ia": "", "ic": "1"}, {"order": ["ic", None, "ib"]}),
    QuestionKind.CLOZE: ({"1": "o2", "2": " Tokens ", "3": ""}, {"gaps": {"1": "b", "2": "Tokens"}}),
}


def fields_of(sent: Any) -> dict[str, Any]:
    """What a form of this kind posts."""
    return {f"answer-{part}": value for part, value in sent.items()} if isinstance(sent, dict) else {"answer": sent}


# ---- one question a page


def test_an_attempt_leads_to_its_first_open_question(client: FlaskClient, my_attempt: Attempt) -> None:
    assert client.get(url(my_attempt)).location == url(my_attempt, "/questions/1")
    post_answer(client, my_attempt, 1, answer="o1")
    assert client.get(url(my_attempt)).location == url(my_attempt, "/questions/2")


def test_a_complete_attempt_leads_to_its_review(client: FlaskClient, session: Session, my_attempt: Attempt) -> None:
    answer_all(session, my_attempt)
    session.commit()
    assert client.get(url(my_attempt)).location == url(my_attempt, "/review")


@pytest.mark.parametrize(("number", "kind"), list(enumerate(ALL_KINDS, start=1)))
def test_an_answer_is_saved_by_its_form_alone(
    client: FlaskClient, session: Session, every_kind: Attempt, number: int, kind: QuestionKind
) -> None:
    sent, stored = FORMS[kind]
    answer = post_answer(client, every_kind, number, go="next", **fields_of(sent))
    assert (answer.status_code, current(session, every_kind, number)) == (303, stored)
    page = client.get(url(every_kind, f"/questions/{number}")).text
    if kind in (QuestionKind.SHORT_ANSWER, QuestionKind.NUMERICAL):
        assert f'value="{stored["text"]}"' in page
    elif isinstance(sent, dict):
        assert page.count(" selected") + page.count('value="Tokens"') == 1 + (kind is not QuestionKind.MATCHING)
    else:
        assert page.count(" checked") == (2 if kind is QuestionKind.MULTIPLE_RESPONSE else 1)


@pytest.mark.parametrize(
    ("fields", "leads_to"),
    [
        ({"go": "next"}, "/questions/3"),
        ({"go": "previous"}, "/questions/1"),
        ({"go": "review"}, "/review"),
        ({"go": "flag"}, "/questions/2?at=flag"),
        ({"go_to": "5"}, "/questions/5"),
        ({"go_to": "99"}, "/review"),
        ({"go_to": "-1"}, "/questions/2"),
        ({"go_to": "0"}, "/questions/1"),
        ({}, "/questions/2"),
        ({"go": "nowhere"}, "/questions/2"),
    ],
)
def test_the_buttons_save_and_lead_on(
    client: FlaskClient, session: Session, my_attempt: Attempt, fields: dict[str, str], leads_to: str
) -> None:
    answer = post_answer(client, my_attempt, 2, answer=["o1"], **fields)
    assert answer.location == url(my_attempt, leads_to)
    assert current(session, my_attempt, 2) == {"choices": ["a"]}


def test_next_after_the_last_question_is_the_review(client: FlaskClient, my_attempt: Attempt) -> None:
    assert post_answer(client, my_attempt, 5, go="next").location == url(my_attempt, "/review")


def test_leaving_a_page_unchanged_writes_nothing(client: FlaskClient, session: Session, my_attempt: Attempt) -> None:
    post_answer(client, my_attempt, 1, answer="o1", go="next")
    post_answer(client, my_attempt, 1, answer="o1", go="next")
    post_answer(client, my_attempt, 2, go="next")
    session.rollback()
    assert len(quiz_queries.list_ops(session, my_attempt.id)) == 1


def test_ticks_can_be_taken_back(client: FlaskClient, session: Session, my_attempt: Attempt) -> None:
    post_answer(client, my_attempt, 2, answer=["o1", "o2"])
    post_answer(client, my_attempt, 2)
    assert current(session, my_attempt, 2) is None


def test_sending_a_page_twice_saves_it_once(client: FlaskClient, session: Session, my_attempt: Attempt) -> None:
    page = client.get(url(my_attempt, "/questions/1")).text
    for _ in range(2):
        assert post_answer(client, my_attempt, 1, page=page, answer="o1", go="next").status_code == 303
    session.rollback()
    assert len(quiz_queries.list_ops(session, my_attempt.id)) == 1


def test_an_old_page_overwrites_nothing_newer_and_says_so(client: FlaskClient, session: Session, my_attempt: Attempt) -> None:
    old = client.get(url(my_attempt, "/questions/1")).text
    post_answer(client, my_attempt, 1, answer="o1")
    answer = post_answer(client, my_attempt, 1, page=old.replace(hidden(old, "op_id"), str(new_id())), answer="o3", go="next")
    assert answer.location == url(my_attempt, "/questions/1")
    assert current(session, my_attempt) == {"choice": "a"}
    assert "changed in another tab" in client.get(answer.location).text


def test_a_page_sent_again_with_another_answer_keeps_the_new_one_on_the_page(
    client: FlaskClient, session: Session, my_attempt: Attempt
) -> None:
    page = client.get(url(my_attempt, "/questions/1")).text
    post_answer(client, my_attempt, 1, page=page, answer="o1", go="next")

    again = post_answer(client, my_attempt, 1, page=page, answer="o3", go="next")

    assert again.status_code == 409
    assert "send it again to save it" in again.text
    assert 'value="o3" checked' in again.text
    assert current(session, my_attempt) == {"choice": "a"}
    post_answer(client, my_attempt, 1, page=again.text, answer="o3", go="next")
    session.rollback()
    assert current(session, my_attempt) == {"choice": "c"}


def test_a_flag_is_shown_and_can_be_taken_away(client: FlaskClient, my_attempt: Attempt) -> None:
    post_answer(client, my_attempt, 2, go="flag")
    page = client.get(url(my_attempt, "/questions/2")).text
    assert 'aria-pressed="true"' in page
    assert "is-flagged" in page
    post_answer(client, my_attempt, 2, go="unflag")
    assert 'aria-pressed="false"' in client.get(url(my_attempt, "/questions/2")).text


@pytest.mark.parametrize(
    ("number", "fields", "words"),
    [
        (4, {"answer": "x" * 1001}, "too long"),
        (4, {"answer": "bell\x07"}, "cannot be stored"),
        (1, {"answer": "z"}, "not an option"),
        (1, {"answer": ["o1", "o2"]}, "Only one answer"),
        (3, {"answer": "maybe"}, "true or false"),
        (6, {"answer-s1": ["cx", "cm"]}, "Only one answer"),
        (6, {"answer-s1": "cz"}, "not a choice"),
        (6, {"answer-s9": "cx"}, "not a part"),
        (7, {"answer-ib": "2", "answer-ia": "2", "answer-ic": "1"}, "Two items are in place 2"),
        (7, {"answer-ib": "4"}, "not a place"),
        (7, {"answer-ib": "\u00b2"}, "not a place"),
        (7, {"answer-iz": "1"}, "not an item"),
        (8, {"answer-1": "z"}, "not an option"),
        (8, {"answer-1": "a"}, "not an option"),  # its author's letter, which no page knows
        (8, {"answer-2": "x" * 1001}, "too long"),
        (8, {"answer-9": "x"}, "not a gap"),
        (1, {"answer": "o1", "seq": "-1"}, "damaged"),
        (1, {"answer": "o1", "seq": "9999999999999999999"}, "damaged"),
        (1, {"answer": "o1", "seq": "99999999"}, "too far ahead"),
        (1, {"answer": "o1", "op_id": "x"}, "UUIDv7"),
        (1, {"answer": "o1", "lease": "no token at all"}, "lease"),
    ],
)
def test_what_cannot_be_saved_is_said_on_the_page_and_changes_nothing(
    client: FlaskClient, session: Session, every_kind: Attempt, number: int, fields: dict[str, Any], words: str
) -> None:
    answer = post_answer(client, every_kind, number, **fields)
    assert answer.status_code == 400
    assert words in answer.text
    assert "This answer was not saved" in answer.text
    assert current(session, every_kind, number) is None


def test_what_was_typed_stays_in_the_field(client: FlaskClient, my_attempt: Attempt) -> None:
    typed = "y" * 1001
    assert f'value="{typed}"' in post_answer(client, my_attempt, 4, answer=typed).text


def test_two_items_in_one_place_stay_where_they_were_put(client: FlaskClient, every_kind: Attempt) -> None:
    page = post_answer(client, every_kind, 7, **fields_of({"ib": "2", "ia": "2", "ic": "1"})).text
    chosen = {key: re.search(rf'name="answer-{key}".*?</select>', page, re.DOTALL) for key in ("ib", "ia", "ic")}
    assert {key: re.findall(r'value="(\d)" selected', found[0]) for key, found in chosen.items() if found} == {
        "ib": ["2"],
        "ia": ["2"],
        "ic": ["1"],
    }


def test_an_order_that_nobody_touched_is_no_answer(client: FlaskClient, session: Session, every_kind: Attempt) -> None:
    page = client.get(url(every_kind, "/questions/7")).text
    assert " selected" not in page
    post_answer(client, every_kind, 7, go="next", **fields_of({"ib": "", "ia": "", "ic": ""}))
    assert current(session, every_kind, 7) is None


@pytest.mark.parametrize("number", [0, 6, 99, 99999, 10**30])
def test_a_question_that_the_paper_does_not_have_is_not_found(client: FlaskClient, my_attempt: Attempt, number: int) -> None:
    assert client.get(url(my_attempt, f"/questions/{number}")).status_code == 404
