"""Recording touches and crediting orders to them. Nothing is kept on the reader's device (specs/articles.md §E)."""

import secrets
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.attribution import queries
from laurel.attribution.models import OrderCredit, OrderTouch, Touch
from laurel.attribution.rules import CreditModel, TouchKind, is_alive


def record_touch(
    session: Session,
    *,
    kind: TouchKind,
    cta_id: UUID,
    placement_id: UUID,
    article_id: UUID,
    course_id: UUID,
    referrer_host: str | None,
    bot_reason: str | None,
    now: datetime,
) -> str:
    """Keep one touch; returns its click token, which says nothing by itself and is worth something for 30 minutes."""
    touch = Touch(
        click_token=secrets.token_urlsafe(18),
        occurred_at=now,
        kind=kind,
        cta_id=cta_id,
        placement_id=placement_id,
        article_id=article_id,
        course_id=course_id,
        referrer_host=referrer_host,
        bot_reason=bot_reason,
    )
    session.add(touch)
    session.flush()
    return touch.click_token


def link_touch(session: Session, *, order_id: UUID, click_token: str | None, placed_at: datetime) -> None:
    """The order came from the click of this token, if the token was still alive. Doing it twice changes nothing."""
    touch = queries.find_touch(session, click_token) if click_token else None
    if touch is None or not is_alive(touch.occurred_at, at=placed_at) or queries.is_linked(session, order_id, touch.id):
        return
    session.add(OrderTouch(order_id=order_id, touch_id=touch.id, placed_at=placed_at))
    session.flush()


def credit_order(session: Session, order_id: UUID, *, now: datetime) -> None:
    """Give the whole paid order to the last click that it came from. Doing it twice changes nothing."""
    touch = queries.find_last_touch(session, order_id)
    if touch is None or queries.is_credited(session, order_id, CreditModel.LAST_NON_DIRECT):
        return
    credit = OrderCredit(
        order_id=order_id, touch_id=touch.id, cta_id=touch.cta_id, article_id=touch.article_id, weight=Decimal(1), credited_at=now
    )
    session.add(credit)
    session.flush()
