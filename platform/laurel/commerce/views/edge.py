"""What all pages of commerce stand on: their blueprint, the till, and the way to the payment page."""

import re
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, current_app, redirect, url_for
from flask.typing import ResponseReturnValue

from laurel.commerce.gateway import PaymentGateway, PaymentsRefusedError
from laurel.commerce.rules import OfferingKind
from laurel.commerce.services import Till
from laurel.core.db import database_now
from laurel.settings import Settings
from laurel.web.headers import CHECKOUT
from laurel.web.session import current_session, transaction

bp = Blueprint("commerce", __name__)
TOKEN = re.compile(r"[A-Za-z0-9_-]{1,100}\Z")
SHOP_PAGES = {
    OfferingKind.COURSE: "enroll_page",
    OfferingKind.SEATS: "seats_page",
    OfferingKind.EXAM_RETAKE: "retake_page",
    OfferingKind.RENEWAL: "renewal_page",
}
"""The page that sells each kind of thing: its view and its template."""


def settings() -> Settings:
    found: Settings = current_app.extensions["laurel_settings"]
    return found


def payments() -> PaymentGateway:
    found: PaymentGateway = current_app.extensions["laurel_ports"].payments
    return found


def till() -> Till:
    """The till of this request. It reads the database's clock: end the transaction before you call outside."""
    return Till(
        transaction=transaction,
        payments=payments(),
        env=settings().host,
        is_live=settings().takes_real_money,
        now=database_now(current_session()),
    )


def click_token(text: str | None) -> str | None:
    """The token of the CTA click that led here, if the text is one."""
    return text if text and TOKEN.match(text) else None


def order_address(order_id: UUID) -> str:
    """The order's full address: from PUBLIC_URL, never from what the request says about its host."""
    return settings().public_url + url_for("commerce.order_page", order_id=order_id)


def shop_address(kind: OfferingKind, slug: str, permit_id: UUID | None = None, **asked: str | None) -> str:
    """The page that sells this of a course, showing what is `asked`. A renewal is sold where its permit is."""
    if kind is OfferingKind.RENEWAL and permit_id is None:
        return f"/learn/{slug}"
    values: dict[str, Any] = {name: value for name, value in asked.items() if value}
    values |= {"slug": slug} if permit_id is None else {"permit_id": permit_id}
    return url_for(f"commerce.{SHOP_PAGES[kind]}", **values)


def redirect_to_payment(address: str) -> ResponseReturnValue:
    """Send the buyer to the payment page, if it is where payment pages are."""
    found = urlsplit(address)
    places = {CHECKOUT} | ({settings().public_url} if settings().uses_sandbox else set())
    if f"{found.scheme}://{found.netloc}" not in places:
        raise PaymentsRefusedError(f"a payment page at {found.netloc}")
    return redirect(address, 303)
