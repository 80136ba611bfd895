"""Hostile input on the routes of attempts, row by row after specs/trust.md §3.3; what other tests hold already is not said again."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.catalog.queries import list_lessons
from laurel.commerce.models import Entitlement
from laurel.core.clock import now
from laurel.core.ids import new_id
from laurel.learning.services import finish_lesson
from laurel.quizzes.models import AnswerOp, Attempt
from laurel.quizzes.rules import AttemptState
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.bank import make_question
from tests.factories.learning import Classroom, make_classroom
from tests.factories.quizzes import fixed, make_attempt, make_quiz
from tests.quizzes.pages import current, post_answer, refresh, sign_in_as, url

Csrf = Callable[..., str]
PAGES = ("", "/questions/1", "/review", "/hand-in", "/result", "/review-request")
LARGEST = 64 * 1024


@pytest.fixture
def headers(csrf: Csrf, my_attempt: Attempt) -> dict[str, str]:
    return {"X-CSRFToken": csrf(), "Accept": "application/json"}


def item(slot: int = 1, answer: Any = None, **facts: Any) -> dict[str, Any]:
    return {"op_id": str(new_id()), "slot": slot, "seq": 1, "answer": answer or {"choice": "o1"}, "client_ts": ""} | facts


def save(client: FlaskClient, attempt: Attempt, headers: dict[str, str], *items: Any, **wishes: Any) -> Any:
    return client.patch(url(attempt, "/answers"), headers=headers, json={"items": list(items), "lease": None} | wishes)


def count_ops(session: Session) -> int:
    refresh(session)
    return session.scalar(select(func.count()).select_from(AnswerOp)) or 0


# ---- ids


def test_an_id_in_capitals_is_the_same_id_and_no_way_in(
    client: FlaskClient, session: Session, headers: dict[str, str], my_attempt: Attempt
) -> None:
    theirs = make_attempt(session, make_quiz(session))
    session.commit()
    assert client.get(f"/attempts/{str(my_attempt.id).upper()}/questions/1").status_code == 200
    assert client.get(f"/attempts/{str(theirs.id).upper()}/questions/1").status_code == 404
    following = f"{int(str(theirs.id).replace('-', ''), 16) + 1:032x}"
    for broken in (
        str(theirs.id)[:-1],
        f"{theirs.id}0",
        f"%7B{theirs.id}%7D",
        following,
        f"{theirs.id}%00",
        "1",
        "-1",
        "0x1",
        f"../{theirs.id}",
    ):
        for place in ("", "/questions/1", "/result"):
            assert client.get(f"/attempts/{broken}{place}").status_code == 404


def test_a_question_that_the_paper_does_not_have_is_not_there(client: FlaskClient, my_attempt: Attempt) -> None:
    numbers = ("0", "6", "99999999999999999999", "-1", "1.0", "1e3", "%31%00", "one")
    assert {client.get(url(my_attempt, f"/questions/{number}")).status_code for number in numbers} == {404}


# ---- answers


IMPOSSIBLE = [
    item(slot=6),
    item(slot=2, answer={"choices": ["e"]}),  # an option that another question has
    item(answer={"choice": "o9"}),
    item(answer={"choice": "o0"}),
    item(answer={"choice": ["a", "b"]}),
    item(answer={"choice": ["o1"]}),
    item(answer={"choices": ["o1"]}),
    item(answer={"choice": "o1", "fraction": 1}),
    item(slot=2, answer={"choices": [["a"]]}),
    item(slot=2, answer={"choices": ["o1", {"$ne": ""}]}),
    item(slot=3, answer={"value": "true"}),
    item(slot=5, answer={"text": 4096}),
    item(slot=5, answer={"text": "9" * 20_000}),
    item(slot=True),
    item(seq="1"),
    item(client_ts="1970-01-01T00:00:00Z; DROP TABLE"),
]


def test_an_answer_that_this_paper_could_not_have_asked_for_is_refused(
    client: FlaskClient, session: Session, my_attempt: Attempt, headers: dict[str, str]
) -> None:
    for hostile in IMPOSSIBLE:
        answer = save(client, my_attempt, headers, hostile)
        assert (hostile, answer.status_code, answer.json["error"]) == (hostile, 400, "invalid_answer")
    assert count_ops(session) == 0


def test_what_is_no_number_of_json_is_refused(client: FlaskClient, session: Session, my_attempt: Attempt, headers: dict[str, str]) -> None:
    for number in ("NaN", "Infinity", "1e999", "-1e999", "[" * 1000 + "]" * 1000, "10" + "0" * 5000):
        body = json.dumps({"items": [item(slot=5, answer={"text": "HERE"})], "lease": None}).replace('"HERE"', number)
        answer = client.patch(url(my_attempt, "/answers"), headers=headers, data=body, content_type="application/json")
        assert (number, answer.status_code) == (number, 400)
    assert count_ops(session) == 0


def test_text_is_stored_as_given_shown_as_text_and_graded_without_stumbling(
    client: FlaskClient, session: Session, my_attempt: Attempt, headers: dict[str, str]
) -> None:
    texts = ("NaN", "1e999", "-1", "1" + "0" * 99, "${7*7}", "</script><script>alert(1)</script>", "=1+1", "  4096 ")
    for seq, text in enumerate(texts, start=1):
        items = [item(slot=slot, seq=seq, answer={"text": text}) for slot in (4, 5)]
        assert save(client, my_attempt, headers, *items).status_code == 200
        assert current(session, my_attempt, 4)["text"].strip() == text.strip()
        for number in (4, 5):
            assert "<script>alert" not in client.get(url(my_attempt, f"/questions/{number}")).text
    assert client.post(url(my_attempt, "/submit"), headers=headers).status_code == 303
    refresh(session)
    assert (my_attempt.state, my_attempt.earned) == (AttemptState.GRADED, 1)


def test_a_save_is_64_kilobytes_at_most(client: FlaskClient, my_attempt: Attempt, headers: dict[str, str]) -> None:
    body = json.dumps({"items": [item()], "lease": None}).encode()

    def send(length: int) -> int:
        padded = body[:-1] + b" " * (length - len(body)) + b"}"
        assert len(padded) == length
        return client.patch(url(my_attempt, "/answers"), headers=headers, data=padded, content_type="application/json").status_code

    assert [send(length) for length in (LARGEST, LARGEST + 1, 1024 * 1024)] == [200, 413, 413]


def test_a_wish_beside_the_items_refuses_the_batch(
    client: FlaskClient, session: Session, my_attempt: Attempt, headers: dict[str, str]
) -> None:
    wishes = ({"remaining": 9999}, {"deadline_at": "2099-01-01T00:00:00Z"}, {"state": "graded"}, {"reached_slot": 9}, {"score": 1})
    assert [save(client, my_attempt, headers, item(), **wish).status_code for wish in wishes] == [400] * 5
    assert count_ops(session) == 0


def test_a_form_has_nothing_more_to_say_than_its_answer(client: FlaskClient, session: Session, my_attempt: Attempt, csrf: Csrf) -> None:
    fields = {
        "csrf_token": csrf(),
        "op_id": str(new_id()),
        "seq": "1",
        "answer": "o1",
        "mark": "1",
        "slot": "2",
        "deadline_at": "2099",
        "go": "next",
    }
    assert client.post(url(my_attempt, "/questions/1"), data=fields).status_code == 303
    assert (current(session, my_attempt, 1), current(session, my_attempt, 2)) == ({"choice": "a"}, None)


def test_a_damaged_page_saves_nothing_and_says_so(client: FlaskClient, session: Session, my_attempt: Attempt, csrf: Csrf) -> None:
    sound = {"csrf_token": csrf(), "op_id": str(new_id()), "seq": "1", "answer": "o1", "go": "next"}
    damages = [
        {"seq": str(2**63 - 1)},
        {"seq": "-1"},
        {"seq": "1e3"},
        {"seq": "١"},
        {"op_id": "0"},
        {"op_id": f"{new_id()}0"},
        {"lease": "x" * 65},
    ]
    for damage in damages:
        answer = client.post(url(my_attempt, "/questions/1"), data=sound | damage)
        assert (damage, answer.status_code) == (damage, 400)
        assert "This answer was not saved" in answer.text
    assert count_ops(session) == 0


def test_the_option_of_another_question_is_none_of_this_one(client: FlaskClient, session: Session, sign_in: SignIn, csrf: Csrf) -> None:
    few = {"options": [{"text": "Yes", "fraction": "1"}, {"text": "No"}]}
    questions = [make_question(session, body=few), make_question(session)]
    attempt = make_attempt(session, make_quiz(session, slots=[fixed(one) for one in questions]))
    sign_in_as(session, sign_in, attempt)
    token = {"X-CSRFToken": csrf(), "Accept": "application/json"}
    assert save(client, attempt, token, item(answer={"choice": "o3"})).status_code == 400
    assert save(client, attempt, token, item(slot=2, answer={"choice": "o3"})).status_code == 200


@pytest.mark.parametrize("content", [{"choice": "a"}, {"choices": ["a"]}])
def test_an_option_is_not_chosen_by_the_letter_of_its_author(
    client: FlaskClient, session: Session, my_attempt: Attempt, headers: dict[str, str], content: dict[str, Any]
) -> None:
    """Authors often write the right one first: whoever could answer by that letter would learn which place it has on this paper."""
    slot = {"choice": 1, "choices": 2}[next(iter(content))]
    assert save(client, my_attempt, headers, item(slot=slot, answer=content)).status_code == 400
    assert post_answer(client, my_attempt, slot, answer="a").status_code == 400
    assert current(session, my_attempt, slot) is None


# ---- methods and caches


def test_what_changes_something_is_never_a_get(client: FlaskClient, session: Session, my_attempt: Attempt) -> None:
    for place in ("/submit", "/answers", "/lease", "/focus"):
        for method in ("GET", "HEAD", "PUT", "DELETE"):
            assert client.open(url(my_attempt, place), method=method).status_code == 405
    for method in ("PUT", "DELETE", "PATCH"):
        assert client.open(url(my_attempt), method=method, headers={"X-HTTP-Method-Override": "POST"}).status_code in {400, 403, 405}
    refresh(session)
    assert my_attempt.state is AttemptState.IN_PROGRESS


@pytest.mark.parametrize("is_over", [False, True])
def test_no_page_of_an_attempt_stays_in_a_cache_or_sends_its_address_away(
    client: FlaskClient, my_attempt: Attempt, headers: dict[str, str], is_over: bool
) -> None:
    if is_over:
        client.post(url(my_attempt, "/submit"), headers=headers)
    for method in ("GET", "HEAD"):
        for place in PAGES:
            answer = client.open(url(my_attempt, place), method=method)
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Referrer-Policy"] == "same-origin"
            assert "ETag" not in answer.headers
            assert method == "GET" or not answer.data
    asked_for_a_copy = client.get(url(my_attempt, "/questions/1"), headers={"If-None-Match": "*", "Cache-Control": "only-if-cached"})
    assert asked_for_a_copy.status_code == (409 if is_over else 200)


# ---- starting


def reach_exam(session: Session, **rules: Any) -> Classroom:
    room = make_classroom(session, lessons=1, **rules)
    for lesson in list_lessons(session, room.course.id)[:2]:
        finish_lesson(session, room.enrollment.id, lesson_id=lesson.id, now=now())
    session.commit()
    return room


def attempts_at(session: Session) -> int:
    refresh(session)
    return session.scalar(select(func.count()).select_from(Attempt)) or 0


def test_a_start_is_no_get_and_needs_the_page_before_it(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    room = reach_exam(session)
    sign_in(room.learner)
    start = f"/learn/{room.course.slug}/exam/attempts"
    for method in ("GET", "HEAD", "PUT"):
        assert client.open(start, method=method).status_code == 405
    assert client.post(start, data={"honor_code": "y"}).status_code in {400, 403}
    assert attempts_at(session) == 0


def test_nothing_starts_after_the_window_before_it_or_after_a_refund(
    client: FlaskClient, session: Session, sign_in: SignIn, csrf: Csrf
) -> None:
    late, early, refunded = (
        reach_exam(session, closes_at=now()),
        reach_exam(session, opens_at=now() + timedelta(days=365)),
        reach_exam(session),
    )
    for entitlement in session.scalars(select(Entitlement).where(Entitlement.user_id == refunded.learner.id)):
        session.delete(entitlement)
    session.commit()
    statuses = []
    for room in (late, early, refunded):
        sign_in(room.learner)
        statuses.append(client.post(f"/learn/{room.course.slug}/exam/attempts", data={"csrf_token": csrf(), "honor_code": "y"}))
    assert [answer.status_code for answer in statuses] == [409, 409, 302]
    assert statuses[2].location.endswith("/enroll")
    assert attempts_at(session) == 0


def test_two_browsers_start_one_attempt(client: FlaskClient, session: Session, sign_in: SignIn, csrf: Csrf) -> None:
    room = reach_exam(session)
    places = set()
    for _ in range(2):
        sign_in(room.learner)
        places.add(client.post(f"/learn/{room.course.slug}/exam/attempts", data={"csrf_token": csrf(), "honor_code": "y"}).location)
    assert len(places) == 1
    assert attempts_at(session) == 1


def test_a_locked_exam_and_somebody_elses_course_start_nothing(client: FlaskClient, session: Session, sign_in: SignIn, csrf: Csrf) -> None:
    room = make_classroom(session, lessons=1)
    session.commit()
    for person in (room.learner, make_user(session)):
        sign_in(person)
        answer = client.post(f"/learn/{room.course.slug}/exam/attempts", data={"csrf_token": csrf(), "honor_code": "y"})
        assert answer.status_code == 302
    assert attempts_at(session) == 0
