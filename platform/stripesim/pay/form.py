"""The payment form: what the buyer typed, what is wrong with it, what it means."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from stripesim import tax_ids
from stripesim.api.shape import EMAIL
from stripesim.pay.countries import COUNTRIES
from stripesim.payments.accounts import Account, accounts_for
from stripesim.payments.cards import Card, find_card
from stripesim.payments.methods import Buyer
from stripesim.store import Doc

EXPIRY = re.compile(r"^(\d{1,2}) */? *(\d{2}|\d{4})$")
HOME = "US"
TEST_CARDS_ONLY = "The sandbox accepts test cards only. Use 4242 4242 4242 4242 or one listed below."
FIELDS = ("email", "method", "number", "expiry", "cvc", "account", "name", "country", "business", "tax_id", "code", "terms")


@dataclass(slots=True)
class PayForm:
    """The fields by name, with the message of each that is wrong."""

    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    card: Card | None = None
    account: Account | None = None
    expiry: tuple[int, int] = (12, 2099)

    @property
    def is_debit(self) -> bool:
        return self.values.get("method") == "bank"

    @property
    def buyer(self) -> Buyer:
        """Only for a form without errors."""
        month, year = self.expiry
        values = self.values
        kind, number = tax_ids.kind_for(values["country"]), values["tax_id"]
        return Buyer(
            email=values["email"],
            name=values["name"],
            country=values["country"],
            exp_month=month,
            exp_year=year,
            business=values["business"] or None,
            tax_id=(kind, number) if kind and number else None,
        )


def prefilled(session: Doc, *, priced_for: str | None) -> PayForm:
    """The form as it first appears: with what the shop knows of the buyer, and the country that the price is for."""
    known = session["customer_details"] or {}
    country = priced_for or (known.get("address") or {}).get("country")
    return PayForm(
        {
            "email": known.get("email") or "",
            "name": known.get("name") or "",
            "country": country if country in COUNTRIES else HOME,
        }
    )


def read(posted: Mapping[str, str], session: Doc, *, now: int) -> PayForm:
    """The posted form, checked. A number that is no test card's is forgotten at once."""
    form = PayForm({name: posted.get(name, "").strip() for name in FIELDS})
    _check_buyer(form)
    if session["amount_total"]:
        if form.is_debit:
            _check_account(form, session["currency"])
        else:
            _check_card(form, now=now)
    _check_tax_id(form, session)
    if must_accept_terms(session) and not form.values["terms"]:
        form.errors["terms"] = "Accept the terms of service to go on."
    return form


def must_accept_terms(session: Doc) -> bool:
    consent = session["consent_collection"] or {}
    return bool(consent.get("terms_of_service") == "required")


def _check_buyer(form: PayForm) -> None:
    values, errors = form.values, form.errors
    if not EMAIL.match(values["email"]):
        errors["email"] = "Enter an e-mail address, such as name@example.com."
    if not values["name"]:
        errors["name"] = "Enter a name."
    if values["country"] not in COUNTRIES:
        errors["country"] = "Choose a country."


def _check_account(form: PayForm, currency: str) -> None:
    known = {account.number: account for account in accounts_for(currency)}
    form.account = known.get(form.values["account"])
    if form.account is None:
        form.errors["account"] = "Choose one of the test accounts." if known else "Nobody debits accounts in this currency. Pay by card."


def _check_tax_id(form: PayForm, session: Doc) -> None:
    """Business buyers may say who they are; where Stripe knows the country's tax ids, the shop may require it."""
    asked = session["tax_id_collection"]
    values, errors = form.values, form.errors
    if not asked["enabled"]:
        values["business"] = values["tax_id"] = ""
        return
    kind = tax_ids.kind_for(values["country"])
    if values["tax_id"] and not tax_ids.is_well_formed(values["country"], values["tax_id"]):
        errors["tax_id"] = "This is not a tax id of the chosen country. Correct it, or leave it empty."
    elif asked["required"] == "if_supported" and kind and not values["tax_id"]:
        errors["tax_id"] = "Enter your business's tax id."
    elif values["tax_id"] and not values["business"]:
        errors["business"] = "Enter the name of the business that the tax id belongs to."


def _check_card(form: PayForm, *, now: int) -> None:
    values, errors = form.values, form.errors
    form.card = find_card(values["number"])
    if form.card is not None:
        values["number"] = form.card.spaced
    elif not values["number"]:
        errors["number"] = "Enter a card number."
    else:
        errors["number"] = TEST_CARDS_ONLY
        values["number"] = values["cvc"] = ""
    _check_expiry(form, now=now)
    if not re.fullmatch(r"\d{3,4}", values["cvc"]):
        errors["cvc"] = "Enter any three digits."


def _check_expiry(form: PayForm, *, now: int) -> None:
    match = EXPIRY.match(form.values["expiry"])
    if match is None or not 1 <= int(match[1]) <= 12:
        form.errors["expiry"] = "Enter a month and a year, such as 12/34."
        return
    form.expiry = int(match[1]), 2000 + int(match[2]) % 100
    today = datetime.fromtimestamp(now, UTC)
    if form.expiry[::-1] < (today.year, today.month):
        form.errors["expiry"] = "This date is past. Enter one to come, such as 12/34."
