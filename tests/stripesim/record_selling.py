"""What Laurel asks of Stripe for discount codes, taxes, invoices and consent, for the recording."""

from collections.abc import Callable
from dataclasses import replace

from laurel.commerce.gateway import CheckoutDetails, CouponDetails
from laurel.commerce.stripe_gateway import StripeGateway
from laurel.settings import PaymentOption, Settings
from tests.stripesim.driver import Buyer


def selling_tour(settings: Settings, buyer: Buyer, details: Callable[[str], CheckoutDetails]) -> None:
    """A coupon of each kind, seats for a business with everything that a page can ask for, its invoice, a promotion code's field."""
    gateway = StripeGateway(replace(settings, payment_options=frozenset(PaymentOption)))
    plain = CouponDetails(ref="laurel-record-v1", name="SPRING", percent=20, amount=None, currency=None, code_ref="code", env="laurel.test")
    exact = replace(plain, ref="laurel-record-usd1234-v1", percent=None, amount=1234, currency="usd")
    for coupon in (plain, exact):
        gateway.create_coupon(gateway.freeze_coupon(coupon), key=f"laurel:record:coupon:{coupon.ref}")
    # The second time, under another key, it exists already: that is the same coupon.
    again = gateway.create_coupon(gateway.freeze_coupon(plain), key="laurel:record:coupon:again")
    business = replace(details("3"), coupon=again, lines=(replace(details("3").lines[0], quantity=3),))
    page = gateway.open_checkout(gateway.freeze_checkout(business), key="laurel:record:order:3:cs:1")
    gateway.open_checkout(gateway.freeze_checkout(details("4")), key="laurel:record:order:4:cs:1")
    given = {"country": "DE", "business": "Analytical Engines GmbH", "tax_id": "DE123456789", "terms": "yes"}
    buyer.pay(page.url or "", **{**given, "action": "update"})
    buyer.pay(page.url or "", **given)
    seen = gateway.fetch_checkout(page.session_id)
    invoice = gateway.quick.v1.checkout.sessions.retrieve(page.session_id).invoice
    if not seen.is_paid or not isinstance(invoice, str) or gateway.fetch_invoice(invoice).url is None:
        raise AssertionError("The business has no invoice.")
