"""An essay from the first word to the result, in a real browser: its learner writes, an author grades, the learner reads."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.accounts.queries import get_user
from laurel.bank.rules import QuestionKind
from laurel.core.clock import now
from laurel.quizzes import queries, services
from laurel.quizzes.models import Attempt
from laurel.quizzes.rules import AttemptState, QuizKind
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.quizzes import HALF, make_attempt, make_quiz, make_waiting, tasks_of
from tests.looking import faults_of
from tests.quizzes.browsing import LOOKS, SAVED, SITE, open_question
from tests.quizzes.pages import current, refresh, url

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
Visit = Callable[..., BrowserContext]


@pytest.fixture
def visit(chromium: Browser, server: None, sign_in: SignIn, client: FlaskClient) -> Iterator[Visit]:
    """Opens a browser in which this person is signed in."""
    contexts = []

    def open_context(person: User, **options: Any) -> BrowserContext:
        sign_in(person)
        cookie = client.get_cookie("laurel_demo", domain="laurel.test")
        assert cookie is not None
        context = chromium.new_context(**options)
        context.add_cookies([{"name": "laurel_demo", "value": cookie.value, "domain": "laurel.test", "path": "/"}])
        contexts.append(context)
        return context

    yield open_context
    for context in contexts:
        context.close()


@pytest.fixture
def author(session: Session) -> User:
    return make_user(session, name="Arun Adeyemi", roles=["author"])


@pytest.fixture
def my_essay(session: Session, author: User) -> Attempt:
    """A running quiz of the author: one essay."""
    quiz = make_quiz(session, kind=QuizKind.GRADED, kinds=[QuestionKind.ESSAY], owner_id=author.id, title="Foundations")
    attempt = make_attempt(session, quiz)
    session.commit()
    return attempt


def learner_of(session: Session, attempt: Attempt) -> User:
    return get_user(session, attempt.learner_id)


def require_accessible(page: Page) -> None:
    assert (page.url, faults_of(page)) == (page.url, ([], 0))


def test_an_essay_from_its_first_word_to_its_result(visit: Visit, session: Session, author: User, my_essay: Attempt) -> None:
    learner = learner_of(session, my_essay)
    writing = open_question(visit(learner), my_essay)
    field = writing.get_by_label("Your answer")
    field.press_sequentially("A fluent answer")
    field.press("Enter")
    field.press_sequentially("can be wrong")
    expect(writing.locator("[data-count]")).to_have_text("6 words, 44 to go")
    expect(writing.locator("exam-saving")).to_have_text(SAVED, timeout=15_000)
    assert current(session, my_essay) == {"text": "A fluent answer\ncan be wrong"}
    field.press_sequentially(", too")
    writing.reload()  # before it could be saved
    expect(field).to_have_value("A fluent answer\ncan be wrong, too")
    expect(writing.locator("[data-count]")).to_have_text("7 words, 43 to go")
    expect(writing.locator("exam-saving")).to_have_text(re.compile("All answers saved"), timeout=15_000)
    assert current(session, my_essay) == {"text": "A fluent answer\ncan be wrong, too"}
    writing.get_by_role("button", name="Review").click()
    writing.get_by_role("link", name="Hand in").click()
    writing.get_by_role("button", name="Hand in and finish").click()
    expect(writing.get_by_text("A person is reading your answers.")).to_be_visible()
    require_accessible(writing)

    grading = visit(author).new_page()
    grading.goto(f"{SITE}/studio/grading")
    require_accessible(grading)
    grading.get_by_role("button", name="Grade the next one").click()
    expect(grading.locator(".essay-text")).to_have_text("A fluent answer\ncan be wrong, too")
    grading.get_by_label("4: Named and explained").check()
    grading.get_by_label("Gives an example").fill("1.5")
    expect(grading.locator("[data-sum]")).to_have_text("5.5")
    grading.get_by_label("Comment").fill("Well seen.")
    require_accessible(grading)
    grading.get_by_label("Comment").press("Control+Enter")
    expect(grading.get_by_text("The attempt is graded, and its learner will hear of it.")).to_be_visible()

    refresh(session)
    assert (my_essay.state, my_essay.passed) == (AttemptState.GRADED, True)
    writing.reload()
    expect(writing.get_by_role("heading", level=1)).to_have_text("You passed")
    expect(writing.get_by_text("4 of 4 points")).to_be_visible()
    require_accessible(writing)


def test_an_essay_and_its_grading_without_a_script(visit: Visit, session: Session, author: User, my_essay: Attempt) -> None:
    learner = learner_of(session, my_essay)
    writing = visit(learner, java_script_enabled=False).new_page()
    writing.goto(f"{SITE}{url(my_essay)}")
    writing.get_by_label("Your answer").fill("First line\n\nThird line")
    writing.get_by_role("button", name="Review").click()
    expect(writing).to_have_url(re.compile("/review$"))
    assert current(session, my_essay) == {"text": "First line\n\nThird line"}
    writing.get_by_role("link", name="Hand in").click()
    writing.get_by_role("button", name="Hand in and finish").click()
    expect(writing.get_by_text("A person is reading your answers.")).to_be_visible()

    grading = visit(author, java_script_enabled=False).new_page()
    grading.goto(f"{SITE}/studio/grading")
    grading.get_by_role("link", name=re.compile("^What does")).click()
    grading.get_by_role("button", name="Grade this answer").click()
    grading.get_by_role("button", name="Save", exact=True).click()
    expect(grading.get_by_role("link", name="Choose a level for “Names the risk”.")).to_be_visible()
    grading.get_by_label("0: Missing").check()
    grading.get_by_label("Gives an example").fill("0")
    grading.get_by_role("button", name="Save", exact=True).click()
    expect(grading.get_by_text("Nothing waits for you")).to_be_visible()
    writing.reload()
    expect(writing.get_by_role("heading", level=1)).to_have_text("Not passed this time")


def test_a_pasted_text_loses_what_no_database_keeps_and_nothing_else(visit: Visit, session: Session, my_essay: Attempt) -> None:
    page = open_question(visit(learner_of(session, my_essay)), my_essay)
    page.get_by_label("Your answer").evaluate(
        "field => { field.value = 'soft\\x0bbreak \\x00\\x07and half \\ud83d'; field.dispatchEvent(new Event('input', {bubbles: true})) }"
    )
    expect(page.locator("exam-saving")).to_have_text(SAVED, timeout=15_000)
    assert current(session, my_essay) == {"text": "soft\nbreak and half \ufffd"}


def test_the_count_is_read_out_only_now_and_then(visit: Visit, session: Session, my_essay: Attempt) -> None:
    context = visit(learner_of(session, my_essay))
    begun = now()
    context.clock.install(time=begun)
    page = open_question(context, my_essay)
    context.clock.pause_at(begun + timedelta(minutes=10))  # from now on only as much time goes by as is said here
    said = page.locator('word-count [role="status"]')
    field = page.get_by_label("Your answer")
    field.fill("one two three")
    context.clock.run_for(10_000)
    expect(page.locator("[data-count]")).to_have_text("3 words, 47 to go")
    expect(said).to_be_empty()
    field.fill("word " * 60)
    context.clock.run_for(1000)
    expect(page.locator("[data-count]")).to_have_text("60 words")
    expect(said).to_be_empty()
    context.clock.run_for(4000)
    expect(said).to_have_text("60 words")
    field.fill("word " * 310)
    context.clock.run_for(5000)
    expect(said).to_have_text("310 words, 10 more than asked for")
    expect(page.locator("exam-saving")).to_have_text(SAVED)  # nothing is on its way any more when the test ends


@LOOKS
def test_no_page_of_grading_breaks_a_rule_of_access_or_overflows(
    visit: Visit, session: Session, author: User, scheme: Any, width: int
) -> None:
    waiting = make_waiting(session, essays=2, owner_id=author.id, text="A very long wordwithoutaspace" + "x" * 300 + "\n\nand more. " * 200)
    taken, mine = (task.id for task in tasks_of(session, waiting))
    free = tasks_of(session, make_waiting(session, owner_id=author.id, title="AI+ Cloud Security Architect Level 2™ certification"))[0].id
    services.claim_task(session, taken, grader_id=make_user(session, roles=["admin"]).id, now=now())
    services.claim_task(session, mine, grader_id=author.id, now=now())
    question_id = queries.list_paper(session, waiting.id)[1].question_id
    session.commit()
    page = visit(author, viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    places = ["/studio/grading", *(f"/studio/grading/{task_id}" for task_id in (taken, mine, free))]
    places += [f"/studio/questions/{question_id}{rest}" for rest in ("", "/edit", "/preview")]
    for place in places:
        page.goto(f"{SITE}{place}")
        require_accessible(page)
    assert complaints == []


@LOOKS
def test_no_page_of_an_essay_breaks_a_rule_of_access_or_overflows(
    visit: Visit, session: Session, author: User, my_essay: Attempt, scheme: Any, width: int
) -> None:
    learner_id = my_essay.learner_id
    waiting = make_waiting(session, learner_id=learner_id, owner_id=author.id)
    graded = make_waiting(session, learner_id=learner_id, owner_id=author.id, kind=QuizKind.GRADED, text="wordwithoutaspace" * 40)
    task = tasks_of(session, graded)[0]
    services.mark_answer(session, task.id, grader_id=author.id, owner_id=None, points=HALF, comment="x" * 200, now=now())
    session.commit()
    context = visit(learner_of(session, my_essay), viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = open_question(context, my_essay)
    require_accessible(page)
    for place in (url(waiting, "/result"), url(graded, "/result"), "/learn"):
        page.goto(f"{SITE}{place}")
        require_accessible(page)
