"""Payment methods: a card or a bank account and whose it is, without its number."""

from dataclasses import dataclass
from typing import Any

from stripesim.addresses import address
from stripesim.ids import new_id, random_text
from stripesim.payments.accounts import KINDS, Account
from stripesim.payments.cards import Card
from stripesim.store import Doc
from stripesim.work import Work

CHECKS = {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"}
THREE_D_SECURE = {
    "authentication_flow": "challenge",
    "electronic_commerce_indicator": "05",
    "exemption_indicator": None,
    "result": "authenticated",
    "result_reason": None,
    "transaction_id": None,
    "version": "2.2.0",
}
US_BANK = {
    "account_holder_type": "individual",
    "account_type": "checking",
    "bank_name": "STRIPE TEST BANK",
    "routing_number": "110000000",
}
SEPA_BANK = {"bank_code": "19043", "branch_code": None, "country": "AT"}


@dataclass(frozen=True, slots=True)
class Buyer:
    """What the buyer told the payment page about themself and the card."""

    email: str
    name: str
    country: str
    exp_month: int
    exp_year: int
    business: str | None = None
    tax_id: tuple[str, str] | None = None

    @property
    def address(self) -> Doc | None:
        return address({"country": self.country})

    @property
    def tax_ids(self) -> list[Doc]:
        return [{"type": self.tax_id[0], "value": self.tax_id[1]}] if self.tax_id else []


def types_for(currency: str) -> list[str]:
    """How one can pay in this currency."""
    return ["card", KINDS[currency]] if currency in KINDS else ["card"]


def options_for(currency: str, *, card: Doc) -> Doc:
    """`payment_method_options` of sessions and intents."""
    bank: Doc = {"verification_method": "automatic"} if KINDS.get(currency) == "us_bank_account" else {}
    return {"card": card} | ({KINDS[currency]: bank} if currency in KINDS else {})


def make_card(work: Work, card: Card, buyer: Buyer) -> Doc:
    details = {
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
    }
    return _make(work, "card", details, buyer, card.number)


def make_account(work: Work, account: Account, buyer: Buyer) -> Doc:
    named: Doc = {"fingerprint": random_text(16), "last4": account.last4}
    if account.kind == "sepa_debit":
        return _make(work, account.kind, SEPA_BANK | named | {"generated_from": None}, buyer, account.number)
    details = {
        **US_BANK,
        **named,
        "financial_connections_account": None,
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "status_details": None,
    }
    return _make(work, account.kind, details, buyer, account.number)


def _make(work: Work, kind: str, details: Doc, buyer: Buyer, number: str) -> Doc:
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
        kind: details,
        "created": work.now,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": kind,
    }
    work.books.insert(method, {"number": number, "business": buyer.business, "tax_id": buyer.tax_id})
    return method


def buyer_of(work: Work, method: Doc) -> Buyer:
    """Who gave this payment method, as they told the payment page."""
    billing, card = method["billing_details"], method.get("card") or {"exp_month": 12, "exp_year": 2099}
    private = work.books.private(method["id"])
    tax_id = private.get("tax_id")
    return Buyer(
        email=billing["email"],
        name=billing["name"],
        country=billing["address"]["country"],
        exp_month=card["exp_month"],
        exp_year=card["exp_year"],
        business=private.get("business"),
        tax_id=(tax_id[0], tax_id[1]) if tax_id else None,
    )


def details_of(method: Doc, *, is_challenged: bool, is_approved: bool) -> Doc:
    """The payment method as a charge shows it."""
    kind = method["type"]
    if kind == "card":
        shown = _card_details(method["card"], is_challenged=is_challenged, is_approved=is_approved)
    else:
        names = (*SEPA_BANK, "fingerprint", "last4") if kind == "sepa_debit" else (*US_BANK, "fingerprint", "last4")
        more: Doc = {"mandate": None} if kind == "sepa_debit" else {"payment_reference": None}
        shown = {name: method[kind][name] for name in names} | more
    return {kind: shown, "type": kind}


def _card_details(card: dict[str, Any], *, is_challenged: bool, is_approved: bool) -> Doc:
    shown = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding")
    return {
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
    }
