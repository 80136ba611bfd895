"""An author writes a certificate in a real browser, without a script, and every page on the way is looked at."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.credentials import make_achievement, make_course, make_credential
from tests.looking import faults_of
from tests.quizzes.browsing import SITE

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
SHOTS = os.environ.get("LAUREL_SHOTS")
LOOKS = [("light", 1280), ("dark", 360), *([("dark", 1280), ("light", 360)] if SHOTS else [])]
LONG = "Certified Practitioner of the Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft Level 4"


def look_at(page: Page, name: str) -> list[str]:
    """What is wrong with the page that one sees."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)
    broken, overflow = faults_of(page)
    return [f"{name}: {rule}" for rule in broken] + ([f"{name}: {overflow} px too wide"] if overflow else [])


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_pages_on_which_a_certificate_is_written_are_accessible_and_fit(
    visit: Callable[..., BrowserContext], session: Session, sign_in: SignIn, scheme: str, width: int
) -> None:
    course, bare = make_course(session), make_course(session)
    make_credential(session, course=course)
    program = make_achievement(session, course=course, name=LONG, badge={"hue": 250, "level": 4})
    session.commit()
    sign_in(make_user(session, roles=["admin"]))
    page = visit(color_scheme=scheme, viewport={"width": width, "height": 900}).new_page()
    home, look = f"{SITE}/studio/credentials", page.get_by_role("button", name="Look at it")
    own, wrong = f"{home}/{program.achievement_id}", []

    for name, address in {"list": home, "bare": f"{home}/new", "first": f"{home}/new/{bare.id}", "program": own}.items():
        page.goto(address)
        wrong += look_at(page, f"{name}-{scheme}-{width}")
    page.goto(f"{own}/certificate")
    page.get_by_label("For so many months from its award").check()
    page.get_by_label("Months", exact=True).fill("no")
    look.click()
    expect(page.locator("#months-error")).to_be_visible()
    wrong += look_at(page, f"wrong-{scheme}-{width}")
    page.get_by_label("Months", exact=True).fill("18")
    page.get_by_label("Numeral on the badge").select_option("5")
    look.click()
    expect(page.get_by_role("heading", name="This would be version 3")).to_be_visible()
    wrong += look_at(page, f"review-{scheme}-{width}")
    page.goto(f"{own}/renewal")
    wrong += look_at(page, f"renewal-{scheme}-{width}")
    page.get_by_label("By passing the exam again").uncheck()
    look.click()
    expect(page.get_by_role("heading", name="This would be the renewal")).to_be_visible()
    wrong += look_at(page, f"terms-{scheme}-{width}")

    assert wrong == []


def test_a_certificate_is_written_without_a_script_and_what_was_typed_comes_back(
    visit: Callable[..., BrowserContext], session: Session, sign_in: SignIn
) -> None:
    course = make_course(session)
    session.commit()
    sign_in(make_user(session, roles=["admin"]))
    page = visit(java_script_enabled=False).new_page()

    page.goto(f"{SITE}/studio/credentials")
    page.get_by_role("link", name="Courses without a certificate").first.click()
    page.get_by_role("link", name=course.slug).click()
    page.get_by_label("Name", exact=True).fill("Certified “Widget” Maker")
    page.get_by_label("Description").fill("Makes <widgets>.\nAnd sells them.")
    page.get_by_label("What a holder has shown").fill("- one\n- two")
    page.get_by_label("Until one day").check()
    page.get_by_label("Last day (UTC)").fill("2999-12-31")
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("Until 31 December 2999").first).to_be_visible()
    page.get_by_role("button", name="Back to the form").click()
    expect(page.get_by_label("Description")).to_have_value("Makes <widgets>.\nAnd sells them.")
    page.get_by_label("Numeral on the badge").select_option("2")
    page.get_by_role("button", name="Look at it").click()
    page.get_by_role("button", name="Make version 1").click()

    expect(page.get_by_text("Version 1 holds")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Certified “Widget” Maker")
