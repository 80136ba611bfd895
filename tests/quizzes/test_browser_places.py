"""Where one stands in an exam, in a real browser: on a low screen, after flagging, in a pause, and without a script."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from laurel.quizzes import services
from laurel.quizzes.models import Attempt
from tests.factories.terms import make_staff
from tests.quizzes.browsing import SITE, act, complete, open_question, saved
from tests.quizzes.pages import current, url

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
Visit = Callable[..., BrowserContext]


def expect_bars(page: Page, position: str) -> None:
    """How the two bars of the exam stand to the page that scrolls behind them."""
    for bar in (".exam-top", ".bottom-bar"):
        expect(page.locator(bar)).to_have_css("position", position)


def test_the_bars_stay_in_sight_but_leave_a_low_screen_to_the_question(visit: Visit, my_attempt: Attempt) -> None:
    page = open_question(visit(viewport={"width": 360, "height": 740}), my_attempt)
    expect_bars(page, "sticky")
    page.set_viewport_size({"width": 640, "height": 360})  # a phone on its side
    expect_bars(page, "static")
    page.get_by_role("button", name="Next", exact=True).scroll_into_view_if_needed()
    expect(page.locator(".exam-top")).not_to_be_in_viewport()


def test_only_without_a_script_the_page_says_that_buttons_save(visit: Visit, my_attempt: Attempt) -> None:
    expect(open_question(visit(), my_attempt).locator("noscript .hint")).to_have_count(0)
    page = visit(java_script_enabled=False).new_page()
    page.goto(f"{SITE}{url(my_attempt)}")
    hint = page.locator("noscript .hint")  # a search by words passes over what stands in a noscript
    expect(hint).to_be_visible()
    expect(hint).to_have_text("What you answer here is saved when you press one of the buttons below.")


def test_who_flags_a_question_stays_at_the_flag(visit: Visit, my_attempt: Attempt) -> None:
    page = open_question(visit(viewport={"width": 360, "height": 560}), my_attempt, 2)
    for before, after in (("Flag", "Flagged"), ("Flagged", "Flag")):
        page.get_by_role("button", name=f"{before} question 2", exact=True).press("Enter")
        expect(page.get_by_role("button", name=f"{after} question 2", exact=True)).to_be_focused()
        assert page.evaluate("scrollY") == 0
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Next", exact=True)).to_be_focused()


def test_a_pause_says_what_becomes_of_an_answer_that_it_met(visit: Visit, session: Session, my_attempt: Attempt) -> None:
    staff = make_staff(session)
    session.commit()
    page = open_question(visit(), my_attempt)
    act(session, services.pause_attempt, my_attempt, staff)
    page.get_by_label("The next fact").check()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your exam is paused", timeout=15_000)
    expect(page.locator("exam-saving[ready]")).to_have_text("Kept on this device until the exam goes on")
    act(session, services.resume_attempt, my_attempt, staff)
    expect(page).to_have_url(re.compile("/questions/"), timeout=30_000)  # by itself: its button may be gone any moment
    expect(page.locator("exam-saving[ready]")).to_have_text(re.compile("^All answers saved"))
    assert current(session, my_attempt) == {"choice": "b"}


def test_what_was_replaced_before_it_was_sent_is_no_newer_answer_of_another_tab(
    visit: Visit, session: Session, my_attempt: Attempt
) -> None:
    """The browser may be led on before it has taken out of its storage what a later key replaced."""
    page = open_question(visit(), my_attempt)
    page.get_by_label("The next fact").check()
    saved(page)
    page.evaluate("""async () => {
      const saving = document.querySelector('exam-saving');
      const op = { op_id: '01a21e8f-b193-7649-84eb-59fa07aac0bf', attempt: saving.attempt, slot: 1, seq: 1, answer: { choice: 'o1' } };
      await saving.outbox.put({ ...op, client_ts: new Date().toISOString(), isSent: false });
    }""")
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page).to_have_url(re.compile("/questions/2$"))
    complete(page)
    page.evaluate("document.querySelector('exam-saving').flush()")
    expect(page.get_by_text("This question has a newer answer")).to_be_hidden()
    assert (
        page.evaluate("(async () => { const s = document.querySelector('exam-saving'); return (await s.outbox.list(s.attempt)).length })()")
        == 0
    )
    assert current(session, my_attempt) == {"choice": "b"}
