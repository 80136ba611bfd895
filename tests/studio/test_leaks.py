"""The page about signs of a leak, as author and staff see it; and, in a browser, what stands before a question is withdrawn."""

import re
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.bank.models import Question
from laurel.bank.rules import QuestionKind
from laurel.quizzes.models import Quiz
from laurel.quizzes.queries import get_published, list_slots
from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_user
from tests.factories.bank import make_category, make_question
from tests.factories.quizzes import RIGHT, fixed, make_quiz
from tests.looking import faults_of
from tests.quizzes.browsing import SITE
from tests.quizzes.test_leaks import sit
from tests.studio.question_forms import text_of

CHOICE = RIGHT[QuestionKind.SINGLE_CHOICE]


@pytest.fixture
def quiz(session: Session, author: User) -> Quiz:
    category = make_category(session)
    slots = [fixed(make_question(session, category_id=category.id, owner_id=author.id, stem=f"What of {place}?")) for place in range(7)]
    theirs = fixed(make_question(session, category_id=category.id, stem="What is theirs?"))
    return make_quiz(session, owner_id=author.id, slots=[*slots, theirs])


def page_of(quiz: Quiz, rest: str = "/leaks") -> str:
    return f"/studio/quizzes/{quiz.id}{rest}"


def fill_room(session: Session, quiz: Quiz, now: datetime) -> None:
    """Thirty learners, some of whom knew question 2 before they read it, and two more who wrote from one sheet."""
    for number in range(30):
        papers = [{"choice": "bc"[(number >> place % 4) % 2]} if (number + place) % 3 else CHOICE for place in range(8)]
        papers[1] = CHOICE
        sit(session, quiz, [(2 if place == 1 and number < 6 else 40, value) for place, value in enumerate(papers)], now=now)
    for name in ("Ada <Lovelace>", "Ben"):
        learner = make_user(session, name=name)
        sit(session, quiz, [(40, {"choice": "d"})] * 8, now=now, learner_id=learner.id)
    session.commit()


def test_the_report_leads_to_a_page_that_says_what_it_is_for_while_nobody_was_graded(
    session: Session, desk: FlaskClient, quiz: Quiz
) -> None:
    session.commit()
    assert f'href="{page_of(quiz)}"' in desk.get(page_of(quiz, "/papers")).text
    page = text_of(desk.get(page_of(quiz)))
    assert "No attempt has been graded yet" in page
    assert "<table" not in page


def test_few_attempts_are_said_to_be_too_few(session: Session, desk: FlaskClient, quiz: Quiz, now: datetime) -> None:
    sit(session, quiz, [(30, CHOICE)] * 8, now=now)
    session.commit()
    page = text_of(desk.get(page_of(quiz)))
    assert "n &lt; 30: no question has timed answers enough yet." in page
    assert "n &lt; 30: 1 attempt is not enough yet to know which wrong answers are popular." in page


def test_times_and_pairs_stand_beside_what_chance_would_show(session: Session, desk: FlaskClient, quiz: Quiz, now: datetime) -> None:
    fill_room(session, quiz, now)
    page = text_of(desk.get(page_of(quiz)))
    assert "Hints for a person, never a verdict" in page
    assert "256 of 256 answers" in page
    assert page.count("6 of 30, 20 %, unusual") == 2  # far below the median, and sooner than it is read
    assert "Whole exam (base rate)" in page
    assert "1 of 496 pairs of learners has wrong answers so much alike" in page
    assert re.search(r"attempt [0-9a-f]{8} and attempt [0-9a-f]{8}", page)  # an author learns of likeness, staff learn whose
    assert "Lovelace" not in page
    assert "/backoffice/" not in page.split("<main")[1]
    assert page.count('href="/studio/questions/') == 7  # not to the question that another author owns
    assert "What is theirs?" in page


def test_staff_are_led_to_the_attempts(session: Session, sign_in: SignIn, quiz: Quiz, now: datetime) -> None:
    fill_room(session, quiz, now)
    staff = sign_in(make_user(session, roles=["admin"]))
    page = staff.get(page_of(quiz)).text
    assert page.count("/backoffice/attempts/") == 2
    assert "Ada &lt;Lovelace&gt;" in page


@pytest.mark.parametrize("query", ["page=0", "page=x", "page=2"])
def test_a_page_that_the_list_does_not_have_is_refused(session: Session, desk: FlaskClient, quiz: Quiz, query: str) -> None:
    session.commit()
    assert desk.get(page_of(quiz, f"/leaks?{query}")).status_code == 404


def test_another_authors_signs_do_not_exist(session: Session, sign_in: SignIn, quiz: Quiz) -> None:
    session.commit()
    assert sign_in(make_user(session, roles=["author"])).get(page_of(quiz)).status_code == 404


def test_the_page_takes_a_steady_number_of_queries(
    session: Session, desk: FlaskClient, quiz: Quiz, now: datetime, queries: QueryCount
) -> None:
    fill_room(session, quiz, now)
    queries.clear()
    assert desk.get(page_of(quiz)).status_code == 200
    assert queries.selects <= 11


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_pages_break_no_rule_of_access_and_the_warning_comes_before_the_question_is_gone(
    chromium: Browser, server: None, session: Session, desk: FlaskClient, author: User, quiz: Quiz, now: datetime
) -> None:
    slot = list_slots(session, get_published(session, quiz.id)[1].id)[0]
    fill_room(session, quiz, now)
    cookie = desk.get_cookie("laurel_demo", domain="laurel.test")
    assert cookie is not None
    for width, scheme in ((1280, "light"), (320, "dark")):
        context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
        context.add_cookies([{"name": "laurel_demo", "value": cookie.value, "domain": "laurel.test", "path": "/"}])
        page = context.new_page()
        for place in (page_of(quiz), f"/studio/questions/{slot.question_id}"):
            page.goto(f"{SITE}{place}")
            assert (place, width, faults_of(page)) == (place, width, ([], 0))
        expect(page.locator(":not(:defined)")).to_have_count(0)  # without its script the form posts at once
        page.get_by_role("button", name="Retire").click()  # nothing is asked yet: the box is not ticked
        assert not page.get_by_role("dialog").is_visible()
        page.get_by_label("Retire, although nobody can start “Prompt exam” then").check()
        page.get_by_role("button", name="Retire").click()
        page.get_by_role("dialog").get_by_role("button", name="Keep it as it is").click()
        context.close()
    session.rollback()
    question = session.get_one(Question, slot.question_id)
    assert question.ready_n == 1
