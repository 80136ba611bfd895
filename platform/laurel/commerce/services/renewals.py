"""Renewals for money: who permits one says for whom and how long, and hears when it is paid, taken back or returned.

What is renewed is not known here: `about_id` is an id of whoever opened the permit.
"""

import logging
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.events import RenewalPaid, RenewalPermitClosed, RenewalPermitOpened
from laurel.commerce.models import Order, OrderLine, RenewalFee, RenewalPermit
from laurel.commerce.rules import AccessEffect, EntitlementStatus, RefundOrigin, RefundReason
from laurel.commerce.services.refunds import request_refund
from laurel.core.bus import publish

log = logging.getLogger("laurel.commerce")


def open_permit(session: Session, *, user_id: UUID, course_id: UUID, about_id: UUID, closes_at: datetime, now: datetime) -> RenewalPermit:
    """Let the person buy the renewal of this until `closes_at`. Said again it is the same permit, and its time never shrinks."""
    queries.lock_buyer(session, user_id)
    found = queries.find_open_permit(session, about_id)
    if found is not None:
        found.closes_at = max(found.closes_at, closes_at)
        session.flush()
        return found
    opened = RenewalPermit(user_id=user_id, course_id=course_id, about_id=about_id, opened_at=now, closes_at=closes_at)
    session.add(opened)
    session.flush()
    told = RenewalPermitOpened(occurred_at=now, permit_id=opened.id, user_id=user_id, course_id=course_id)
    publish(session, told, actor_id=user_id)
    return opened


def close_permits(session: Session, *, about_id: UUID, now: datetime) -> None:
    """Let nobody order the renewal of this any more. Told twice, it changes nothing."""
    for permit in session.scalars(select(RenewalPermit).filter_by(about_id=about_id, closed_at=None).with_for_update()):
        permit.closed_at = now
        session.flush()
        publish(session, RenewalPermitClosed(occurred_at=now, permit_id=permit.id))


def forget_permits(session: Session, *, about_id: UUID, now: datetime) -> None:
    """Close them, and let nothing here say any more what they were about: it was erased."""
    close_permits(session, about_id=about_id, now=now)
    session.execute(update(RenewalPermit).where(RenewalPermit.about_id == about_id).values(about_id=None))


def pay_fee(session: Session, order: Order, line: OrderLine, *, now: datetime) -> None:
    """The renewal that this line buys is paid. Whoever permitted it does the rest, or gives the money back."""
    fee, permit = queries.get_fee(session, line.id)
    fee.paid_at = now
    session.flush()
    about = RenewalPaid(occurred_at=now, order_id=order.id, order_line_id=line.id, user_id=fee.user_id, course_id=permit.course_id)
    publish(session, about)


def use_fee(session: Session, fee: RenewalFee, *, used_at: datetime) -> None:
    """What was paid has renewed something."""
    fee.used_at = used_at
    session.flush()


def return_fee(session: Session, fee: RenewalFee, *, env: str, now: datetime) -> None:
    """What was paid can renew nothing any more: the money goes back by itself. Told twice, it goes back once."""
    order = queries.lock_order(session, session.get_one(OrderLine, fee.order_line_id).order_id)
    stand = next(found for found in queries.list_line_stands(session, order) if found.line.id == fee.order_line_id)
    if order.amount_paid == 0:  # a code made it free
        fee.status = EntitlementStatus.REVOKED
        session.flush()
        return
    payment = queries.find_main_payment(session, order.id)
    if stand.money.left <= 0 or payment is None or queries.is_disputed(session, payment.id):
        return  # it is on its way back already, or the bank takes it
    log.warning("Order %s was paid for a renewal that is not possible any more: the money goes back", order.number)
    request_refund(
        session,
        order.id,
        lines=[(fee.order_line_id, stand.money.left, 0)],
        reason=RefundReason.OTHER,
        access_effect=AccessEffect.REVOKE,
        origin=RefundOrigin.AUTO,
        env=env,
        now=now,
        note="There was nothing left to renew when it was paid.",
    )
