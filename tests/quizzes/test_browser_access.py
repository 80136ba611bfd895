"""Exams without a way back, absences, and the pages around an exam, in a real browser."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy.orm import Session

from laurel.catalog.queries import list_lessons
from laurel.core.clock import now
from laurel.core.db import Database
from laurel.core.ids import new_id
from laurel.learning.services import finish_lesson
from laurel.quizzes import services
from laurel.quizzes.models import Attempt, Quiz
from laurel.quizzes.queries.integrity import list_focus_notes
from laurel.quizzes.rules.access import AccessRules, hash_exam_password
from laurel.quizzes.rules.focus import FocusKind, Noted
from laurel.quizzes.services.integrity import decide_review, note_focus
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.learning import make_classroom
from tests.factories.quizzes import make_attempt, make_quiz, make_review_request
from tests.looking import faults_of
from tests.quizzes.browsing import LOOKS, SAVED, SITE, open_question
from tests.quizzes.pages import current, refresh, sign_in_as, url

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
STRICT = AccessRules(one_way=True, logs_focus=True)


PASTE = """() => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text", "seven..");
  document.querySelector("exam-answer input").dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
}"""


@pytest.fixture
def my_attempt(session: Session, sign_in: SignIn) -> Attempt:
    """A running attempt without a way back that notes absences, of the person who is signed in."""
    attempt = make_attempt(session, make_quiz(session, access=STRICT))
    sign_in_as(session, sign_in, attempt)
    return attempt


@pytest.fixture
def visit(chromium: Browser, server: None, client: FlaskClient) -> Iterator[Callable[..., BrowserContext]]:
    """Opens a browser context for whoever is signed in by then."""
    contexts = []

    def open_context(**options: Any) -> BrowserContext:
        found = client.get_cookie("laurel_demo", domain="laurel.test")
        assert found is not None
        context = chromium.new_context(**options)
        context.add_cookies([{"name": "laurel_demo", "value": found.value, "domain": "laurel.test", "path": "/"}])
        contexts.append(context)
        return context

    yield open_context
    for context in contexts:
        context.close()


def test_an_answer_given_right_before_next_counts(visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt) -> None:
    page = open_question(visit(), my_attempt)
    page.get_by_label("The next fact").check()
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page).to_have_url(re.compile("/questions/2$"))
    assert current(session, my_attempt) == {"choice": "b"}
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Question 1 is closed")
    page.get_by_role("link", name="Go on with question 2").click()
    expect(page).to_have_url(re.compile("/questions/2$"))


def test_offline_next_waits_until_the_answer_is_saved(visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt) -> None:
    context = visit()
    page = open_question(context, my_attempt)
    context.set_offline(True)
    page.get_by_label("The next user").check()
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.get_by_text("We cannot reach the server.")).to_be_visible(timeout=15_000)
    context.set_offline(False)
    expect(page).to_have_url(re.compile("/questions/2$"))  # by itself: whoever pressed once more might close this one, too
    assert current(session, my_attempt) == {"choice": "c"}


def test_an_answer_of_a_tab_that_was_left_behind_is_evidence_and_holds_up_nothing(
    visit: Callable[..., BrowserContext], database: Database, session: Session, my_attempt: Attempt
) -> None:
    """It waited on this device, unsent, while another device went on."""
    context = visit()
    page = context.new_page()
    page.goto(f"{SITE}/help")
    waiting = {"op_id": str(new_id()), "attempt": str(my_attempt.id), "slot": 1, "seq": 1, "answer": {"choice": "o2"}, "client_ts": ""}
    page.evaluate("([key, ops]) => localStorage.setItem(key, JSON.stringify(ops))", [f"laurel.left.{my_attempt.id}", [waiting]])
    page.close()
    with database.session(writes=True) as elsewhere:
        services.leave_slot(elsewhere, attempt_id=my_attempt.id, learner_id=my_attempt.learner_id, slot=1, now=now())
        elsewhere.commit()
    page = open_question(context, my_attempt, 2)
    expect(page.get_by_text("An answer came too late to count")).to_be_visible()
    page.get_by_label("A role").check()
    expect(page.locator("exam-saving")).to_have_text(SAVED, timeout=15_000)
    assert (current(session, my_attempt, 1), current(session, my_attempt, 2)) == (None, {"choices": ["a"]})


def test_enter_saves_and_leaves_nothing(visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt) -> None:
    for slot in (1, 2, 3):
        services.leave_slot(session, attempt_id=my_attempt.id, learner_id=my_attempt.learner_id, slot=slot, now=now())
    session.commit()
    page = open_question(visit(), my_attempt, 4)
    page.get_by_label("Your answer").fill("hallucination")
    with page.expect_navigation():
        page.get_by_label("Your answer").press("Enter")
    expect(page.locator("exam-saving[ready]")).to_have_text(re.compile("All answers saved"))
    expect(page.get_by_label("Your answer")).to_have_value("hallucination")
    refresh(session)
    assert my_attempt.reached_slot == 4


def test_a_question_without_an_answer_asks_before_it_is_closed(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt
) -> None:
    page = visit(java_script_enabled=False).new_page()
    page.goto(f"{SITE}{url(my_attempt)}")
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.get_by_text("You have not answered this question")).to_be_visible()
    page.get_by_role("button", name="Go on without an answer").click()
    expect(page).to_have_url(re.compile("/questions/2$"))


def be_away(page: Page, *, milliseconds: int) -> None:
    page.evaluate("dispatchEvent(new Event('blur'))")
    page.clock.run_for(milliseconds)
    page.evaluate("dispatchEvent(new Event('focus'))")


def test_a_long_absence_and_a_paste_are_noted_and_a_glance_is_not(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt
) -> None:
    context = visit()
    context.clock.install()
    page = open_question(context, my_attempt)
    context.clock.pause_at(now() + timedelta(minutes=1))  # however busy the machine: an absence is as long as it is meant to be
    be_away(page, milliseconds=100)
    with page.expect_response("**/focus"):
        be_away(page, milliseconds=2200)
    page.wait_for_timeout(1100)
    with page.expect_response("**/focus"):
        page.evaluate(PASTE)
    refresh(session)
    found = [(note.kind, note.slot) for note in list_focus_notes(session, my_attempt.id)]
    assert found == [(FocusKind.AWAY, 1), (FocusKind.PASTE, 1)]
    away, paste = list_focus_notes(session, my_attempt.id)
    assert (away.amount, paste.amount) == (2200, 7)


# ---- how the pages look


def look(page: Page, address: str) -> None:
    page.goto(f"{SITE}{address}")
    assert (address, faults_of(page)) == (address, ([], 0))


@LOOKS
def test_a_learners_pages_break_no_rule_of_access(
    visit: Callable[..., BrowserContext], session: Session, sign_in: SignIn, scheme: Any, width: int
) -> None:
    kept = hash_exam_password("plum tree", salt=b"x" * 16)
    access = AccessRules(password_hash=kept, one_way=True, logs_focus=True)
    room = make_classroom(session, lessons=1, access=access)
    for lesson in list_lessons(session, room.course.id)[:2]:
        finish_lesson(session, room.enrollment.id, lesson_id=lesson.id, now=now())
    failed = make_attempt(session, make_quiz(session), learner_id=room.learner.id)
    services.submit_attempt(session, attempt_id=failed.id, learner_id=room.learner.id, now=now())
    running = make_attempt(session, make_quiz(session, access=STRICT), learner_id=room.learner.id)
    services.leave_slot(session, attempt_id=running.id, learner_id=room.learner.id, slot=1, now=now())
    session.commit()
    sign_in(room.learner)
    page = visit(viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    for address in (
        f"/learn/{room.course.slug}/exam",
        *(url(running, place) for place in ("/questions/2", "/questions/2?unanswered=1", "/questions/1", "/questions/4", "/review")),
        url(failed, "/result"),
        url(failed, "/review-request"),
    ):
        look(page, address)


@LOOKS
def test_an_authors_and_a_staff_members_pages_break_no_rule_of_access(
    visit: Callable[..., BrowserContext], session: Session, sign_in: SignIn, scheme: Any, width: int
) -> None:
    person = make_user(session, roles=["admin"])
    attempt = make_attempt(session, make_quiz(session, access=STRICT, owner_id=person.id))
    for kind, amount in ((FocusKind.AWAY, 61_000), (FocusKind.PASTE, 40)):
        note_focus(session, attempt_id=attempt.id, learner_id=attempt.learner_id, noted=Noted(kind, amount, 2), now=now())
    waiting, decided = make_review_request(session), make_review_request(session)
    decide_review(session, request_id=decided.id, staff_id=person.id, decision="We looked.", now=now())
    quiz = session.get_one(Quiz, attempt.quiz_id)
    session.commit()
    sign_in(person)
    page = visit(viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    for address in (
        f"/studio/quizzes/{quiz.id}",
        f"/studio/quizzes/{quiz.id}/access",
        f"/studio/quizzes/{quiz.id}/review",
        "/backoffice/review-requests",
        f"/backoffice/review-requests/{waiting.id}",
        f"/backoffice/review-requests/{decided.id}",
        f"/backoffice/attempts/{attempt.id}/focus",
    ):
        look(page, address)
