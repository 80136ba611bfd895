"""Everything as long as it may be and without a space: no page gets wider than its window."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from laurel.articles.rules import ArticleDraft
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.articles import draft_with, make_article, make_draft_article
from tests.factories.commerce import make_offering, make_order, make_sellable_course
from tests.factories.credentials import make_credential
from tests.factories.ctas import make_cta
from tests.factories.learning import make_classroom

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
SITE = "http://laurel.test"


def long(length: int) -> str:
    return ("Donaudampfschiff" * 20)[:length]


def words() -> dict[str, object]:
    """An article whose words are as long as they may be."""
    draft: ArticleDraft = draft_with(title=long(160), dek=long(300), category=long(60), author_name=long(120), tags=(long(40),))
    return {"title": draft.title, "dek": draft.dek, "category": draft.category, "author_name": draft.author_name, "tags": draft.tags}


@pytest.fixture
def addresses(session: Session, sign_in: SignIn) -> list[str]:
    """A page of each kind, and somebody with a long name who may see all of them."""
    person = make_user(session, name=long(120), email=f"{long(60)}@example.com".lower(), roles=["admin"])
    course = make_sellable_course(session, title=long(160))
    order = make_order(session, buyer=person, offering=make_offering(session, course=course))
    room = make_classroom(session, learner=person)
    cta = make_cta(session, course=course, name=long(80), heading=long(120), body=long(200), button=long(40))
    articles = [make_article(session, **words()), make_article(session, body=f"One.\n\n{{{{ cta:{cta.slug} }}}}\n\nTwo.", **words())]
    draft = make_draft_article(session, **words())
    credential = make_credential(session, learner=person, course=course)
    sign_in(person)
    session.commit()
    return [
        "/",
        "/articles",
        f"/articles/{articles[0].slug}",
        f"/articles/{articles[1].slug}",
        "/courses",
        f"/courses/{course.slug}",
        f"/courses/{course.slug}/enroll",
        f"/credentials/{credential.id}",
        "/account",
        "/account/credentials",
        "/learn",
        f"/learn/{room.course.slug}",
        "/orders",
        f"/orders/{order.id}",
        "/studio/articles",
        f"/studio/articles/{draft.id}",
        f"/studio/articles/{draft.id}/preview",
        "/studio/ctas",
        f"/studio/ctas/{cta.id}",
        "/backoffice/orders",
        f"/backoffice/orders/{order.id}",
        "/backoffice/learners",
        f"/backoffice/learners/{person.id}",
        "/backoffice/credentials",
        f"/backoffice/credentials/{credential.id}",
    ]


@pytest.fixture
def page(chromium: Browser, server: None, addresses: list[str], client: FlaskClient) -> Iterator[Page]:
    context = chromium.new_context()
    cookie = client.get_cookie("laurel_demo", domain="laurel.test")
    assert cookie is not None
    context.add_cookies([{"name": "laurel_demo", "value": cookie.value, "domain": "laurel.test", "path": "/"}])
    yield context.new_page()
    context.close()


def too_wide(page: Page, width: int) -> str | None:
    """What sticks out of the window, if the page is wider than it."""
    if page.evaluate("document.documentElement.scrollWidth") <= width:
        return None
    return str(
        page.evaluate(
            "width => [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > width + 1)"
            ".map(e => e.tagName + '.' + e.className).slice(0, 6).join(', ')",
            width,
        )
    )


@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_is_wider_than_its_window(page: Page, addresses: list[str], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    wrong = []
    for address in addresses:
        answer = page.goto(SITE + address)
        assert answer is not None
        assert answer.ok, address
        found = too_wide(page, width)
        wrong += [f"{address}: {found}"] if found else []

    assert wrong == []


@pytest.mark.parametrize("width", [320, 1280])
def test_a_heading_that_is_refused_breaks_no_preview(page: Page, addresses: list[str], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(SITE + next(address for address in addresses if address.startswith("/studio/ctas/")))
    page.evaluate("document.querySelector('#heading').removeAttribute('maxlength')")
    page.fill("#heading", long(320))
    page.get_by_role("button", name="Save").click()

    expect(page.locator(".field-error")).to_have_count(1)
    page.wait_for_load_state()  # its styles, too
    assert too_wide(page, width) is None
