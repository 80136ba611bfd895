"""Matching, ordering and gaps in a real browser: with and without a script, by keyboard, restored, reviewed."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from laurel.bank.rules import QuestionKind
from laurel.core.clock import now
from laurel.quizzes import services
from laurel.quizzes.models import Attempt
from laurel.quizzes.rules import QuizKind
from tests.conftest import SignIn
from tests.factories.quizzes import RIGHT, WRONG, answer, make_attempt, make_quiz
from tests.looking import faults_of
from tests.quizzes.browsing import LOOKS, SITE, Hands, open_question, saved
from tests.quizzes.pages import current, refresh, sign_in_as, url

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
KINDS = (QuestionKind.MATCHING, QuestionKind.ORDERING, QuestionKind.CLOZE)


@pytest.fixture
def parts(session: Session, sign_in: SignIn) -> Attempt:
    """A running exam: 1 is matched, 2 is ordered, 3 has gaps."""
    attempt = make_attempt(session, make_quiz(session, kinds=KINDS))
    sign_in_as(session, sign_in, attempt)
    return attempt


def order_of(page: Page) -> list[str]:
    """The items as they stand on the page, each with its place."""
    return page.locator(".order-item").evaluate_all(
        "items => items.map(item => `${item.querySelector('select').value} ${item.querySelector('.order-text').textContent.trim()}`)"
    )


def put_in_order(page: Page, *items: str) -> None:
    """Bring the items into this order by the buttons alone."""
    for place, item in enumerate(items):
        for _ in items:
            if order_of(page)[place].endswith(item):
                break
            page.get_by_role("button", name=f"Move up: {item}").click()


ITEMS = ("Say what a good answer is", "Write the prompt", "Run it on ten cases")


def test_every_part_is_saved_as_it_is_given_and_is_there_after_a_reload(
    visit: Callable[..., BrowserContext], session: Session, parts: Attempt
) -> None:
    page = open_question(visit(), parts, 1)
    page.get_by_label("temperature").select_option("How varied the words are")
    saved(page)
    assert current(session, parts, 1) == {"pairs": {"s1": "cx"}}
    page.goto(f"{SITE}{url(parts, '/questions/2')}")
    put_in_order(page, *ITEMS)
    saved(page)
    assert current(session, parts, 2) == RIGHT[QuestionKind.ORDERING]
    page.goto(f"{SITE}{url(parts, '/questions/3')}")
    page.get_by_label("Gap 1 of 3").select_option("text")
    page.get_by_label("Gap 3 of 3").fill("0.75")
    saved(page)
    assert current(session, parts, 3) == {"gaps": {"1": "b", "3": "0.75"}}

    page.reload()
    expect(page.get_by_label("Gap 3 of 3")).to_have_value("0.75")
    page.goto(f"{SITE}{url(parts, '/questions/2')}")
    assert order_of(page) == [f"{place} {item}" for place, item in enumerate(ITEMS, start=1)]
    page.goto(f"{SITE}{url(parts, '/questions/1')}")
    expect(page.get_by_label("temperature")).to_have_value("cx")


def test_a_move_is_announced_and_keeps_the_focus(visit: Callable[..., BrowserContext], parts: Attempt) -> None:
    page = open_question(visit(), parts, 2)
    first = order_of(page)[0].strip()
    button = page.get_by_role("button", name=f"Move down: {first}")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("order-list [role=status]")).to_have_text(f"{first}: place 2 of 3")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")  # there is no fourth place
    expect(page.locator("order-list [role=status]")).to_have_text(f"{first}: place 3 of 3")
    assert order_of(page)[2] == f"3 {first}"
    saved(page)


def test_a_chosen_place_moves_the_item_and_none_takes_the_order_back(
    visit: Callable[..., BrowserContext], session: Session, parts: Attempt
) -> None:
    page = open_question(visit(), parts, 2)
    last = order_of(page)[2].strip()
    page.get_by_label(f"Place of: {last}").select_option("1")
    saved(page)
    assert [line[0] for line in order_of(page)] == ["1", "2", "3"]
    assert order_of(page)[0] == f"1 {last}"
    expect(page.locator('[data-number="2"]')).to_have_class(re.compile("is-answered"))
    page.get_by_label(f"Place of: {last}").select_option("none")
    expect(page.locator('[data-number="2"]')).not_to_have_class(re.compile("is-answered"))
    saved(page)
    assert current(session, parts, 2) is None


def test_an_order_that_nobody_touched_is_never_handed_in(visit: Callable[..., BrowserContext], session: Session, parts: Attempt) -> None:
    page = open_question(visit(), parts, 2)
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page).to_have_url(re.compile("/3$"))
    expect(page.locator("exam-saving[ready]")).to_have_text("No answers yet")
    assert current(session, parts, 2) is None


def test_what_could_not_be_sent_is_restored_into_its_fields(visit: Callable[..., BrowserContext], session: Session, parts: Attempt) -> None:
    context = visit()
    page = open_question(context, parts, 2)
    page.route("**/answers", lambda route: route.abort())
    put_in_order(page, *ITEMS)
    expect(page.locator("exam-saving")).to_have_text(re.compile("retrying"), timeout=15_000)
    page.reload()
    expect(page.locator("exam-saving")).to_have_text(re.compile("retrying"), timeout=15_000)
    assert order_of(page) == [f"{place} {item}" for place, item in enumerate(ITEMS, start=1)]
    page.unroute("**/answers")
    saved(page)
    assert current(session, parts, 2) == RIGHT[QuestionKind.ORDERING]


def test_parts_are_answered_by_keyboard_alone(visit: Callable[..., BrowserContext], session: Session, parts: Attempt) -> None:
    hands = Hands(open_question(visit(), parts, 1))
    hands.answer(*"How v", "Tab", *"How l")  # a list goes to what is typed
    hands.press("Next")
    hands.arrive("2")
    for place, item in enumerate(ITEMS):
        while not order_of(hands.page)[place].endswith(item):
            hands.page.locator("#main").focus()
            hands.press(f"Move up: {item}")
    hands.press("Next")
    hands.arrive("3")
    hands.answer(*"te", "Tab", *"tokens", "Tab", *"0.75", "Enter")
    hands.arrive("review")
    hands.press("Hand in")
    hands.arrive("hand-in")
    hands.press("Hand in and finish")
    expect(hands.page.get_by_role("heading", level=1)).to_have_text("You passed")
    refresh(session)
    assert parts.earned == 3


def test_parts_are_answered_without_a_script(visit: Callable[..., BrowserContext], session: Session, parts: Attempt) -> None:
    page = visit(java_script_enabled=False).new_page()
    page.goto(f"{SITE}{url(parts)}")
    page.get_by_label("temperature").select_option("How varied the words are")
    page.get_by_label("max_tokens").select_option("How long the answer may be")
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.get_by_role("button", name=re.compile("Move"))).to_have_count(0)
    for item in ITEMS:
        page.get_by_label(f"Place of: {item}").select_option("2")
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.get_by_text("Two items are in place 2. Give each item a place of its own.")).to_be_visible()
    expect(page.get_by_label(f"Place of: {ITEMS[1]}")).to_have_value("2")
    for place, item in enumerate(ITEMS, start=1):
        page.get_by_label(f"Place of: {item}").select_option(str(place))
    page.get_by_role("button", name="Next", exact=True).click()
    page.get_by_label("Gap 1 of 3").select_option("text")
    page.get_by_label("Gap 2 of 3").fill("tokens")
    page.get_by_label("Gap 3 of 3").fill("0.8")
    page.get_by_role("button", name="Review").click()
    expect(page.get_by_text("You have answered 3 of 3 questions")).to_be_visible()
    page.get_by_role("link", name="Hand in").click()
    page.get_by_role("button", name="Hand in and finish").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You passed")
    refresh(session)
    assert parts.earned == 3


@LOOKS
@pytest.mark.parametrize("answers", [RIGHT, WRONG])
def test_a_review_of_parts_breaks_no_rule_of_access(
    visit: Callable[..., BrowserContext], session: Session, sign_in: SignIn, answers: Any, scheme: Any, width: int
) -> None:
    attempt = make_attempt(session, make_quiz(session, kind=QuizKind.GRADED, kinds=KINDS, attempts_allowed=1))
    for number, kind in enumerate(KINDS, start=1):
        answer(session, attempt, number, answers[kind])
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now())
    sign_in_as(session, sign_in, attempt)
    page = visit(viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    page.goto(f"{SITE}{url(attempt, '/result')}")
    expect(page.locator(".part-verdict .option-verdict").first).to_be_visible()
    assert faults_of(page) == ([], 0)
