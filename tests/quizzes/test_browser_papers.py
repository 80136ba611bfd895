"""The author's pages about random papers in a real browser, with real content on them."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect
from sqlalchemy.orm import Session

from laurel.accounts.queries import get_user
from laurel.core.clock import now
from laurel.quizzes.queries.usage import count_usage
from laurel.quizzes.services.usage import save_usage
from tests.conftest import SignIn
from tests.factories.bank import make_category
from tests.factories.quizzes import drawn, make_attempt, make_quiz
from tests.looking import faults_of
from tests.quizzes.papers import fill

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
SITE = "http://laurel.test"


def test_the_pages_about_papers_break_no_rule_of_access_and_do_not_overflow(
    chromium: Browser, server: None, session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    category = make_category(session, title="A category with rather a long name, which lies at the bottom of the bank")
    questions = fill(session, 8, category_id=category.id, difficulty=2, tags=("law", "a tag of several words"), duplicate_group="same")
    fill(session, 9, category_id=category.id, owner_id=questions[0].owner_id, difficulty=4, stem="What of " + "many words " * 20 + "?")
    quiz = make_quiz(session, owner_id=questions[0].owner_id, slots=[drawn(category.id, 4, spread=(1, 0, 3), easiest=2)])
    for _ in range(3):
        make_attempt(session, quiz)
    save_usage(session, count_usage(session, now=now()), now=now())
    sign_in(get_user(session, quiz.owner_id))
    session.commit()
    cookie = client.get_cookie("laurel_demo", domain="laurel.test")
    assert cookie is not None
    for width, scheme in ((1280, "light"), (320, "dark")):
        options: dict[str, Any] = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
        context = chromium.new_context(**options)
        context.add_cookies([{"name": "laurel_demo", "value": cookie.value, "domain": "laurel.test", "path": "/"}])
        page = context.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error, kept=complaints: kept.append(str(error)))
        page.on("console", lambda message, kept=complaints: kept.append(message.text) if "Content Security" in message.text else None)
        home = f"/studio/quizzes/{quiz.id}"
        for place in (home, f"{home}/papers", f"{home}/draw/1", f"/studio/questions/{questions[0].id}", "/studio/questions?tag=law"):
            page.goto(f"{SITE}{place}")
            if "/draw/" in place:
                page.get_by_role("button", name="Count what fits").click()
                expect(page.get_by_text("17 questions fit, 4 are drawn")).to_be_visible()
            for disclosure in page.locator("details.disclosure summary").all():
                disclosure.click()
            assert (place, width, faults_of(page)) == (place, width, ([], 0))
        context.close()
        assert complaints == []
