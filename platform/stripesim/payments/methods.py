"""Payment methods: a card and whose it is, without its number."""

from dataclasses import dataclass

from stripesim.addresses import address
from stripesim.ids import new_id, random_text
from stripesim.payments.cards import Card
from stripesim.store import Doc
from stripesim.work import Work


@dataclass(frozen=True, slots=True)
class Buyer:
    """What the buyer told the payment page about themself and the card."""

    email: str
    name: str
    country: str
    exp_month: int
    exp_year: int

    @property
    def address(self) -> Doc | None:
        return address({"country": self.country})


def make_method(work: Work, card: Card, buyer: Buyer) -> Doc:
    method = {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": {
            "address": buyer.address,
            "email": buyer.email,
            "name": buyer.name,
            "phone": None,
            "tax_id": None,
        },
        "card": {
            "brand": "visa",
            "checks": CHECKS,
            "country": "US",
            "display_brand": "visa",
            "exp_month": buyer.exp_month,
            "exp_year": buyer.exp_year,
            "fingerprint": random_text(16),
            "funding": "credit",
            "generated_from": None,
            "last4": card.last4,
            "networks": {"available": ["visa"], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": work.now,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }
    work.books.insert(method, {"number": card.number})
    return method


CHECKS = {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"}


def details_of(method: Doc, *, is_challenged: bool, is_approved: bool) -> Doc:
    """The card as a charge shows it."""
    card = method["card"]
    shown = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding")
    return {
        "card": {
            **{name: card[name] for name in shown},
            "amount_authorized": None,
            "authorization_code": "123456" if is_approved else None,
            "electronic_commerce_indicator": None,
            "installments": None,
            "last4": card["last4"],
            "mandate": None,
            "network": "visa",
            "network_token": {"used": False},
            "network_transaction_id": None,
            "regulated_status": "unregulated",
            "three_d_secure": THREE_D_SECURE if is_challenged else None,
            "transaction_link_id": None,
            "wallet": None,
        },
        "type": "card",
    }


THREE_D_SECURE = {
    "authentication_flow": "challenge",
    "electronic_commerce_indicator": "05",
    "exemption_indicator": None,
    "result": "authenticated",
    "result_reason": None,
    "transaction_id": None,
    "version": "2.2.0",
}
