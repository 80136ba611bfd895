"""What the tests of an exam in a real browser do over and over."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from laurel.core.clock import now
from laurel.quizzes.models import Attempt
from laurel.quizzes.rules.staff import Staff
from tests.factories.terms import WHY
from tests.quizzes.pages import refresh, url

SITE = "http://laurel.test"
SAVED = re.compile("^All answers saved \\d")
LOOKS = pytest.mark.parametrize(("scheme", "width"), [("light", 320), ("dark", 1280)])
"""Each theme and each end of the widths once: no rule of a page asks for a pair of them."""


def open_question(context: BrowserContext, attempt: Attempt, number: int = 1) -> Page:
    """A question in a tab of its own, after the first thing that such a tab asks for: to be the one that saves."""
    page = context.new_page()
    with page.expect_response("**/lease"):
        page.goto(f"{SITE}{url(attempt, f'/questions/{number}')}")
    expect(page.locator("exam-saving[ready]")).to_have_text(re.compile("answers"))
    complete(page)
    return page


def complete(page: Page) -> None:
    """Wait until every part of the page works: the scripts of the timer, the map and the answer arrive one by one, after the page,
    and what the page before could not save is looked for before anything is saved here."""
    expect(page.locator(":not(:defined), exam-saving:not([ready])")).to_have_count(0)


@contextmanager
def writing(session: Session) -> Iterator[Session]:
    """A transaction that writes from its beginning, for what happens while a page may save: one that reads first would be refused."""
    refresh(session)
    with Session(session.get_bind().execution_options(laurel_writes=True)) as meanwhile:
        yield meanwhile
        meanwhile.commit()


def act(session: Session, service: Callable[..., Any], attempt: Attempt, staff: Staff, **facts: Any) -> None:
    """What staff do while the page saves."""
    with writing(session) as meanwhile:
        service(meanwhile, attempt.id, reason=WHY, actor=staff, now=now(), **facts)


def end_in(session: Session, page: Page, attempt: Attempt, *, seconds: int) -> None:
    """Let the time of the attempt be over soon, for the page as for the server: however long it took until the page stood there."""
    with writing(session) as meanwhile:
        deadline = now() + timedelta(seconds=seconds)
        meanwhile.get_one(Attempt, attempt.id).deadline_at = deadline
    refresh(session)
    page.locator("exam-timer").evaluate("(timer, due) => timer.correct(new Date().toISOString(), due)", deadline.isoformat())


def saved(page: Page) -> None:
    expect(page.locator("exam-saving")).to_have_text(SAVED, timeout=15_000)


def kept(page: Page) -> None:
    """Wait until the browser's own storage holds what was given: nothing more can be promised of a page that cannot save."""
    page.wait_for_function(
        "async () => { const { outbox, attempt } = document.querySelector('exam-saving'); return (await outbox.list(attempt)).length }"
    )


@dataclass
class Hands:
    """Somebody without a mouse."""

    page: Page

    def reach(self, words: str) -> None:
        """Press Tab until what begins with these words has the focus."""
        for _ in range(60):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("document.activeElement.innerText?.trim() ?? ''").startswith(words):
                return
        raise AssertionError(f"{words} was never reached")

    def press(self, words: str) -> None:
        self.reach(words)
        self.page.keyboard.press("Enter")

    def answer(self, *keys: str) -> None:
        """From the first field of the question on, key by key."""
        self.page.locator("#main").focus()
        self.page.keyboard.press("Tab")
        for key in keys:
            self.page.keyboard.press(key)

    def arrive(self, place: str) -> None:
        """Be on the next page, all of it: one that is still being written has no order for Tab, and a script may yet set the focus."""
        expect(self.page).to_have_url(re.compile(f"/{place}$"))
        self.page.wait_for_load_state()
        complete(self.page)
