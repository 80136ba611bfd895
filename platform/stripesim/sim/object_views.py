"""The control API's objects: `/_sim/sessions/…`, `/_sim/payments/…`, `/_sim/refunds/…`, `/_sim/disputes/…`, `/_sim/events/…`."""

from stripesim import money
from stripesim.api.endpoint import find_named
from stripesim.api.errors import invalid
from stripesim.disputes.opening import REASONS
from stripesim.sim import acts
from stripesim.sim.acts import DisputeOutcome, PaymentOutcome, RefundOutcome
from stripesim.sim.asked import asked, choice, one_of, whole
from stripesim.sim.views import bp, sandbox
from stripesim.store import Doc
from stripesim.webhooks.mode import Flavor

__all__ = ["bp"]

MOST_PIECES = 999_999


@bp.post("/sessions/<session_id>/expire")
def expire_session(session_id: str) -> Doc:
    with sandbox().work() as work:
        return acts.expire(work, session_id)


@bp.post("/sessions/<session_id>/tamper")
def tamper_with_session(session_id: str) -> Doc:
    """`quantity`, `unit_amount` (of the first line), `currency`, `livemode`: whatever should not be as the shop asked."""
    changes = asked({"quantity", "unit_amount", "currency", "livemode"})
    if "quantity" in changes:
        changes["quantity"] = whole(changes["quantity"], "quantity", least=1, most=MOST_PIECES)
    if "unit_amount" in changes:
        changes["unit_amount"] = whole(changes["unit_amount"], "unit_amount", most=money.MAXIMUM)
    if "currency" in changes:
        choice(sorted(money.CURRENCIES), changes["currency"], "currency")
    if not isinstance(changes.get("livemode", False), bool):
        raise invalid("livemode must be true or false.", param="livemode")
    with sandbox().work() as work:
        return acts.tamper(work, session_id, changes)


@bp.post("/payments/<payment_id>/settle")
def settle_payment(payment_id: str) -> Doc:
    outcome = one_of(PaymentOutcome, asked({"outcome"}).get("outcome"), "outcome")
    with sandbox().work() as work:
        return acts.settle_payment(work, payment_id, outcome)


@bp.post("/payments/<payment_id>/refund")
def refund_payment(payment_id: str) -> Doc:
    amount = asked({"amount"}).get("amount")
    with sandbox().work() as work:
        return acts.refund(work, payment_id, None if amount is None else whole(amount, "amount", least=1, most=money.MAXIMUM))


@bp.post("/payments/<payment_id>/dispute")
def dispute_payment(payment_id: str) -> Doc:
    """`reason`, `amount` (all that is left), `inquiry` (false): whether the bank only asks."""
    said = asked({"reason", "amount", "inquiry"})
    amount = said.get("amount")
    with sandbox().work() as work:
        return acts.dispute(
            work,
            payment_id,
            reason=choice(REASONS, said.get("reason", "fraudulent"), "reason"),
            amount=None if amount is None else whole(amount, "amount", least=1, most=money.MAXIMUM),
            is_inquiry=said.get("inquiry", False) is True,
        )


@bp.post("/payments/<payment_id>/warn")
def warn_of_payment(payment_id: str) -> Doc:
    with sandbox().work() as work:
        return acts.warn(work, payment_id)


@bp.post("/refunds/<refund_id>/settle")
def settle_refund(refund_id: str) -> Doc:
    outcome = one_of(RefundOutcome, asked({"outcome"}).get("outcome"), "outcome")
    with sandbox().work() as work:
        return acts.settle_refund(work, refund_id, outcome)


@bp.post("/disputes/<dispute_id>/close")
def close_dispute(dispute_id: str) -> Doc:
    outcome = one_of(DisputeOutcome, asked({"outcome"}).get("outcome"), "outcome")
    with sandbox().work() as work:
        return acts.close_dispute(work, dispute_id, outcome)


@bp.post("/events/<event_id>/resend")
def resend_event(event_id: str) -> Doc:
    """Send it once more, as `genuine` (so it is), `forged` or `stale`."""
    flavor = one_of(Flavor, asked({"flavor"}).get("flavor", Flavor.GENUINE), "flavor")
    with sandbox().work() as work:
        event = find_named(work, "event", event_id, param="id", status=404)
        sandbox().queue.add_again(work.books, event_id, flavor)
    return event
