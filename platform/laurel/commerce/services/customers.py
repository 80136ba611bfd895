"""Buyers as the payment provider knows them: each is introduced once."""

from uuid import UUID

from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.models import PaymentCustomer
from laurel.commerce.services.till import Till


def get_customer(till: Till, order_id: UUID) -> str:
    """The provider's id of the order's buyer; introduces the buyer the first time."""
    with till.transaction() as session:
        buyer_id = queries.get_bare_order(session, order_id).buyer_id
        customer = queries.find_customer(session, buyer_id) or _introduce(session, till, buyer_id)
        known, request, key = customer.stripe_customer, customer.request, customer.idem_key
    if known is not None:
        return known
    found = till.payments.create_customer(request, key=key)
    with till.transaction() as session:
        queries.get_customer(session, buyer_id).stripe_customer = found
    return found


def _introduce(session: Session, till: Till, user_id: UUID) -> PaymentCustomer:
    buyer = queries.lock_buyer(session, user_id)
    customer = queries.find_customer(session, user_id)
    if customer is None:
        customer = PaymentCustomer(
            user_id=user_id,
            idem_key=f"laurel:{till.env}:user:{user_id}:customer",
            request=till.payments.freeze_customer(email=buyer.email, user_ref=str(user_id)),
            created_at=till.now,
        )
        session.add(customer)
        session.flush()
    return customer


def forget_customer(till: Till, attempt_id: UUID) -> None:
    """The provider does not know the buyer any more: introduce them again, under a new key."""
    with till.transaction() as session:
        order = queries.lock_order(session, queries.get_attempt(session, attempt_id).order_id)
        buyer = queries.lock_buyer(session, order.buyer_id)
        customer = queries.get_customer(session, order.buyer_id)
        customer.n += 1
        customer.idem_key = f"laurel:{till.env}:user:{order.buyer_id}:customer:v{customer.n}"
        customer.request = till.payments.freeze_customer(email=buyer.email, user_ref=str(order.buyer_id))
        customer.stripe_customer = None
