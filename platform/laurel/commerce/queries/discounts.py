"""Discount codes, what they are for, and who used them."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.commerce.models import DiscountCode, DiscountCodeOffering, DiscountUse, Order
from laurel.commerce.rules import DiscountUseState
from laurel.core.errors import NotFoundError

HELD = (DiscountUseState.RESERVED, DiscountUseState.USED)


def find_discount_code(session: Session, code: str) -> DiscountCode | None:
    """The code that is written like this, folded, as it is now."""
    return session.scalar(select(DiscountCode).where(DiscountCode.code == code).execution_options(populate_existing=True))


def get_discount_code(session: Session, code_id: UUID) -> DiscountCode:
    """The code as it is now; raises NotFoundError."""
    found = session.get(DiscountCode, code_id, populate_existing=True)
    if found is None:
        raise NotFoundError("There is no such code.")
    return found


def list_code_offerings(session: Session, code_ids: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """What some codes may be used for, by code. One that is left out is for everything."""
    found: dict[UUID, set[UUID]] = {}
    for row in session.scalars(select(DiscountCodeOffering).where(DiscountCodeOffering.code_id.in_(code_ids))):
        found.setdefault(row.code_id, set()).add(row.offering_id)
    return found


def find_discount_use(session: Session, order_id: UUID) -> DiscountUse | None:
    """The use of a code that the order stands for, as it is now."""
    return session.scalar(select(DiscountUse).where(DiscountUse.order_id == order_id).execution_options(populate_existing=True))


def count_uses_of(session: Session, code_id: UUID, user_id: UUID, *, besides: UUID | None = None) -> int:
    """How many of this person's orders hold the code, or have used it; the order `besides` is not counted."""
    statement = select(func.count()).select_from(DiscountUse).where(DiscountUse.code_id == code_id, DiscountUse.user_id == user_id)
    statement = statement.where(DiscountUse.state.in_(HELD))
    return session.scalar(statement if besides is None else statement.where(DiscountUse.order_id != besides)) or 0


def select_discount_codes(*, words: str = "", with_archived: bool = False) -> Select[DiscountCode]:
    """The codes, the latest first."""
    statement = select(DiscountCode).order_by(DiscountCode.created_at.desc(), DiscountCode.id)
    if words:
        statement = statement.where(DiscountCode.code.contains(words.upper(), autoescape=True))
    return statement if with_archived else statement.where(DiscountCode.archived_at.is_(None))


def select_uses(code_id: UUID) -> Select[DiscountUse, Order, User]:
    """(use, order, buyer) of a code, the latest first."""
    return (
        select(DiscountUse, Order, User)
        .join(Order, Order.id == DiscountUse.order_id)
        .join(User, User.id == DiscountUse.user_id)
        .where(DiscountUse.code_id == code_id)
        .order_by(DiscountUse.created_at.desc(), DiscountUse.id)
    )
