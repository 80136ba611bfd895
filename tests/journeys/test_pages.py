"""Every kind of page: no rule of axe broken, nothing wider than a small phone, nothing to complain about in the console."""

import re

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.conftest import PASSWORD, Demo
from tests.journeys.keys import KeyBook
from tests.journeys.walking import Person
from tests.looking import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]

VISITOR = [
    "/",
    "/courses",
    "/courses?q=nothing-fits",
    "/courses/ai-prompt-engineer-level-1",
    "/courses/ai-prompt-engineer-level-2",
    "/courses/ai-foundations/preview/ai-machine-learning-and-language-models",
    "/articles",
    "/articles/alibaba-trillion-parameter-model",
    "/verify",
    "/verify?number=LRL-0000",
    "/achievements/ai-prompt-engineer-level-1/v1",
    "/help",
    "/terms",
    "/privacy",
    "/refunds",
    "/contact",
    "/login",
    "/register",
    "/reset",
    "/no-such-page",
]
LEARNER = [
    "/learn",
    "/learn/ai-foundations",
    "/learn/ai-foundations/ai-machine-learning-and-language-models",
    "/courses/ai-prompt-engineer-level-1/enroll",
    "/courses/ai-prompt-engineer-level-1/enroll?code=NOPE",
    "/courses/ai-prompt-engineer-level-1/seats?quantity=900",
    "/courses/ai-prompt-engineer-level-1/retake",
    "/account/seats",
    "/redeem",
    "/orders",
    "/account",
    "/account/name",
    "/account/credentials",
    "/account/second-factor",
    "/change",
    "/backoffice",
]
AUTHOR = [
    "/studio",
    "/studio/questions",
    "/studio/questions/new",
    "/studio/questions/new/single_choice",
    "/studio/questions/new/numerical",
    "/studio/questions/new/essay",
    "/studio/questions/categories",
    "/studio/quizzes",
    "/studio/grading",
    "/studio/style-guide",
]
MARKETER = ["/studio/articles", "/studio/articles/new", "/studio/ctas", "/studio/ctas/new", "/studio/ctas/results"]
STAFF = [
    "/backoffice",
    "/backoffice/orders",
    "/backoffice/disputes",
    "/backoffice/tasks",
    "/backoffice/codes",
    "/backoffice/codes/new",
    "/backoffice/prices",
    "/backoffice/learners",
    "/backoffice/review-requests",
    "/backoffice/credentials",
    "/backoffice/receipts",
    "/backoffice/revenue",
    "/backoffice/revenue?by=course",
    "/backoffice/reconciliation",
    "/backoffice/jobs",
]


def look_at(page: Page, address: str, path: str) -> list[str]:
    """What is wrong with the page: light on a wide screen, dark on a small phone, and where the scripts have not arrived."""
    wrong: list[str] = []
    for width, scheme, has_scripts in ((1280, "light", True), (320, "dark", True), (1280, "light", False)):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        if not has_scripts:
            page.route("**/js/*.js", lambda route: route.abort())
        page.goto(address + path)
        broken, overflow = faults_of(page)
        how = f"{path} ({width}, {scheme}{'' if has_scripts else ', no scripts'})"
        wrong += [f"{how}: {rule}" for rule in broken]
        if overflow:
            wrong.append(f"{how} is {overflow} pixels wider than {width}")
        page.unroute("**/js/*.js")
    return wrong


@pytest.mark.parametrize(
    ("who", "paths"),
    [
        ("", VISITOR),
        ("learner@example.com", LEARNER),
        ("author@example.com", AUTHOR),
        ("marketer@example.com", MARKETER),
        ("staff@example.com", STAFF),
    ],
    ids=["visitor", "learner", "author", "marketer", "staff"],
)
def test_every_kind_of_page_is_accessible_and_fits(browser: Browser, demo: Demo, keys: KeyBook, who: str, paths: list[str]) -> None:
    context = browser.new_context()
    page = context.new_page()
    person = Person(page, demo.address, keys)
    if who:
        person.sign_in(who, PASSWORD)
    if who.startswith("learner"):
        person.open("/courses/ai-foundations/enroll")
        enroll = page.get_by_role("button", name=re.compile("Enroll"))
        if enroll.count():
            person.click(enroll.first)

    wrong = [complaint for path in paths for complaint in look_at(page, demo.address, path)]
    context.close()

    assert wrong == []


def test_the_screens_of_others_are_closed(browser: Browser, demo: Demo, keys: KeyBook) -> None:
    context = browser.new_context()
    person = Person(context.new_page(), demo.address, keys)
    person.sign_in("learner@example.com", PASSWORD)

    seen = {path: person.page.goto(demo.address + path) for path in ("/studio", "/backoffice", "/studio/articles", "/backoffice/orders")}
    statuses = {path: answer.status if answer else 0 for path, answer in seen.items()}
    context.close()

    assert set(statuses.values()) == {403}
