"""What a buyer asked for is answered by the money itself, once all of it is back. (specs/payments.md §9)"""

from datetime import datetime

from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.models import Order

REFUND_REQUEST = "refund_request"
ALL_BACK = "All that you paid went back to you."
"""What the buyer reads as the answer. A person's own answer is never mistaken for it: that one has its author."""


def follow_with_request(session: Session, order: Order, *, now: datetime) -> None:
    """Answer what the buyer asked, if all of the money is back; ask it again, if the money had answered it and is not back after all.

    Call it with the order locked and its sums added up. What a person answered stays as it is.
    """
    asked = queries.lock_latest_task(session, order.id, REFUND_REQUEST)
    if asked is None:
        return
    is_back = 0 < order.amount_paid <= order.amount_refunded
    if is_back and asked.resolved_at is None:
        asked.resolved_at, asked.resolution = now, ALL_BACK
    elif not is_back and asked.resolved_by_id is None and asked.resolution == ALL_BACK:
        asked.resolved_at, asked.resolution = None, None
    session.flush()
