"""Seats of a team: made when they are paid, redeemed one by one. (specs/payments.md §9)"""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from laurel.accounts.queries import get_user
from laurel.accounts.services.limits import count_or_refuse, forgive
from laurel.commerce import queries
from laurel.commerce.events import SeatCodeReplaced, SeatRedeemed
from laurel.commerce.models import Offering, Order, OrderLine, SeatPool, Voucher
from laurel.commerce.rules import EntitlementSource, VoucherStatus
from laurel.commerce.rules.seats import BITS, make_code, read_code, show_code
from laurel.commerce.services.entitling import entitle
from laurel.core.bus import publish
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.core.mail import queue_mail
from laurel.web.counters import Allowance


class SeatTakenError(ConflictError):
    """The seat cannot be changed any more: somebody has it, or it was given back."""

    message = "Somebody has redeemed this seat, or it was refunded. It cannot be changed any more."


def make_seats(session: Session, order: Order, line: OrderLine, *, now: datetime) -> SeatPool:
    """As many vouchers as the line bought seats. The database refuses to make them twice."""
    pool = SeatPool(order_line_id=line.id, buyer_id=order.buyer_id, offering_id=line.offering_id, seats=line.quantity, created_at=now)
    session.add(pool)
    session.flush()
    session.add_all(Voucher(pool_id=pool.id, seat_no=number, code=_new_code(), created_at=now) for number in range(1, line.quantity + 1))
    session.flush()
    return pool


def _new_code() -> str:
    return make_code(secrets.randbits(BITS))


def count_redeeming(session: Session, *, user_id: UUID, network: str, now: datetime) -> list[Allowance]:
    """Count a try before it is made, in a transaction of its own; TooManyTriesError beyond 10 an hour a person, 60 an address.

    Returns what to `forgive_redeeming` if the code was good.
    """
    return count_or_refuse(session, "seat code", network=network, account=str(user_id), now=now)


def forgive_redeeming(session: Session, counted: list[Allowance]) -> None:
    """Take a counted try back: a whole team may redeem from one office."""
    forgive(session, counted)


def redeem_seat(session: Session, text: str, *, user_id: UUID, now: datetime) -> UUID:
    """Take the seat that the code opens; returns the course. Whoever has redeemed it gets the same answer again.

    However many come with one code, one gets it. InvalidInputError says what is wrong with the code, or what became of the seat;
    who has the course, or a seat of the same purchase, is told to pass the code on.
    """
    code = read_code(text)
    queries.lock_buyer(session, user_id)
    found = queries.find_voucher(session, code)
    if found is None:
        raise InvalidInputError("We do not know this code. Compare it sign by sign with what you were sent.", field="code")
    voucher, pool, offering = found
    if voucher.redeemed_by_id == user_id:
        _check_own_seat(session, voucher, offering, user_id)
        return offering.course_id
    if voucher.status is VoucherStatus.ISSUED and queries.has_entitlement(session, user_id, offering.course_id):
        raise InvalidInputError("You have this course already. The code is still good: give it to somebody else.", field="code")
    if queries.has_seat(session, pool.id, user_id):
        raise InvalidInputError("You had a seat of this purchase already. Each person can take one.", field="code")
    if not _take(session, voucher, user_id, now=now):
        raise InvalidInputError(_why_not(voucher, now), field="code")
    entitle(session, user_id, offering, source=EntitlementSource.VOUCHER, source_id=voucher.id, now=now)
    publish(session, SeatRedeemed(occurred_at=now, pool_id=pool.id, voucher_id=voucher.id, user_id=user_id), actor_id=user_id)
    return offering.course_id


def _check_own_seat(session: Session, voucher: Voucher, offering: Offering, user_id: UUID) -> None:
    """Raise InvalidInputError if the seat that the person once took opens the course for them no more, or not now."""
    has_access, is_paused = queries.find_access(session, user_id, offering.course_id)
    if voucher.status is VoucherStatus.REDEEMED and has_access:
        return
    if is_paused:
        message = "This seat is yours, but its access is paused: a bank asks for the payment back. Ask whoever sent you the code."
    else:
        message = "You took this seat, and it was taken back with its payment. Ask whoever sent you the code what happened."
    raise InvalidInputError(message, field="code")


def _take(session: Session, voucher: Voucher, user_id: UUID, *, now: datetime) -> bool:
    """One guarded statement: of all who try, one finds the seat free."""
    taken = session.execute(
        update(Voucher)
        .where(Voucher.id == voucher.id, Voucher.code == voucher.code, Voucher.status == VoucherStatus.ISSUED)
        .where(or_(Voucher.expires_at.is_(None), Voucher.expires_at > now))
        .values(status=VoucherStatus.REDEEMED, redeemed_by_id=user_id, redeemed_at=now)
        .execution_options(synchronize_session=False)
    )
    session.refresh(voucher)
    return taken.rowcount == 1  # type: ignore[attr-defined,no-any-return]


def _why_not(voucher: Voucher, now: datetime) -> str:
    if voucher.status is VoucherStatus.REDEEMED:
        return "Somebody else has used this code already. Ask whoever sent it to you for another."
    if voucher.status is VoucherStatus.ISSUED and (voucher.expires_at is None or now < voucher.expires_at):
        return "This code was replaced a moment ago. Ask whoever sent it to you for the new one."
    return "This code is not good any more. Ask whoever sent it to you for another."


def label_seat(session: Session, buyer_id: UUID, pool_id: UUID, voucher_id: UUID, *, label: str) -> None:
    """Note for whom the buyer means the seat; empty for nobody."""
    queries.get_voucher_of(session, buyer_id, pool_id, voucher_id).label = label or None


def replace_code(session: Session, buyer_id: UUID, pool_id: UUID, voucher_id: UUID, *, now: datetime) -> str:
    """Give a seat that nobody has taken a new code: the old one is worth nothing from now on. SeatTakenError if it is taken."""
    voucher = queries.get_voucher_of(session, buyer_id, pool_id, voucher_id)
    code = _new_code()
    replaced = session.execute(
        update(Voucher)
        .where(Voucher.id == voucher.id, Voucher.status == VoucherStatus.ISSUED)
        .values(code=code, label=None)
        .execution_options(synchronize_session=False)
    )
    session.refresh(voucher)
    if replaced.rowcount != 1:  # type: ignore[attr-defined]
        raise SeatTakenError
    publish(session, SeatCodeReplaced(occurred_at=now, pool_id=pool_id, voucher_id=voucher.id), actor_id=buyer_id)
    return code


def mail_seat(session: Session, buyer_id: UUID, pool_id: UUID, voucher_id: UUID, *, email: str, now: datetime) -> None:
    """Mail the seat's code to a colleague, and note it as theirs. The same code goes to the same address once a day.

    TooManyTriesError beyond 500 mails a day: nobody mails strangers by us.
    """
    voucher = queries.get_voucher_of(session, buyer_id, pool_id, voucher_id)
    if voucher.status is not VoucherStatus.ISSUED:
        raise SeatTakenError
    count_or_refuse(session, "seat mail", network="", account=str(buyer_id), now=now)
    pool = queries.get_pool_of(session, buyer_id, pool_id)
    queue_mail(
        session,
        "seat",
        key=f"seat:{voucher.code}:{now:%Y-%m-%d}:{email}"[:200],
        recipient=email,
        now=now,
        buyer_name=get_user(session, buyer_id).name,
        title=pool.title,
        code=show_code(voucher.code),
    )
    voucher.label = email[:120]
