"""Finding touches, and adding up what came of them."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.orm import Session

from laurel.attribution.models import OrderCredit, OrderTouch, Touch
from laurel.attribution.rules import CreditModel
from laurel.commerce.models import LedgerEntry, Order
from laurel.commerce.queries.revenue import within
from laurel.commerce.rules import OrderState
from laurel.commerce.rules.revenue import LedgerSum


def find_touch(session: Session, click_token: str) -> Touch | None:
    return session.scalar(select(Touch).filter_by(click_token=click_token))


def find_last_touch(session: Session, order_id: UUID) -> Touch | None:
    """The last click that the order came from."""
    statement = select(Touch).join(OrderTouch, OrderTouch.touch_id == Touch.id).where(OrderTouch.order_id == order_id)
    return session.scalar(statement.order_by(Touch.occurred_at.desc(), Touch.id.desc()).limit(1))


def is_linked(session: Session, order_id: UUID, touch_id: UUID) -> bool:
    return session.get(OrderTouch, (order_id, touch_id)) is not None


def is_credited(session: Session, order_id: UUID, model: CreditModel) -> bool:
    """Whether the order was shared out by this model already."""
    return session.scalar(select(OrderCredit.id).filter_by(order_id=order_id, model=model).limit(1)) is not None


def select_clicks() -> Select[UUID, UUID, int, int]:
    """The statement for the table of clicks: (CTA, article, clicks by people, clicks by programs), the most clicked first."""
    people = func.sum(case((Touch.bot_reason.is_(None), 1), else_=0))
    return (
        select(Touch.cta_id, Touch.article_id, people.label("people"), (func.count(Touch.id) - people).label("programs"))
        .group_by(Touch.cta_id, Touch.article_id)
        .order_by(people.desc(), Touch.cta_id, Touch.article_id)
    )


@dataclass(slots=True)
class Earned:
    """What orders were credited: how many, and their money by currency, net of refunds, in minor units."""

    orders: int = 0
    revenue: dict[str, int] = field(default_factory=dict)


def list_earned(session: Session, pairs: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Earned]:
    """What each of these (CTA, article) pairs earned by the default model; a pair without orders is left out. One query."""
    if not pairs:
        return {}
    net = func.sum(Order.amount_paid - Order.amount_refunded)
    statement = (
        select(OrderCredit.cta_id, OrderCredit.article_id, Order.currency, func.count(Order.id), net)
        .join(Order, Order.id == OrderCredit.order_id)
        .where(OrderCredit.model == CreditModel.LAST_NON_DIRECT)
        .where(OrderCredit.cta_id.in_({cta_id for cta_id, _ in pairs}), OrderCredit.article_id.in_({article_id for _, article_id in pairs}))
        .group_by(OrderCredit.cta_id, OrderCredit.article_id, Order.currency)
    )
    found: dict[tuple[UUID, UUID], Earned] = {}
    for cta_id, article_id, currency, orders, money in session.execute(statement):
        earned = found.setdefault((cta_id, article_id), Earned())
        earned.orders += orders
        earned.revenue[currency] = int(money)
    return found


@dataclass(frozen=True, slots=True)
class Sources:
    """How many orders were paid, and of how many we know no source."""

    orders: int
    unknown: int


def count_sources(session: Session) -> Sources:
    """All paid orders against those that are credited to a call to action. One query."""
    credit = and_(OrderCredit.order_id == Order.id, OrderCredit.model == CreditModel.LAST_NON_DIRECT)
    statement = select(func.count(Order.id.distinct()), func.count(OrderCredit.order_id.distinct()))
    orders, known = session.execute(statement.select_from(Order).outerjoin(OrderCredit, credit).where(Order.state == OrderState.PAID)).one()
    return Sources(orders=orders, unknown=orders - known)


def list_sums_by_article(session: Session, since: datetime, until: datetime, *, is_live: bool) -> list[LedgerSum]:
    """The ledger's sums by the article that the order is credited to; the key is empty where we know of none. One query.

    The default model gives an order to one article as a whole, so nothing is counted twice.
    """
    credit = and_(OrderCredit.order_id == Order.id, OrderCredit.model == CreditModel.LAST_NON_DIRECT)
    statement = (
        select(OrderCredit.article_id, LedgerEntry.currency, LedgerEntry.kind, func.sum(LedgerEntry.amount), func.count(LedgerEntry.id))
        .join(Order, Order.id == LedgerEntry.order_id)
        .outerjoin(OrderCredit, credit)
        .where(*within(since, until, is_live=is_live))
        .group_by(OrderCredit.article_id, LedgerEntry.currency, LedgerEntry.kind)
    )
    rows = session.execute(statement).all()
    return [LedgerSum(str(article or ""), currency, kind, int(amount), count) for article, currency, kind, amount, count in rows]
