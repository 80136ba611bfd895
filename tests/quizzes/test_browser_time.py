"""Time in a real browser: more of it, a pause, news, a timer that is out of sight, and what is shown of it to staff."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page, Request, Response, expect
from sqlalchemy.orm import Session

from laurel.core.clock import now
from laurel.quizzes import services
from laurel.quizzes.models import Attempt, Outage, QuizOverride, TroubleReport
from laurel.quizzes.rules.outages import OutageKind
from laurel.quizzes.rules.staff import Staff
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.quizzes import answer_all, make_attempt, make_quiz
from tests.factories.terms import make_accommodation, make_group, make_override, make_staff
from tests.looking import faults_of
from tests.quizzes.browsing import LOOKS, SAVED, SITE, act, open_question, writing
from tests.quizzes.pages import current, refresh, url

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.fixture
def visit(chromium: Browser, server: None, my_attempt: Attempt, cookie: str) -> Iterator[Callable[..., BrowserContext]]:
    """Opens a browser context in which the learner is signed in."""
    contexts = []

    def open_context(**options: Any) -> BrowserContext:
        context = chromium.new_context(**options)
        context.add_cookies([{"name": "laurel_demo", "value": cookie, "domain": "laurel.test", "path": "/"}])
        contexts.append(context)
        return context

    yield open_context
    for context in contexts:
        context.close()


@pytest.fixture
def admin(session: Session, my_attempt: Attempt) -> Staff:
    staff = make_staff(session)
    session.commit()
    return staff


def look(page: Page) -> None:
    """Do now what the page does by itself every half minute."""
    page.evaluate("document.querySelector('exam-saving').check()")


def go_by(context: BrowserContext, page: Page, *, seconds: int) -> None:
    """Let time go by for the browser, second by second: a request in which ten seconds go by at once is given up."""
    for _second in range(seconds):
        context.clock.run_for(1000)
        page.wait_for_timeout(30)


def go_by_until_it_asks(context: BrowserContext, page: Page) -> None:
    """Let time go by until the page asks where its exam stands. The answer may then take as long as it takes."""
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if request.url.endswith("/answers") else None)
    for _second in range(60):
        if not asked:
            go_by(context, page, seconds=1)
    assert asked


def is_from_pause(answer: Response) -> bool:
    """Whether the page of a paused exam asked: it does so once by itself when it opens."""
    return answer.url.endswith("/answers") and "/questions/" not in answer.request.headers["referer"]


def test_more_time_reaches_a_page_on_which_somebody_types(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt, admin: Staff
) -> None:
    page = open_question(visit(), my_attempt, 4)
    expect(page.locator(".timer-text")).to_have_text(re.compile(r"^5\d:|^1:00:00"))
    act(session, services.extend_attempt, my_attempt, admin, minutes=10)
    page.get_by_label("Your answer").fill("hallucination")
    expect(page.locator("exam-saving")).to_have_text(SAVED, timeout=15_000)
    expect(page.get_by_text("Staff gave you 10 minutes more.")).to_be_visible()
    expect(page.locator(".timer-text")).to_have_text(re.compile(r"^1:0\d:"))
    assert page.url.endswith("/questions/4")


def test_news_stays_until_it_is_read_and_is_read_for_good(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt, admin: Staff
) -> None:
    page = open_question(visit(), my_attempt)
    act(session, services.extend_attempt, my_attempt, admin, minutes=10)
    look(page)
    news = page.get_by_text("Staff gave you 10 minutes more.")
    expect(news).to_be_visible()
    look(page)
    expect(news).to_have_count(1)
    page.reload()
    expect(news).to_be_visible()
    with page.expect_response("**/announcements/dismiss"):
        page.get_by_role("button", name="I have read this").click()
    expect(news).to_have_count(0)
    assert page.url.endswith("/questions/1")
    page.goto(f"{SITE}{url(my_attempt, '/questions/2')}")
    expect(news).to_have_count(0)


def test_a_pause_hides_the_page_keeps_what_was_typed_and_ends_by_itself(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt, admin: Staff
) -> None:
    context = visit()
    context.clock.install()
    page = open_question(context, my_attempt, 4)
    act(session, services.pause_attempt, my_attempt, admin)
    with page.expect_response(lambda answer: answer.status == 409 and is_from_pause(answer), timeout=15_000):
        page.get_by_label("Your answer").fill("hallucination")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your exam is paused")
    expect(page.get_by_label("Your answer")).to_have_count(0)
    assert current(session, my_attempt, 4) is None
    act(session, services.resume_attempt, my_attempt, admin)
    go_by_until_it_asks(context, page)
    expect(page).to_have_url(re.compile("/questions/"))
    expect(page.get_by_text("Your exam was paused for")).to_be_visible()
    assert current(session, my_attempt, 4) == {"text": "hallucination"}


def test_an_idle_page_learns_of_a_pause_by_itself(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt, admin: Staff
) -> None:
    context = visit()
    context.clock.install()
    page = open_question(context, my_attempt)
    act(session, services.pause_attempt, my_attempt, admin)
    go_by_until_it_asks(context, page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your exam is paused")


def test_a_timer_that_disturbs_is_out_of_sight_until_it_is_asked_for(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt
) -> None:
    make_accommodation(session, my_attempt.learner_id, multiplier="1", hides_timer=True)
    session.commit()
    page = open_question(visit(), my_attempt)
    clock = page.locator(".timer-text")
    expect(clock).to_be_hidden()
    page.get_by_role("button", name="Time left").click()
    expect(clock).to_be_visible()
    expect(page.locator("exam-timer [role=status]")).to_have_text(re.compile("minutes left"))
    expect(clock).to_be_hidden()
    page.get_by_role("button", name="Show timer").click()
    page.reload()
    expect(clock).to_be_visible()


def test_a_browser_that_could_not_save_says_for_how_long(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt
) -> None:
    my_attempt.started_at -= timedelta(minutes=30)
    session.commit()
    context = visit()
    context.clock.install()
    page = open_question(context, my_attempt)
    page.route("**/answers", lambda route: route.fulfill(status=503, body="{}"))
    began = page.evaluate("performance.now()")
    page.get_by_label("The next fact").check()
    expect(page.locator("exam-saving")).to_have_text(re.compile("retrying"))
    go_by(context, page, seconds=40)
    page.unroute("**/answers")
    go_by_until_it_asks(context, page)
    expect(page.locator("exam-saving")).to_have_text(SAVED)
    passed = (page.evaluate("performance.now()") - began) / 1000  # by the browser's clock: on a slow machine more than was let go by
    refresh(session)
    report = session.get_one(TroubleReport, my_attempt.id)
    assert 25 <= report.span.length.total_seconds() <= passed + 5


def test_without_a_script_news_and_a_pause_are_there_with_the_next_page(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt, admin: Staff
) -> None:
    page = visit(java_script_enabled=False).new_page()
    act(session, services.extend_attempt, my_attempt, admin, minutes=10)
    page.goto(f"{SITE}{url(my_attempt, '/questions/2')}")
    page.get_by_role("button", name="I have read this").click()
    expect(page.get_by_text("Staff gave you")).to_have_count(0)
    assert page.url.endswith("/questions/2")
    act(session, services.pause_attempt, my_attempt, admin)
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your exam is paused")
    act(session, services.resume_attempt, my_attempt, admin)
    page.get_by_role("link", name="Go on if I can").click()
    expect(page.locator(".question")).to_be_visible()


def furnish(session: Session) -> tuple[Attempt, QuizOverride]:
    """An attempt with everything that staff can see of one, and an override for a group."""
    running = make_attempt(session, make_quiz(session, title="A rather long title of an exam about prompts"))
    make_accommodation(session, running.learner_id, multiplier="1.25", extra_minutes=5)
    group = make_group(session, running.learner_id)
    return running, make_override(session, make_quiz(session), group_id=group.id, minutes=90)


def staff_places(ended: Attempt, running: Attempt, override: QuizOverride) -> list[str]:
    """Every page that staff have about time."""
    attempts, overrides = "/backoffice/attempts", f"/backoffice/quizzes/{override.quiz_id}/overrides"
    return [
        attempts,
        *(f"{attempts}/{running.id}{act}" for act in ("", "/extend", "/pause", "/void")),
        *(f"{attempts}/{ended.id}{page}" for page in ("", "/replay")),
        f"/backoffice/learners/{running.learner_id}/accommodation",
        *("/backoffice/quizzes", overrides, f"{overrides}/new", f"{overrides}/{override.id}"),
        *("/backoffice/groups", f"/backoffice/groups/{override.group_id}", "/backoffice/outages"),
    ]


def check(page: Page, place: str) -> None:
    """No rule of access is broken, and nothing is wider than the window."""
    page.goto(f"{SITE}{place}")
    assert (place, faults_of(page)) == (place, ([], 0))
    page.goto("about:blank")  # or what the page asks for by itself would meet what the test does next


@LOOKS
def test_the_learners_pages_about_time_are_accessible(
    visit: Callable[..., BrowserContext], session: Session, my_attempt: Attempt, admin: Staff, scheme: Any, width: int
) -> None:
    page = visit(viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    act(session, services.extend_attempt, my_attempt, admin, minutes=10)
    check(page, url(my_attempt, "/questions/1"))
    act(session, services.pause_attempt, my_attempt, admin)
    check(page, url(my_attempt, "/questions/1"))
    act(session, services.resume_attempt, my_attempt, admin)
    with writing(session) as meanwhile:
        end_after_an_outage(meanwhile, meanwhile.get_one(Attempt, my_attempt.id))
    for place in ("/result", "/replay"):
        check(page, url(my_attempt, place))


def end_after_an_outage(session: Session, attempt: Attempt) -> None:
    """The attempt lost nine minutes, got them back, and was handed in."""
    moment = now()
    attempt.started_at -= timedelta(minutes=10)
    attempt.deadline_at = attempt.compute_deadline()
    session.add(Outage(kind=OutageKind.SILENCE, starts_at=moment - timedelta(minutes=9), ends_at=moment, noticed_at=moment))
    session.flush()
    services.credit_outages(session, attempt, now=moment)
    answer_all(session, attempt, right=1, now=moment)
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=moment)
    session.commit()


@pytest.mark.usefixtures("server")
@LOOKS
def test_the_pages_of_staff_about_time_are_accessible(
    chromium: Browser, session: Session, client: FlaskClient, sign_in: SignIn, scheme: Any, width: int
) -> None:
    ended = make_attempt(session, make_quiz(session))
    end_after_an_outage(session, ended)
    running, override = furnish(session)
    sign_in(make_user(session, name="Ana Admin", roles=["admin"]), client=client)
    session.commit()
    cookie = client.get_cookie("laurel_demo", domain="laurel.test")
    assert cookie is not None
    with chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme) as context:
        context.add_cookies([{"name": "laurel_demo", "value": cookie.value, "domain": "laurel.test", "path": "/"}])
        page = context.new_page()
        for place in staff_places(ended, running, override):
            check(page, place)
