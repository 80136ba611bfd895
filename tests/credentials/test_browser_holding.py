"""Pages of holders in a real browser: no rule of axe broken, nothing wider than a small phone."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core import clock
from laurel.credentials.services.erasing import erase_own
from laurel.credentials.services.holds import put_on_hold
from laurel.credentials.services.old_links import close_old_links
from tests.conftest import SignIn
from tests.factories.accounts import make_further_address, make_user
from tests.factories.credentials import make_credential
from tests.factories.holders import make_name_change, make_private, make_share_link
from tests.looking import faults_of
from tests.quizzes.browsing import SITE

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
SHOTS = os.environ.get("LAUREL_SHOTS")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_pages_of_holders_are_accessible_and_fit(
    visit: Callable[..., BrowserContext],
    session: Session,
    sign_in: SignIn,
    scheme: str,
    width: int,
) -> None:
    paths = make_pages(session, sign_in)
    page = visit(color_scheme=scheme, viewport={"width": width, "height": 900}, java_script_enabled=True).new_page()
    wrong = []
    for number, path in enumerate(paths):
        if path == "preview":
            page.goto(SITE + "/account/certificate-name")
            page.get_by_label("New name on certificates").fill("Ada King")
            page.get_by_role("button", name="See how it will look").click()
            page.get_by_role("heading", name="How your certificates will look").wait_for()
        else:
            page.goto(SITE + path)
        broken, overflow = faults_of(page)
        if broken or overflow:
            wrong.append((path, broken, overflow))
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{number:02}-{scheme}-{width}.png", full_page=True)

    assert wrong == []


CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', {value: {writeText: async text => { window.copied = text }}})"
"""Browsers have one for sites with TLS alone."""


def test_a_button_that_copies_has_a_name_and_says_beside_it_that_it_did(
    visit: Callable[..., BrowserContext], session: Session, sign_in: SignIn
) -> None:
    credential = make_credential(session)
    sign_in(session.get_one(User, credential.holder_id))
    context = visit(java_script_enabled=True)
    context.add_init_script(CLIPBOARD)
    page = context.new_page()
    page.goto(f"{SITE}/account/credentials/{credential.id}")

    page.get_by_role("button", name="Copy address").click()

    expect(page.locator("copy-button").get_by_role("status")).to_have_text("Copied")
    assert page.evaluate("window.copied") == f"{SITE}/credentials/{credential.id}"
    assert faults_of(page) == ([], 0)


def make_pages(session: Session, sign_in: SignIn) -> tuple[str, ...]:
    """Every page of holders, with something on it, and somebody signed in who may see all of them."""
    person = make_user(session, name="Ada Lovelace", roles=["admin"])
    other = make_user(session, name="Maximiliane Freifrau von Droste zu Hülshoff-Wolfenbüttel")
    seen, private, closed = (make_credential(session, learner=person, at=clock.now() - timedelta(days=1)) for _ in range(3))
    close_old_links(session, [closed], now=clock.now())
    make_private(session, private)
    make_share_link(session, private)
    make_credential(session, learner=other)
    change = make_name_change(session, other)
    make_further_address(session, person, f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.example")
    held = make_credential(session, learner=other)
    gone = make_credential(session, learner=other)
    number, gone_id = gone.number, gone.id
    put_on_hold(session, held.id, note="We look into it.", actor_id=person.id, now=clock.now())
    erase_own(session, other.id, gone.id, typed=number, now=clock.now())
    sign_in(person)
    return (
        f"/account/credentials/{seen.id}/erase",
        f"/credentials/{gone_id}",
        f"/backoffice/credentials/{held.id}",
        f"/backoffice/credentials/{held.id}/erase",
        "/account/credentials",
        f"/account/credentials/{seen.id}",
        f"/account/credentials/{private.id}",
        f"/credentials/{private.id}",
        f"/credentials/{private.id}?t=over",
        f"/account/credentials/{closed.id}",
        f"/credentials/{closed.id}",
        f"/verify?number={private.number}",
        "/account/addresses",
        "/account/certificate-name",
        "preview",
        "/backoffice/name-changes",
        f"/backoffice/name-changes/{change.id}",
    )
