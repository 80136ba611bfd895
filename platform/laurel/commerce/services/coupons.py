"""Discount codes as the payment provider knows them: coupons, which take off exactly what the order says. (specs/payments.md §6, §9)"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.gateway import CouponDetails
from laurel.commerce.models import DiscountCode, Order
from laurel.commerce.rules.discounts import is_exact
from laurel.commerce.services.till import Till


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """The coupon that an order's page needs. `is_own`: it stands for the whole code, not only for this order's amount."""

    code_id: UUID
    known: str | None
    request: str
    key: str
    is_own: bool


def get_coupon(till: Till, order_id: UUID) -> str | None:
    """The provider's name of the coupon that the order's page takes off; None where nothing is. Made the first time."""
    with till.transaction() as session:
        order = queries.get_bare_order(session, order_id)
        code = _code_of(session, order)
        mirror = None if code is None else _mirror(till, order, code, version=1)
    return None if mirror is None else mirror.known or _make(till, mirror)


def renew_coupon(till: Till, attempt_id: UUID) -> None:
    """The provider does not know the coupon any more: somebody deleted it there. Make it again, under a new name."""
    with till.transaction() as session:
        order = queries.get_bare_order(session, queries.get_attempt(session, attempt_id).order_id)
        code = _code_of(session, order)
        mirror = None if code is None else _mirror(till, order, code, version=_version(code.stripe_coupon) + 1)
    if mirror is not None and mirror.is_own:
        _make(till, mirror)


def _code_of(session: Session, order: Order) -> DiscountCode | None:
    """The code that takes something off the order."""
    return queries.get_discount_code(session, order.discount_code_id) if order.discount_code_id is not None and order.discount else None


def _make(till: Till, mirror: Mirror) -> str:
    found = till.payments.create_coupon(mirror.request, key=mirror.key)
    if mirror.is_own:
        with till.transaction() as session:
            queries.get_discount_code(session, mirror.code_id).stripe_coupon = found
    return found


def _mirror(till: Till, order: Order, code: DiscountCode, *, version: int) -> Mirror:
    """A percentage that does not come out even could be rounded differently elsewhere: then the coupon is the amount itself."""
    is_own = code.percent is None or is_exact(order.subtotal, order.currency, code.percent)
    known = code.stripe_coupon if is_own and _version(code.stripe_coupon) >= version else None
    version = max(version, _version(code.stripe_coupon)) if is_own else version
    name = f"laurel-{code.id.hex}" + ("" if is_own else f"-{order.currency}{order.discount}")
    details = _details(code, order, ref=f"{name}-v{version}", env=till.env, is_own=is_own)
    key = f"laurel:{till.env}:coupon:{name.removeprefix('laurel-')}:v{version}"
    return Mirror(code_id=code.id, known=known, request=till.payments.freeze_coupon(details), key=key, is_own=is_own)


def _details(code: DiscountCode, order: Order, *, ref: str, env: str, is_own: bool) -> CouponDetails:
    percent = code.percent if is_own else None
    amount, currency = (code.amount, code.currency) if is_own else (order.discount, order.currency)
    return CouponDetails(ref=ref, name=code.code, percent=percent, amount=amount, currency=currency, code_ref=str(code.id), env=env)


def _version(coupon: str | None) -> int:
    """How often the code was made known so far; its coupon's name ends in it."""
    return int(coupon.rpartition("-v")[2]) if coupon else 0
