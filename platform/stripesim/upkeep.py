"""What time does by itself: sessions expire, banks answer, refunds arrive or fail, deadlines pass."""

from collections.abc import Callable

from stripesim.checkout import lifecycle, payment
from stripesim.disputes import opening
from stripesim.payments import refunds
from stripesim.store import Doc
from stripesim.work import Work

# For each verb that is scheduled: the kind of object it is about, and what happens. Done already, it changes nothing.
VERBS: dict[str, tuple[str, Callable[[Work, Doc], object]]] = {
    "dispute_deadline": ("dispute", opening.meet_deadline),
    "fail_refund": ("refund", refunds.fail_refund),
    "settle_debit": ("payment_intent", payment.settle_debit),
    "settle_refund": ("refund", refunds.settle_refund),
}


def catch_up(work: Work) -> None:
    """Do what is due now."""
    lifecycle.expire_overdue(work)
    for verb, object_id in work.books.take_due(work.now):
        kind, act = VERBS[verb]
        act(work, work.books.get(kind, object_id))
