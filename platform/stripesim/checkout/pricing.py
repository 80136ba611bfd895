"""What a session costs: the sum of its lines, and the tax once the buyer's country is known."""

from stripesim.checkout.line_items import taxed
from stripesim.store import Doc


def totals(lines: list[Doc]) -> Doc:
    """The amounts of a session with these lines."""
    return {
        "amount_subtotal": sum(line["amount_subtotal"] for line in lines),
        "amount_total": sum(line["amount_total"] for line in lines),
        "total_details": {
            "amount_discount": sum(line["amount_discount"] for line in lines),
            "amount_shipping": 0,
            "amount_tax": sum(line["amount_tax"] for line in lines),
        },
    }


def price_for(session: Doc, private: Doc, country: str, *, now: int) -> tuple[Doc, Doc]:
    """The session and its private side, priced for a buyer in the given country.

    Only a session with automatic tax changes. The total may rise: whoever shows the
    page must let the buyer see it before they pay.
    """
    if not session["automatic_tax"]["enabled"]:
        return session, private
    pairs = [taxed(line, country, now=now) for line in private["line_items"]]
    lines = [line for line, _ in pairs]
    details = [told for _, told in pairs if told is not None]
    priced = session | totals(lines)
    priced["automatic_tax"] = session["automatic_tax"] | {"status": "complete"}
    return priced, private | {"line_items": lines, "taxes": summed(details)}


def summed(details: list[Doc]) -> list[Doc]:
    """One entry for each kind of rate, as `total_details.breakdown.taxes` shows them."""
    by_kind: dict[bool, Doc] = {}
    for detail in details:
        entry = by_kind.get(detail["rate"]["inclusive"])
        if entry is None:
            by_kind[detail["rate"]["inclusive"]] = dict(detail)
        else:
            entry["amount"] += detail["amount"]
            entry["taxable_amount"] += detail["taxable_amount"]
    return list(by_kind.values())
