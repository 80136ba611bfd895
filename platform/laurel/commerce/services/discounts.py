"""Discount codes: kept for an order while it is open, used up when it is paid, given back when it is not. (specs/payments.md §9)

The two counters of a code change only by guarded statements, each together with the row of the use that it counts.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from laurel.accounts.services.limits import TooManyTriesError, allowances
from laurel.commerce import queries
from laurel.commerce.events import DiscountCodeArchived, DiscountCodeCreated
from laurel.commerce.models import DiscountCode, DiscountCodeOffering, DiscountUse, Order
from laurel.commerce.rules import CodeTerms, DiscountUseState
from laurel.commerce.rules.discounts import check_terms, discount_for, fold_code
from laurel.core.bus import publish
from laurel.core.errors import InvalidInputError
from laurel.web.counters import count_try, find_wait


class CodeRefusedError(InvalidInputError):
    """The code is none, or not for this buyer, this purchase or this time. Nothing was reserved."""

    def __init__(self, message: str) -> None:
        super().__init__(message, field="code")


class UnknownCodeError(CodeRefusedError):
    """There is no such code, or not any more: somebody may be guessing."""

    def __init__(self) -> None:
        super().__init__("We do not know this code. Check how it is written.")


GONE = "This code was used up a moment ago. Take it off to go on without it; you were not charged."


def refuse_guesses(session: Session, *, user_id: UUID, network: str) -> None:
    """TooManyTriesError after 10 unknown codes in an hour by a person, 30 from an address. Counts nothing."""
    waits = [find_wait(session, allowance) for allowance in allowances("discount code", network=network, account=str(user_id))]
    longest = max((wait for wait in waits if wait is not None), default=None)
    if longest is not None:
        raise TooManyTriesError(longest)


def count_guess(session: Session, *, user_id: UUID, network: str, now: datetime) -> None:
    """An unknown code was tried. Others are not counted: whoever was given one may look at it on every page (decision 0028)."""
    count_try(session, allowances("discount code", network=network, account=str(user_id)), now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """What a code takes off one purchase, in minor units."""

    code_id: UUID
    code: str
    amount: int


def find_discount(
    session: Session,
    text: str,
    *,
    buyer_id: UUID,
    offering_id: UUID,
    currency: str,
    subtotal: int,
    held_by: Order | None,
    now: datetime,
) -> Discount:
    """What the code takes off; CodeRefusedError says why it takes nothing. What the order `held_by` holds of it counts as free."""
    code = queries.find_discount_code(session, fold_code(text))
    if code is None or code.archived_at is not None:
        raise UnknownCodeError
    if code.valid_from is not None and now < code.valid_from:
        raise CodeRefusedError("This code cannot be used yet.")
    if code.valid_until is not None and now >= code.valid_until:
        raise CodeRefusedError("This code cannot be used any more.")
    offerings = queries.list_code_offerings(session, [code.id]).get(code.id)
    if offerings is not None and offering_id not in offerings:
        raise CodeRefusedError("This code is for something else.")
    if code.currency is not None and code.currency != currency:
        raise CodeRefusedError(f"This code is for prices in {code.currency.upper()}.")
    held = queries.find_discount_use(session, held_by.id) if held_by is not None else None
    own = held if held is not None and held.code_id == code.id and held.state is DiscountUseState.RESERVED else None
    if own is None and code.max_uses is not None and code.reserved + code.used >= code.max_uses:
        raise CodeRefusedError("This code was used up.")
    if queries.count_uses_of(session, code.id, buyer_id, besides=own.order_id if own is not None else None) >= code.per_user:
        raise CodeRefusedError("You have used this code already.")
    return Discount(code_id=code.id, code=code.code, amount=discount_for(subtotal, currency, percent=code.percent, amount=code.amount))


def reserve(session: Session, order: Order, *, now: datetime) -> None:
    """Keep one use of the order's code for it, or again if it was given back. Call it with the buyer locked.

    Whoever asks when the last one was taken gets CodeRefusedError, before anything was paid.
    """
    if order.discount_code_id is None:
        return
    use = queries.find_discount_use(session, order.id)
    if use is not None and use.state is not DiscountUseState.RELEASED:
        return
    if not _count(session, order.discount_code_id):
        raise CodeRefusedError(GONE)
    if use is None:
        session.add(DiscountUse(code_id=order.discount_code_id, order_id=order.id, user_id=order.buyer_id, created_at=now))
    else:
        _move(session, order.id, DiscountUseState.RELEASED, DiscountUseState.RESERVED)
    session.flush()


def _count(session: Session, code_id: UUID) -> bool:
    """Count one more reserved use, if there is one left."""
    is_left = or_(DiscountCode.max_uses.is_(None), DiscountCode.reserved + DiscountCode.used < DiscountCode.max_uses)
    return _update_code(session, code_id, is_left, reserved=DiscountCode.reserved + 1)


def _update_code(session: Session, code_id: UUID, *conditions: object, **values: object) -> bool:
    changed = session.execute(
        update(DiscountCode)
        .where(DiscountCode.id == code_id, *conditions)  # type: ignore[arg-type]
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return changed.rowcount == 1  # type: ignore[attr-defined,no-any-return]


def _move(session: Session, order_id: UUID, before: DiscountUseState, after: DiscountUseState) -> bool:
    """Bring the order's use from one state to another; True if it was there and is yours to count."""
    moved = session.execute(
        update(DiscountUse)
        .where(DiscountUse.order_id == order_id, DiscountUse.state == before)
        .values(state=after)
        .execution_options(synchronize_session=False)
    )
    return moved.rowcount == 1  # type: ignore[attr-defined,no-any-return]


def release(session: Session, order: Order) -> None:
    """Give back what an order holds of its code. Doing it twice gives back one."""
    if order.discount_code_id is not None and _move(session, order.id, DiscountUseState.RESERVED, DiscountUseState.RELEASED):
        _update_code(session, order.discount_code_id, reserved=DiscountCode.reserved - 1)


def use_up(session: Session, order: Order) -> bool:
    """The order is paid: its use counts for good. False if the code was given back before and used up by others meanwhile.

    Then its limit is raised by this one: the buyer paid the price that they were shown.
    """
    if order.discount_code_id is None:
        return True
    code_id = order.discount_code_id
    if _move(session, order.id, DiscountUseState.RESERVED, DiscountUseState.USED):
        return _update_code(session, code_id, reserved=DiscountCode.reserved - 1, used=DiscountCode.used + 1)
    if not _move(session, order.id, DiscountUseState.RELEASED, DiscountUseState.USED):
        return True
    is_left = or_(DiscountCode.max_uses.is_(None), DiscountCode.reserved + DiscountCode.used < DiscountCode.max_uses)
    if _update_code(session, code_id, is_left, used=DiscountCode.used + 1):
        return True
    _update_code(session, code_id, used=DiscountCode.used + 1, max_uses=DiscountCode.max_uses + 1)
    return False


def create_code(session: Session, terms: CodeTerms, *, offering_ids: Collection[UUID], actor_id: UUID, now: datetime) -> DiscountCode:
    """Make a code. InvalidInputError, with its field, for what no code could give, and if one is written like this."""
    terms = check_terms(terms)
    if queries.find_discount_code(session, terms.code) is not None:
        raise InvalidInputError("There is a code that is written like this. Choose another, or look at that one.", field="code")
    code = DiscountCode(
        code=terms.code,
        created_at=now,
        created_by_id=actor_id,
        percent=terms.percent,
        amount=terms.amount,
        currency=terms.currency,
        max_uses=terms.max_uses,
        per_user=terms.per_user,
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
        note=terms.note or None,
    )
    session.add(code)
    session.flush()
    session.add_all(DiscountCodeOffering(code_id=code.id, offering_id=offering_id) for offering_id in sorted(set(offering_ids)))
    session.flush()
    publish(session, DiscountCodeCreated(occurred_at=now, code_id=code.id), actor_id=actor_id)
    return code


def archive_code(session: Session, code_id: UUID, *, actor_id: UUID, now: datetime) -> None:
    """Nobody can begin to use the code any more. Orders that hold it keep their price."""
    queries.get_discount_code(session, code_id)
    if _update_code(session, code_id, DiscountCode.archived_at.is_(None), archived_at=now):
        publish(session, DiscountCodeArchived(occurred_at=now, code_id=code_id), actor_id=actor_id)
