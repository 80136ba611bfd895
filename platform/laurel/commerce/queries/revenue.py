"""What the ledger says, added up by the database."""

from datetime import datetime

from sqlalchemy import ColumnElement, extract, func, select
from sqlalchemy.orm import Session

from laurel.commerce.models import LedgerEntry, Offering, Order, OrderLine
from laurel.commerce.rules.revenue import LedgerSum


def within(since: datetime, until: datetime, *, is_live: bool) -> tuple[ColumnElement[bool], ...]:
    """The entries of a time, and of real or of test money: the two are never added."""
    return (LedgerEntry.created_at >= since, LedgerEntry.created_at < until, Order.is_live == is_live)


def list_sums_by_month(session: Session, since: datetime, until: datetime, *, is_live: bool) -> list[LedgerSum]:
    """Sums by month, such as `2026-11`, by the day on which the money moved."""
    year, month = extract("year", LedgerEntry.created_at), extract("month", LedgerEntry.created_at)
    statement = select(year, month, LedgerEntry.currency, LedgerEntry.kind, func.sum(LedgerEntry.amount), func.count(LedgerEntry.id))
    statement = statement.join(Order, Order.id == LedgerEntry.order_id).where(*within(since, until, is_live=is_live))
    rows = session.execute(statement.group_by(year, month, LedgerEntry.currency, LedgerEntry.kind))
    return [LedgerSum(f"{int(y)}-{int(m):02d}", currency, kind, int(amount), count) for y, m, currency, kind, amount, count in rows]


def list_sums_by_course(session: Session, since: datetime, until: datetime, *, is_live: bool) -> list[LedgerSum]:
    """Sums by course id. All lines of an order are about one course: the first says which."""
    statement = (
        select(Offering.course_id, LedgerEntry.currency, LedgerEntry.kind, func.sum(LedgerEntry.amount), func.count(LedgerEntry.id))
        .join(Order, Order.id == LedgerEntry.order_id)
        .join(OrderLine, (OrderLine.order_id == Order.id) & (OrderLine.line_no == 1))
        .join(Offering, Offering.id == OrderLine.offering_id)
        .where(*within(since, until, is_live=is_live))
        .group_by(Offering.course_id, LedgerEntry.currency, LedgerEntry.kind)
    )
    return [
        LedgerSum(str(course), currency, kind, int(amount), count) for course, currency, kind, amount, count in session.execute(statement)
    ]
