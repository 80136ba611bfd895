"""The exam in a real browser: saving without a thought, losing nothing, and no script needed."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Route, expect
from sqlalchemy.orm import Session

from laurel.core.clock import now
from laurel.quizzes import services
from laurel.quizzes.models import Attempt
from laurel.quizzes.rules import AttemptState, FinishReason
from tests.factories.quizzes import ALL_KINDS, answer_all
from tests.looking import faults_of
from tests.quizzes.browsing import LOOKS, SITE, Hands, end_in, kept, open_question, saved, writing
from tests.quizzes.pages import current, refresh, url

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


def test_a_choice_is_saved_without_leaving_the_page(visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt) -> None:
    page = open_question(visit(), my_attempt)
    held: list[Route] = []
    page.route("**/answers", lambda route: held.append(route))  # noqa: PLW0108 (Playwright counts the parameters)
    with page.expect_request("**/answers"):
        page.get_by_label("The next fact").check()
    expect(page.locator("exam-saving")).to_have_text("Saving")
    expect(page.locator('[data-number="1"]')).to_have_class(re.compile("is-answered"))
    assert current(session, my_attempt) is None
    held.pop().continue_()
    saved(page)
    assert current(session, my_attempt) == {"choice": "b"}


def test_next_goes_on_although_the_first_try_to_save_failed(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt
) -> None:
    page = open_question(visit(), my_attempt)
    failed: list[Route] = []

    def fail_once(route: Route) -> None:
        if failed:
            route.continue_()
        else:
            failed.append(route)
            route.fulfill(status=503, headers={"Retry-After": "2"}, json={"error": "temporarily_unavailable"})

    page.route("**/answers", fail_once)
    page.get_by_label("The next fact").check()
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page).to_have_url(re.compile("/questions/2$"))
    assert len(failed) == 1
    assert current(session, my_attempt) == {"choice": "b"}


def test_an_answer_given_offline_is_kept_and_sent_when_the_connection_is_back(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt
) -> None:
    context = visit()
    page = open_question(context, my_attempt)
    context.set_offline(True)
    page.get_by_label("The next fact").check()
    expect(page.locator("exam-saving")).to_have_text(re.compile(r"Not saved, retrying \(\d"))
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.get_by_text("We cannot reach the server.")).to_be_visible(timeout=15_000)
    assert page.url.endswith("/questions/1")
    context.set_offline(False)
    expect(page.locator("exam-saving")).to_have_text(re.compile("^All answers saved"))  # here, or on the next page: it goes on by itself
    expect(page.get_by_text("We cannot reach the server.")).to_be_hidden()
    assert current(session, my_attempt) == {"choice": "b"}


def test_an_answer_of_a_page_that_was_closed_offline_is_sent_by_the_next(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt
) -> None:
    context = visit()
    page = open_question(context, my_attempt, 4)
    context.set_offline(True)
    page.get_by_label("Your answer").fill("hallucination")
    kept(page)
    page.close()
    context.set_offline(False)
    assert current(session, my_attempt, 4) is None

    page = open_question(context, my_attempt, 4)
    saved(page)
    expect(page.get_by_label("Your answer")).to_have_value("hallucination")
    assert current(session, my_attempt, 4) == {"text": "hallucination"}


def test_a_reload_right_after_typing_loses_nothing(visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt) -> None:
    page = open_question(visit(), my_attempt, 5)
    page.get_by_label("Your answer").press_sequentially("4096")
    page.reload()
    expect(page.get_by_label("Your answer")).to_have_value("4096")
    expect(page.locator("exam-saving")).to_have_text(re.compile("All answers saved"))
    assert current(session, my_attempt, 5) == {"text": "4096"}


def test_a_reload_loses_nothing_though_the_disk_is_slow_and_the_network_gone(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt
) -> None:
    context = visit()
    slow_disk = "const put = IDBObjectStore.prototype.put; let puts = 0;"
    slow_disk += "IDBObjectStore.prototype.put = function (row) { return puts++ ? this.count() : put.call(this, row); };"
    context.add_init_script(slow_disk)  # it keeps the first thing that a page writes, and nothing after it
    page = open_question(context, my_attempt, 5)
    page.route("**/answers", lambda route: route.abort())
    page.get_by_label("Your answer").press_sequentially("4096")
    page.reload()
    expect(page.get_by_label("Your answer")).to_have_value("4096")
    page.unroute("**/answers")
    saved(page)
    assert current(session, my_attempt, 5) == {"text": "4096"}


def test_an_answer_given_before_the_scripts_arrive_is_saved_once_they_do(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt
) -> None:
    page = visit().new_page()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/js/exam-outbox.js", hold)
    with page.expect_request("**/js/exam-outbox.js"):
        page.goto(f"{SITE}{url(my_attempt)}", wait_until="commit")
    page.get_by_label("The next user").check()
    expect(page.locator("exam-saving")).to_have_text("No answers yet")
    held.pop().continue_()
    saved(page)
    expect(page.get_by_label("The next user")).to_be_checked()
    assert current(session, my_attempt) == {"choice": "c"}


def test_the_newest_tab_saves_and_the_older_says_why_it_does_not(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt
) -> None:
    context = visit()
    older = open_question(context, my_attempt)
    newer = open_question(context, my_attempt)
    expect(older.get_by_text("This is open in another tab or on another device")).to_be_visible()
    expect(older.get_by_label("The next token")).to_be_disabled()
    newer.get_by_label("The next user").check()
    saved(newer)
    older.get_by_role("button", name="Go on here").click()
    expect(older.get_by_label("The next user")).to_be_checked()
    expect(newer.get_by_text("This is open in another tab or on another device")).to_be_visible()
    assert current(session, my_attempt) == {"choice": "c"}


def test_another_device_takes_over_and_nothing_that_waits_is_lost(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt
) -> None:
    laptop = open_question(visit(), my_attempt)
    open_question(visit(), my_attempt)
    laptop.get_by_label("The next user").check()
    expect(laptop.get_by_text("This is open in another tab or on another device")).to_be_visible()
    assert current(session, my_attempt) is None
    laptop.get_by_role("button", name="Go on here").click()
    saved(laptop)
    assert current(session, my_attempt) == {"choice": "c"}


def test_when_the_time_is_over_the_last_answer_counts_and_the_result_comes_by_itself(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt
) -> None:
    answer_all(session, my_attempt, right=3)
    session.commit()
    page = open_question(visit(), my_attempt, 4)
    page.get_by_label("Your answer").fill("hallucination")
    end_in(session, page, my_attempt, seconds=2)
    expect(page).to_have_url(re.compile("/result$"), timeout=25_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("You passed")
    refresh(session)
    assert (my_attempt.finish_reason, my_attempt.finished_at) == (FinishReason.TIMER, my_attempt.deadline_at)


def test_the_browsers_clock_decides_nothing(visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt) -> None:
    context = visit()
    context.clock.install(time=now() + timedelta(days=400))
    page = open_question(context, my_attempt)
    expect(page.locator(".timer-text")).to_have_text(re.compile(r"^5\d:|^1:00:00"))
    page.get_by_label("The next token").check()
    context.clock.run_for(3000)
    saved(page)
    refresh(session)
    assert my_attempt.state is AttemptState.IN_PROGRESS


def test_the_whole_exam_by_keyboard(visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt) -> None:
    hands = Hands(open_question(visit(), my_attempt))
    hands.answer("Space")  # single choice: the first option
    hands.press("Next")
    hands.arrive("2")
    hands.answer("Space", "Tab", "Space")
    hands.press("Next")
    hands.arrive("3")
    hands.answer("Space", "ArrowDown")
    hands.press("Flag")
    expect(hands.page.get_by_role("button", name="Flagged question 3")).to_be_focused()
    hands.press("Next")
    hands.arrive("4")
    hands.answer(*"hallucination", "Enter")  # leads on, not to the first question of the map
    hands.arrive("5")
    hands.answer(*"4096", "Enter")
    hands.arrive("review")
    hands.press("Hand in")
    hands.arrive("hand-in")
    hands.press("Hand in and finish")
    expect(hands.page.get_by_role("heading", level=1)).to_have_text("You passed")
    refresh(session)
    assert my_attempt.earned == 5


def test_the_whole_exam_without_a_script(visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt) -> None:
    page = visit(java_script_enabled=False).new_page()
    page.goto(f"{SITE}{url(my_attempt)}")
    page.get_by_label("The next token").check()
    page.get_by_role("button", name="Next", exact=True).click()
    page.get_by_label("A role").check()
    page.get_by_label("An example").check()
    page.get_by_role("button", name=re.compile("^Question 3")).click()  # the map saves, too
    page.get_by_label("False").check()
    page.get_by_role("button", name="Flag question 3").click()
    page.get_by_role("button", name="Next", exact=True).click()
    page.get_by_label("Your answer").fill("hallucination")
    page.get_by_label("Your answer").press("Enter")
    expect(page).to_have_url(re.compile("/questions/5$"))  # whose field has the same name
    page.get_by_label("Your answer").fill("4,096")
    page.get_by_role("button", name="Review").click()
    expect(page.get_by_text("You have answered 5 of 5 questions")).to_be_visible()
    page.get_by_role("link", name="Hand in").click()
    page.get_by_role("button", name="Hand in and finish").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You passed")
    refresh(session)
    assert my_attempt.earned == 5


@LOOKS
def test_no_page_of_an_exam_breaks_a_rule_of_access_or_overflows(
    visit: Callable[..., BrowserContext], session: Session, every_kind: Attempt, scheme: Any, width: int
) -> None:
    page = visit(viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def check(place: str) -> None:
        page.goto(f"{SITE}{url(every_kind, place)}")
        assert (place, faults_of(page)) == (place, ([], 0))
        page.goto("about:blank")  # or what the page asks for by itself would meet what the test does next

    for place in (*(f"/questions/{number}" for number in range(1, len(ALL_KINDS) + 1)), "/review", "/hand-in"):
        check(place)
    with writing(session) as meanwhile:
        services.submit_attempt(meanwhile, attempt_id=every_kind.id, learner_id=every_kind.learner_id, now=now())
    for place in ("/questions/1", "/result"):
        check(place)
    assert complaints == []
