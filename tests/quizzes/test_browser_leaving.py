"""Leaving a page of a running exam in a real browser: what was on its way is not forgotten, and nobody is led to where nothing answers."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, expect
from sqlalchemy.orm import Session

from laurel.core.clock import now
from laurel.quizzes.models import Attempt
from laurel.quizzes.rules import AttemptState
from laurel.quizzes.rules.quizzes import ExpiryPolicy
from tests.conftest import SignIn
from tests.factories.quizzes import make_attempt, make_quiz
from tests.quizzes.browsing import SITE, end_in, open_question, saved
from tests.quizzes.pages import current, refresh, sign_in_as, url

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


def test_a_page_that_was_written_before_the_last_answer_arrived_shows_it_and_takes_another(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt
) -> None:
    page = open_question(visit(), my_attempt, 5)
    written = page.evaluate("fetch(location.href).then((answer) => answer.text())")
    page.get_by_label("Your answer").fill("4000")
    saved(page)
    page.route("**/questions/5", lambda route: route.fulfill(body=written, content_type="text/html"), times=1)
    page.reload()
    expect(page.get_by_label("Your answer")).to_have_value("4000")
    page.get_by_label("Your answer").fill("4096")
    saved(page)
    page.get_by_role("button", name="Review", exact=True).last.click()
    expect(page).to_have_url(re.compile("/review$"))
    assert current(session, my_attempt, 5) == {"text": "4096"}


def test_a_script_that_did_not_arrive_is_asked_for_again(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt
) -> None:
    context = visit()
    refused: list[str] = []
    context.route("**/js/exam-outbox.js*", lambda route: (refused.append(route.request.url), route.abort()), times=2)
    page = context.new_page()
    page.goto(SITE + url(my_attempt, "/questions/5"))
    page.get_by_label("Your answer").fill("4096")
    saved(page)
    assert refused
    assert current(session, my_attempt, 5) == {"text": "4096"}


def test_next_waits_on_its_page_until_the_connection_is_back(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt
) -> None:
    context = visit()
    page = open_question(context, my_attempt)
    page.get_by_label("The next fact").check()
    saved(page)
    context.set_offline(True)
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.get_by_text("Everything you answered is saved, but no other page")).to_be_visible()
    assert page.url.endswith("/questions/1")
    expect(page.get_by_label("The next fact")).to_be_checked()
    context.set_offline(False)
    expect(page).to_have_url(re.compile("/questions/2$"))


def test_a_link_waits_on_its_page_until_the_connection_is_back(visit: Callable[..., BrowserContext], my_attempt: Attempt) -> None:
    context = visit()
    page = open_question(context, my_attempt)
    page.goto(f"{SITE}{url(my_attempt, '/review')}")
    expect(page.locator("exam-saving[ready]")).to_have_text("No answers yet")
    context.set_offline(True)
    page.get_by_role("link", name="Question 2", exact=True).click()
    expect(page.get_by_text("Everything you answered is saved, but no other page")).to_be_visible()
    assert page.url.endswith("/review")
    context.set_offline(False)
    expect(page).to_have_url(re.compile("/questions/2$"))


def test_when_the_time_is_over_offline_the_page_waits_and_what_was_given_in_time_counts(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt
) -> None:
    page = open_question(visit(), my_attempt, 5)
    page.route("**/attempts/**", lambda route: route.abort())
    page.get_by_label("Your answer").fill("4096")
    end_in(session, page, my_attempt, seconds=2)
    expect(page.get_by_text("The time is over, and there is no connection")).to_be_visible(timeout=20_000)
    assert page.url.endswith("/questions/5")
    page.unroute("**/attempts/**")
    expect(page).to_have_url(re.compile("/result$"), timeout=45_000)
    assert current(session, my_attempt, 5) == {"text": "4096"}


def test_a_clock_that_is_set_during_the_exam_ends_nothing_and_is_put_right(
    visit: Callable[..., BrowserContext], my_attempt: Attempt
) -> None:
    page = open_question(visit(), my_attempt, 4)
    page.evaluate("{ const was = Date.now; Date.now = () => was() + 5 * 3_600_000; }")
    page.get_by_label("Your answer").fill("hallucination")
    saved(page)
    expect(page.locator(".timer-text")).to_have_text(re.compile(r"^5\d:"))
    page.wait_for_timeout(1500)
    assert page.url.endswith("/questions/4")
    expect(page.get_by_label("Your answer")).to_be_enabled()


def test_what_pasting_brings_along_is_left_out_and_what_is_too_long_never_gets_in(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt
) -> None:
    page = open_question(visit(), my_attempt, 4)
    page.get_by_label("Your answer").fill("it\x92s \x00\x85😀 שלום")
    saved(page)
    assert current(session, my_attempt, 4) == {"text": "its 😀 שלום"}
    page.get_by_label("Your answer").fill("")
    page.get_by_label("Your answer").focus()
    page.keyboard.insert_text("x" * 1200)
    expect(page.get_by_label("Your answer")).to_have_value("x" * 1000)
    saved(page)


def test_who_is_signed_out_does_not_hear_that_there_is_no_connection(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt
) -> None:
    context = visit()
    page = open_question(context, my_attempt, 4)
    context.clear_cookies(name="laurel_demo")
    page.get_by_label("Your answer").fill("hallucination")
    expect(page.locator("exam-saving")).to_have_text(re.compile(r"retrying \([2-9]"), timeout=20_000)
    expect(page.get_by_text("You are signed out")).to_be_visible()
    expect(page.get_by_text("We cannot reach the server.")).to_be_hidden()


@pytest.mark.parametrize(
    ("policy", "said"),
    [("grace_period", "You must hand in yourself, within 2 minutes"), ("abandon", "is not graded")],
    ids=["grace", "abandon"],
)
def test_a_page_hands_nothing_in_by_itself_where_its_learner_has_to(
    visit: Callable[..., BrowserContext], session: Session, sign_in: SignIn, policy: str, said: str
) -> None:
    quiz = make_quiz(session, expiry_policy=ExpiryPolicy(policy), grace_seconds=120 if policy == "grace_period" else 0)
    attempt = make_attempt(session, quiz)
    attempt.deadline_at = now() - timedelta(seconds=1)
    sign_in_as(session, sign_in, attempt)
    page = visit().new_page()
    page.goto(f"{SITE}{url(attempt)}")
    expect(page.locator("exam-saving[ready]")).to_be_attached()
    expect(page.get_by_text(said)).to_be_visible()
    page.wait_for_timeout(1000)
    refresh(session)
    assert attempt.state is AttemptState.IN_PROGRESS
    if policy == "grace_period":
        page.get_by_role("button", name="Hand in and finish").click()
        expect(page).to_have_url(re.compile("/result$"))


def test_asking_where_the_exam_stands_is_not_read_out(visit: Callable[..., BrowserContext], my_attempt: Attempt) -> None:
    page = open_question(visit(), my_attempt, 2)
    page.get_by_label("A role").check()
    saved(page)
    said = page.locator("exam-saving").inner_text()
    page.wait_for_timeout(1100)
    with page.expect_response("**/answers"):
        page.evaluate("document.querySelector('exam-saving').check()")
    page.wait_for_timeout(200)
    assert page.locator("exam-saving").inner_text() == said
    expect(page.get_by_role("group", name="What does a language model predict?")).to_have_accessible_description("Choose all that apply.")
