"""What a session costs: the sum of its lines, less the discount, and the tax once the buyer's country is known."""

from stripesim.checkout.line_items import taxed
from stripesim.codes import discounts
from stripesim.store import Doc
from stripesim.work import Work


def priced(work: Work, session: Doc, private: Doc) -> tuple[Doc, Doc]:
    """The session and its private side at their present price.

    The private side says what it depends on: the discount, and the buyer's country where tax is automatic. The total may
    change: whoever shows the page must let the buyer see it before they pay.
    """
    lines = discounts.spread(work, private["line_items"], private["discount"])
    changed = session | {"discounts": discounts.shown(private["discount"])}
    if not session["automatic_tax"]["enabled"] or private["country"] is None:
        return changed | totals(lines), private | {"line_items": lines, "taxes": []}
    pairs = [taxed(line, private["country"], now=work.now) for line in lines]
    lines = [line for line, _ in pairs]
    details = [told for _, told in pairs if told is not None]
    changed["automatic_tax"] = session["automatic_tax"] | {"status": "complete"}
    return changed | totals(lines), private | {"line_items": lines, "taxes": summed(details)}


def totals(lines: list[Doc]) -> Doc:
    """The amounts of a session with these lines."""
    total = sum(line["amount_total"] for line in lines)
    return {
        "amount_subtotal": sum(line["amount_subtotal"] for line in lines),
        "amount_total": total,
        "payment_status": "unpaid" if total else "no_payment_required",
        "total_details": {
            "amount_discount": sum(line["amount_discount"] for line in lines),
            "amount_shipping": 0,
            "amount_tax": sum(line["amount_tax"] for line in lines),
        },
    }


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
