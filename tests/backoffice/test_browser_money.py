"""Pages about money in a real browser: no rule of axe broken, nothing wider than a small phone, and no script needed."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.commerce import queries, services
from laurel.commerce.models import Dispute, LedgerEntry
from laurel.commerce.rules import AccessEffect, OrderState
from laurel.commerce.services import Till
from tests.commerce.bought import buy_course, turn_into_seats
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.commerce import make_order, make_payment, make_review_task
from tests.fakes import FakePayments
from tests.looking import faults_of
from tests.quizzes.browsing import SITE

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
SHOTS = os.environ.get("LAUREL_SHOTS")


def make_a_lot(session: Session, till: Till, payments: FakePayments, buyer: User) -> list[str]:
    """Orders in every trouble; the addresses of the pages about them."""
    whole = buy_course(till, payments, buyer=buyer)
    whole.refund(5000, effect=AccessEffect.KEEP)
    with till.transaction() as other:
        services.ask_for_refund(other, queries.get_order(other, whole.order_id), words="It is not what I expected.", now=till.now)
    seats = buy_course(till, payments, buyer=buyer)
    turn_into_seats(seats, seats=5, redeemed_by=[buyer.id])
    disputed = buy_course(till, payments, buyer=buyer)
    services.sync_dispute(till, payments.add_dispute(disputed.intent_id, 19500).id)
    held = make_order(session)
    make_payment(session, held)
    held.state = OrderState.REVIEW
    task = make_review_task(session, held, kind="payment_mismatch", detail="total 100 for 19500; lines")
    session.commit()
    dispute = session.scalars(select(Dispute)).one()
    return [
        f"/backoffice/orders/{whole.order_id}",
        f"/backoffice/orders/{seats.order_id}/refund",
        f"/backoffice/orders/{disputed.order_id}",
        "/backoffice/disputes",
        f"/backoffice/disputes/{dispute.id}",
        "/backoffice/tasks",
        f"/backoffice/tasks/{task.id}",
        f"/orders/{whole.order_id}",
        f"/orders/{seats.order_id}/refund",
        f"/orders/{disputed.order_id}",
    ]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_pages_about_money_are_accessible_and_fit(
    visit: Callable[..., BrowserContext],
    session: Session,
    till: Till,
    payments: FakePayments,
    sign_in: SignIn,
    scheme: str,
    width: int,
) -> None:
    somebody = make_user(session, name="Ada Lovelace", roles=["admin"])
    sign_in(somebody)
    paths = make_a_lot(session, till, payments, somebody)
    page = visit(color_scheme=scheme, viewport={"width": width, "height": 900}, java_script_enabled=True).new_page()
    wrong = []
    for number, path in enumerate(paths):
        page.goto(SITE + path)
        broken, overflow = faults_of(page)
        if broken or overflow:
            wrong.append((path, broken, overflow))
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{number:02}-{scheme}-{width}.png", full_page=True)

    assert wrong == []


@pytest.mark.parametrize("width", [360, 1280])
def test_a_large_amount_is_read_to_its_end(
    visit: Callable[..., BrowserContext], session: Session, till: Till, payments: FakePayments, sign_in: SignIn, width: int
) -> None:
    order_id = buy_course(till, payments).order_id
    session.add(LedgerEntry(order_id=order_id, kind="payment", ref="pi_large", amount=1_234_567_890, currency="usd", created_at=till.now))
    session.commit()
    sign_in(make_user(session, roles=["admin"]))
    page = visit(viewport={"width": width, "height": 900}).new_page()

    page.goto(f"{SITE}/backoffice/revenue")

    expect(page.locator(".tiles")).to_contain_text("$12,345,873.90")
    assert page.evaluate("[...document.querySelectorAll('.tiles > div')].every(tile => tile.scrollWidth <= tile.clientWidth)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_refund_is_made_without_scripts(
    visit: Callable[..., BrowserContext], session: Session, till: Till, payments: FakePayments, sign_in: SignIn
) -> None:
    sign_in(make_user(session, roles=["admin"]))
    bought = buy_course(till, payments)
    page = visit(java_script_enabled=False).new_page()
    page.goto(f"{SITE}/backoffice/orders/{bought.order_id}")
    page.get_by_role("link", name="Refund", exact=True).click()
    page.get_by_label("Bookkeeping: amount in USD").fill("50")
    page.get_by_label("Keep it: the money is a kindness").check()
    page.get_by_role("button", name="Show what happens").click()
    expect(page.get_by_text("Access stays as it is.")).to_be_visible()
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / "20-looked.png", full_page=True)
    page.get_by_role("button", name="Give back $50").click()

    expect(page.get_by_text("The money is back.")).to_be_visible()
    assert [refund.amount for refund in payments.refunds.values()] == [5000]
