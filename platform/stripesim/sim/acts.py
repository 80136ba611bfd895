"""What banks, networks and people at the Dashboard do, on demand. The control API and the control page both use it."""

from enum import StrEnum

from stripesim.api.endpoint import find_named
from stripesim.api.errors import invalid, missing_object
from stripesim.checkout import lifecycle, payment, pricing
from stripesim.disputes import opening, warnings
from stripesim.payments import refunds
from stripesim.store import Doc
from stripesim.work import Work


class PaymentOutcome(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class RefundOutcome(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REQUIRES_ACTION = "requires_action"


class DisputeOutcome(StrEnum):
    WON = "won"
    LOST = "lost"
    PREVENTED = "prevented"
    WARNING_CLOSED = "warning_closed"


def expire(work: Work, session_id: str) -> Doc:
    session = find_session(work, session_id)
    if session["status"] != "open":
        raise invalid(f"The session is {session['status']}.")
    return lifecycle.expire(work, session)


def tamper(work: Work, session_id: str, changes: Doc) -> Doc:
    """Make an open session differ from what the shop asked for: its first line's quantity or price, its currency, its mode."""
    session = find_session(work, session_id)
    if session["status"] != "open":
        raise invalid(f"The session is {session['status']}.")
    private = work.books.private(session_id)
    currency: str = changes.get("currency") or session["currency"]
    lines = [_priced_anew(work, line, changes if place == 0 else {}, currency) for place, line in enumerate(private["line_items"])]
    changed = session | {"currency": currency, "livemode": changes.get("livemode", session["livemode"])}
    changed, private = pricing.priced(work, changed, private | {"line_items": lines})
    work.books.update(changed)
    work.books.update_private(session_id, private)
    return changed


def _priced_anew(work: Work, line: Doc, changes: Doc, currency: str) -> Doc:
    unit = changes.get("unit_amount", line["price"]["unit_amount"])
    price = line["price"] | {"currency": currency, "unit_amount": unit, "unit_amount_decimal": str(unit)}
    work.books.update(price)
    quantity = changes.get("quantity", line["quantity"])
    return line | {"amount_subtotal": unit * quantity, "currency": currency, "price": price, "quantity": quantity}


def settle_payment(work: Work, payment_id: str, outcome: PaymentOutcome) -> Doc:
    """Let the bank answer a debit now; the payment is named by its intent or its session."""
    intent = find_intent(work, payment_id)
    failure = "" if outcome is PaymentOutcome.SUCCEEDED else "insufficient_funds"
    if not payment.settle_debit(work, intent, failure=failure):
        raise invalid(f"The payment is {intent['status']}; only one that is processing can be settled.")
    return work.books.get("payment_intent", intent["id"])


def refund(work: Work, payment_id: str, amount: int | None) -> Doc:
    """Somebody presses Refund at the Dashboard: the shop's own numbers are not in it."""
    return refunds.make_refund(work, find_charge(work, payment_id), {} if amount is None else {"amount": amount})


def settle_refund(work: Work, refund_id: str, outcome: RefundOutcome) -> Doc:
    found = find_named(work, "refund", refund_id, param="id", status=404)
    act = {
        RefundOutcome.SUCCEEDED: refunds.settle_refund,
        RefundOutcome.FAILED: refunds.fail_refund,
        RefundOutcome.REQUIRES_ACTION: refunds.ask_for_action,
    }[outcome]
    settled = act(work, found)
    if settled == found:
        raise invalid(f"The refund is {found['status']}; it cannot become {outcome}.")
    return settled


def dispute(work: Work, payment_id: str, *, reason: str, amount: int | None, is_inquiry: bool) -> Doc:
    """The buyer goes to their bank."""
    charge = find_charge(work, payment_id)
    left = charge["amount"] - charge["amount_refunded"]
    if not charge["paid"] or left == 0:
        raise invalid("Only money that the shop still has can be disputed.")
    if opening.blocking(work, charge) is not None:
        raise invalid("This payment is disputed already.")
    if amount is not None and amount > left:
        raise invalid(f"No more than {left} can be disputed.", param="amount")
    return opening.open_dispute(work, charge, amount=amount, reason=reason, is_inquiry=is_inquiry)


def close_dispute(work: Work, dispute_id: str, outcome: DisputeOutcome) -> Doc:
    """The bank decides."""
    found = find_named(work, "dispute", dispute_id, param="id", status=404)
    if found["status"] in opening.OVER:
        raise invalid(f"The dispute is {found['status']} already.")
    if (outcome is DisputeOutcome.WARNING_CLOSED) != found["status"].startswith("warning_"):
        raise invalid("An inquiry ends as warning_closed, a dispute as won, lost or prevented.", param="outcome")
    return opening.end(work, found, outcome)


def warn(work: Work, payment_id: str) -> Doc:
    """The card network doubts the payment."""
    return warnings.warn(work, find_charge(work, payment_id))


def find_session(work: Work, session_id: str) -> Doc:
    return find_named(work, "checkout.session", session_id, param="id", status=404)


def find_intent(work: Work, payment_id: str) -> Doc:
    """The intent that the id names, itself or by its session."""
    if payment_id.startswith("cs_"):
        payment_id = find_session(work, payment_id)["payment_intent"] or "none yet"
    return find_named(work, "payment_intent", payment_id, param="id", status=404)


def find_charge(work: Work, payment_id: str) -> Doc:
    """The charge that the id names, itself or by its intent or session."""
    if payment_id.startswith(("ch_", "py_")):
        return find_named(work, "charge", payment_id, param="id", status=404)
    charge_id = find_intent(work, payment_id)["latest_charge"]
    if charge_id is None:
        raise missing_object("charge", payment_id, param="id")
    return work.books.get("charge", charge_id)
