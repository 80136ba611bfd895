"""A holder renews in a real browser: from the list of certificates through the exam to the new one."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from laurel.bank.rules import QuestionKind
from laurel.commerce.rules import OfferingKind
from laurel.core import clock
from laurel.credentials.rules.renewing import RenewalTerms
from laurel.credentials.services.fee_renewals import open_fee
from tests.conftest import SignIn
from tests.factories.bank import make_category, make_question
from tests.factories.commerce import make_offering
from tests.factories.points import make_activity
from tests.factories.quizzes import fixed
from tests.factories.renewals import make_holder
from tests.looking import faults_of
from tests.quizzes.browsing import SITE

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
SHOTS = os.environ.get("LAUREL_SHOTS")
LONG = "Maximiliane Freifrau von Droste zu Hülshoff-Wolfenbüttel und der ganzen übrigen Verwandtschaft"


def look_at(page: Page, name: str) -> list[str]:
    """What is wrong with the page that one sees."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)
    broken, overflow = faults_of(page)
    return [f"{name}: {rule}" for rule in broken] + ([f"{name}: {overflow} px too wide"] if overflow else [])


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)] if SHOTS else [("dark", 360)])
def test_pages_of_a_renewal_are_accessible_and_fit(
    visit: Callable[..., BrowserContext], session: Session, sign_in: SignIn, scheme: str, width: int
) -> None:
    sold = make_holder(session, name=LONG, days_ago=400, sells_attempts=True, renewal=RenewalTerms(points=30))
    sold.begin()
    activity = make_activity(session, sold.credential, title=LONG * 2)
    make_offering(session, course=sold.room.course, kind=OfferingKind.RENEWAL, prices={"usd": 4900, "eur": 4500})
    permit_id = open_fee(session, holder_id=sold.room.learner.id, credential_id=sold.credential.id, now=clock.now())
    sign_in(sold.room.learner)
    page = visit(color_scheme=scheme, viewport={"width": width, "height": 900}, java_script_enabled=True).new_page()
    mine, course = f"/account/credentials/{sold.credential.id}", f"/learn/{sold.room.course.slug}"
    wrong = []
    paths = {"renewal": f"{mine}/renewal", "holder": mine, "list": "/account/credentials", "course": course, "lobby": f"{course}/exam"}
    for name, path in {
        **paths,
        "fee": f"/renewals/{permit_id}",
        "points": f"{mine}/activities",
        "activity": f"{mine}/activities/{activity.id}",
    }.items():
        page.goto(SITE + path)
        wrong += look_at(page, f"{name}-{scheme}-{width}")

    assert wrong == []


def test_a_holder_renews_by_the_exam_without_a_script(visit: Callable[..., BrowserContext], session: Session, sign_in: SignIn) -> None:
    category = make_category(session)
    question = make_question(session, kind=QuestionKind.SINGLE_CHOICE, category_id=category.id)
    holder = make_holder(session, slots=[fixed(question)])
    sign_in(holder.room.learner)
    page = visit(java_script_enabled=False).new_page()

    page.goto(f"{SITE}/account/credentials")
    page.get_by_role("link", name=re.compile("^Renew ")).click()
    page.get_by_role("button", name="Renew by the exam").click()
    expect(page.get_by_text("You are renewing your certificate")).to_be_visible()
    page.get_by_role("button", name="Start another attempt").click()
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Review").click()
    page.get_by_role("link", name=re.compile("^Hand in")).click()
    page.get_by_role("button", name=re.compile("^Hand in")).click()
    expect(page.get_by_role("heading", name="You passed")).to_be_visible()
    session.rollback()
    holder.award()
    new = holder.sign(holder.renewals()[0])
    session.commit()
    page.get_by_role("link", name="See your certificate").click()

    expect(page.get_by_text("This certificate renews")).to_be_visible()
    page.get_by_role("link", name=f"certificate {holder.credential.number}").click()
    expect(page.get_by_role("link", name=f"certificate {new.number}")).to_be_visible()
