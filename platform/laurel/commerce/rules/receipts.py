"""Receipts and credit notes: their numbers, and what stands on them. (specs/payments.md §9)"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from laurel.core.money import format_money


class ReceiptKind(StrEnum):
    """What a numbered document says: money came, or money went back."""

    RECEIPT = "receipt"
    CREDIT_NOTE = "credit_note"


LETTERS = {ReceiptKind.RECEIPT: "R", ReceiptKind.CREDIT_NOTE: "C"}
BEYOND, WAIVED = "Paid beyond the price", "Waived by us"
TITLES = {ReceiptKind.RECEIPT: "Receipt", ReceiptKind.CREDIT_NOTE: "Credit note"}


def series_of(kind: ReceiptKind, issued_at: datetime) -> str:
    """The series of a document: one for each kind and year, such as `R-2026`."""
    return f"{LETTERS[kind]}-{issued_at.astimezone(UTC).year}"


def receipt_number(series: str, n: int) -> str:
    """`R-2026-000042`. Numbers of a series sort as texts up to a million, and go on correctly after it."""
    return f"{series}-{n:06d}"


def address_lines(billing: Mapping[str, Any]) -> list[str]:
    """The lines of the address that a payment page was told: line1, line2, city, state, postal_code, country."""
    address = billing.get("address") or {}
    place = " ".join(address[part] for part in ("postal_code", "city", "state") if address.get(part))
    return [line for line in (address.get("line1"), address.get("line2"), place, address.get("country")) if line]


def tax_ids_of(billing: Mapping[str, Any]) -> list[str]:
    """The buyer's tax ids, as the payment page was told them."""
    return [tax_id if isinstance(tax_id, str) else str(tax_id.get("value") or "") for tax_id in billing.get("tax_ids") or ()]


def billing_lines(billing: Mapping[str, Any] | None) -> list[str]:
    """To whom an order is made out, line by line: name, address, tax ids, e-mail address. Empty if nothing was told."""
    told = billing or {}
    tax_ids = [f"Tax id {tax_id}" for tax_id in tax_ids_of(told)]
    return [line for line in (told.get("name"), *address_lines(told), *tax_ids, told.get("email")) if line]


def unit_price(amount: int, quantity: int) -> int | None:
    """What one of `quantity` comes to, for a line that says only its sum; None if that is no whole number."""
    each, rest = divmod(amount, quantity or 1)
    return None if rest else each


def share_of_tax(tax: int, *, paid: int, back: int, told: int) -> int:
    """What a credit note holds of an order's `tax`, with which `back` of the `paid` has gone back in all.

    `told` is what the credit notes before it hold: so all of them together come to the tax of all that is back, to the last cent.
    """
    return max(0, (2 * tax * back + paid) // (2 * paid) - told) if paid else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """Who sells, as receipts name them. `address` and `tax_id` are empty where the operator gave none."""

    name: str
    email: str
    address: str = ""
    tax_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Every word on a receipt or credit note, amounts and dates already written out, for its page and its PDF alike.

    `lines` are (title, quantity, unit price, amount); `sums` and `facts` are (label, value). `stamp` is empty on a document
    that is in force and was paid with real money.
    """

    title: str
    number: str
    issued: str
    seller: tuple[str, ...]
    buyer: tuple[str, ...]
    lines: tuple[tuple[str, str, str, str], ...]
    sums: tuple[tuple[str, str], ...]
    total: tuple[str, str]
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    stamp: str


def compose_sheet(kind: ReceiptKind, number: str, issued_at: datetime, content: Mapping[str, Any], *, is_void: bool = False) -> Sheet:
    """The words for a document's stored `content`. `is_void`: the refund that a credit note stands for failed afterwards."""
    currency = content["currency"]
    is_note = kind is ReceiptKind.CREDIT_NOTE
    return Sheet(
        title=TITLES[kind],
        number=number,
        issued=_day(issued_at),
        seller=_party(content["seller"]),
        buyer=_party(content["buyer"]),
        lines=tuple(
            (line["title"], str(line["quantity"] or ""), _price(line["unit_amount"], currency), _money(line["amount"], currency))
            for line in content["lines"]
        ),
        sums=_sums(content, currency),
        total=("Refunded" if is_note else "Total", _money(content["total"], currency)),
        facts=_facts(content),
        notes=_notes(content, is_note=is_note),
        stamp="VOID" if is_void else "" if content["is_live"] or not content["total"] else "TEST",
    )


def _party(party: Mapping[str, Any]) -> tuple[str, ...]:
    """Name, address line by line, tax ids, e-mail address: whatever of it there is."""
    address = party.get("address") or ()
    lines = address.splitlines() if isinstance(address, str) else address
    tax_ids = [f"Tax id {tax_id}" for tax_id in party.get("tax_ids") or ()]
    return tuple(text for text in (party["name"], *lines, *tax_ids, party["email"]) if text)


def _sums(content: Mapping[str, Any], currency: str) -> tuple[tuple[str, str], ...]:
    """What stands between the lines and the total; nothing where the lines say it all."""
    discount, tax = content.get("discount", 0), content.get("tax", 0)
    if "subtotal" not in content:  # a credit note: its lines say what went back with its tax, whether that came on top or not
        return (("Tax, included in the refund", _money(tax, currency)),) if tax else ()
    sums: list[tuple[str, str]] = []
    on_top = tax if content["tax_behavior"] == "exclusive" else 0
    beyond = content["total"] - (content["subtotal"] - discount + on_top)  # staff took another amount than was asked for
    if discount or tax or beyond:
        sums.append(("Subtotal", _money(content["subtotal"], currency)))
    if discount:
        sums.append(("Discount", format_money(-discount, currency)))
    if on_top:
        sums.append(("Tax", _money(on_top, currency)))
    if beyond:
        sums.append((BEYOND if beyond > 0 else WAIVED, _money(beyond, currency)))
    if tax and not on_top:
        sums.append(("Tax, included in the total", _money(tax, currency)))
    return tuple(sums)


def _facts(content: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    facts = [("Order", content["order"])]
    if content.get("paid_at"):
        facts.append(("Paid on" if content["total"] else "Enrolled on", _day(datetime.fromisoformat(content["paid_at"]))))
    if content.get("receipt"):
        facts.append(("Receipt", content["receipt"]))
    for payment in content.get("payments", ()):
        if payment["last4"]:
            facts.append(("Paid with", f"{(payment['method'] or 'card').replace('_', ' ').capitalize()} ending in {payment['last4']}"))
        facts.append(("Payment reference", payment["reference"]))
    if content.get("reference"):
        facts.append(("Refund reference", content["reference"]))
    return tuple(facts)


def _notes(content: Mapping[str, Any], *, is_note: bool) -> tuple[str, ...]:
    notes = []
    if content["total"] and not content["is_live"]:
        notes.append("This order was paid with test money. This paper is no proof of a payment.")
    if content["total"] and not is_note and not content.get("tax") and content["tax_behavior"] == "inclusive":
        notes.append("All taxes are included.")
    return tuple(notes)


def _money(amount: int, currency: str) -> str:
    return format_money(amount, currency)


def _price(amount: int | None, currency: str) -> str:
    return "" if amount is None else _money(amount, currency)


def _day(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%B %Y}"
