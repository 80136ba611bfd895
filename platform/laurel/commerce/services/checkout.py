"""Getting a buyer to a payment page: opening one, using the open one again, closing one. (specs/payments.md §6)"""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.gateway import CheckoutDetails, CheckoutLine, PaymentsRefusedError, PaymentsUnavailableError
from laurel.commerce.models import CheckoutAttempt, Order
from laurel.commerce.rules import (
    LIFETIME,
    OPEN_STATES,
    PAYABLE_STATES,
    AttemptState,
    OfferingKind,
    OrderState,
    SeenCheckout,
    Step,
    Wish,
    find_opening_mismatches,
    next_step,
)
from laurel.commerce.services import coupons, customers
from laurel.commerce.services.discounts import reserve
from laurel.commerce.services.moving import ask_staff, free_code, move_order
from laurel.commerce.services.orders import place_order
from laurel.commerce.services.quoting import (
    AlreadyOwnedError,
    NotForSaleError,
    PriceChangedError,
    RenewalOverError,
    get_quote,
    owns_already,
    refuse_second,
    require_permit,
    wish_of,
)
from laurel.commerce.services.sync import apply_checkout, note_open, sync_checkout
from laurel.commerce.services.till import Till
from laurel.core.errors import ConflictError, DomainError

log = logging.getLogger("laurel.commerce")

MAX_ROUNDS = 3


class NothingToPayError(ConflictError):
    """The order is past the point where one pays: paid, being checked, or canceled."""

    message = "This order does not wait for a payment."


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do outside the transaction for an order that wants a payment page."""

    step: Step
    attempt_id: UUID
    idem_key: str
    request: str
    session_id: str | None
    url: str | None


def buy(
    till: Till,
    *,
    buyer_id: UUID,
    course_id: UUID,
    currency: str,
    click_token: str | None,
    kind: OfferingKind = OfferingKind.COURSE,
    quantity: int = 1,
    code: str = "",
    permit_id: UUID | None = None,
) -> Order:
    """`place_order` in a transaction of its own, after closing what is open at other terms: another price, currency, number or code."""
    wish = Wish(course_id=course_id, currency=currency, kind=kind, quantity=quantity, code=code, permit_id=permit_id)
    with till.transaction() as session:
        outdated = _find_outdated(session, buyer_id, wish, now=till.now)
    if outdated is not None:
        cancel_order(till, outdated)
    with till.transaction() as session:
        return place_order(
            session,
            buyer_id=buyer_id,
            course_id=course_id,
            currency=currency,
            click_token=click_token,
            now=till.now,
            is_live=till.is_live,
            kind=kind,
            quantity=quantity,
            code=code,
            permit_id=permit_id,
        )


def _find_outdated(session: Session, buyer_id: UUID, wish: Wish, *, now: datetime) -> UUID | None:
    try:
        quote = get_quote(session, wish, buyer_id=buyer_id, now=now)
    except DomainError:
        return None  # `place_order` says what is wrong
    order = queries.find_open_order(session, buyer_id, quote.key)
    return None if order is None or quote.fits(order, queries.list_lines(session, order.id)) else order.id


def open_checkout(till: Till, order_id: UUID, *, return_url: str) -> str:
    """The address of the order's payment page; the page is opened if there is none, and never twice.

    The order's `return_url` is where the buyer comes back to. Raises NothingToPayError, UnderWayError, what `get_quote` raises if the
    order could not be placed like this any more, or a gateway error: then nobody was charged, and calling again is safe.
    """
    for _round in range(MAX_ROUNDS):
        customer, coupon = customers.get_customer(till, order_id), coupons.get_coupon(till, order_id)
        with till.transaction() as session:
            plan = _plan(session, till, order_id, customer=customer, coupon=coupon, return_url=return_url)
        if plan.step is Step.REUSE and plan.url is not None:
            return plan.url
        if plan.step is Step.CLOSE:
            _close(till, plan)
            continue
        url = _send(till, plan)
        if url is not None:
            return url
    raise PaymentsUnavailableError(f"no payment page after {MAX_ROUNDS} rounds")


def _plan(session: Session, till: Till, order_id: UUID, *, customer: str, coupon: str | None, return_url: str) -> Plan:
    order = queries.lock_order(session, order_id)
    if order.state not in PAYABLE_STATES:
        raise NothingToPayError
    wish = wish_of(session, order, queries.list_lines(session, order_id)[0])
    refuse_second(session, order.buyer_id, wish)
    require_permit(session, order.buyer_id, wish, now=till.now)  # also where a page is open: it would buy nothing
    attempt = queries.find_last_attempt(session, order_id)
    step = next_step(attempt.facts if attempt is not None else None, now=till.now)
    if attempt is None or step is Step.BEGIN:
        if attempt is not None and attempt.state in {AttemptState.CREATING, AttemptState.UNKNOWN}:
            _give_up(session, order, attempt)
        _check_still_for_sale(session, order, now=till.now)
        n = attempt.n + 1 if attempt is not None else 1
        attempt = _begin(session, till, order, n=n, customer=customer, coupon=coupon, return_url=return_url)
    return _plan_of(attempt, step)


def _give_up(session: Session, order: Order, attempt: CheckoutAttempt) -> None:
    """No page came of the attempt: what was held for it is free again."""
    attempt.become(AttemptState.DEAD)
    session.flush()
    free_code(session, order)


def _plan_of(attempt: CheckoutAttempt, step: Step) -> Plan:
    return Plan(
        step=step,
        attempt_id=attempt.id,
        idem_key=attempt.idem_key,
        request=attempt.request,
        session_id=attempt.session_id,
        url=attempt.url,
    )


def _check_still_for_sale(session: Session, order: Order, *, now: datetime) -> None:
    """A new page shows the order's price: it must still be the right one, and nothing else may be open for it. A code that was
    given back meanwhile is reserved again."""
    buyer = queries.lock_buyer(session, order.buyer_id)
    lines = queries.list_lines(session, order.id)
    if owns_already(session, buyer.id, lines):
        raise AlreadyOwnedError
    other = queries.find_open_order(session, buyer.id, order.purchase_key)
    if other is not None and other.id != order.id:
        raise ConflictError("You have a newer order for this course. Pay that one.")
    try:
        quote = get_quote(session, wish_of(session, order, lines[0]), buyer_id=buyer.id, now=now)
    except RenewalOverError:
        raise
    except NotForSaleError:
        raise PriceChangedError from None
    if not quote.fits(order, lines):
        raise PriceChangedError
    reserve(session, order, now=now)


def _begin(session: Session, till: Till, order: Order, *, n: int, customer: str, coupon: str | None, return_url: str) -> CheckoutAttempt:
    details = CheckoutDetails(
        number=order.number,
        order_ref=str(order.id),
        attempt_ref=str(n),
        env=till.env,
        customer=customer,
        currency=order.currency,
        tax_behavior=order.tax_behavior,
        lines=tuple(
            CheckoutLine(title=line.title, quantity=line.quantity, unit_amount=line.unit_amount, offering_ref=str(line.offering_id))
            for line in queries.list_lines(session, order.id)
        ),
        return_url=return_url,
        expires_at=till.now + LIFETIME,
        coupon=coupon,
    )
    attempt = CheckoutAttempt(
        order_id=order.id,
        n=n,
        idem_key=f"laurel:{till.env}:order:{order.number}:cs:{n}",
        request=till.payments.freeze_checkout(details),
        created_at=till.now,
        expires_at=details.expires_at,
    )
    session.add(attempt)
    session.flush()
    return attempt


def _send(till: Till, plan: Plan) -> str | None:
    """Ask for the page. None if a repeated question was refused: then the first one was never heard, and a new one may be asked."""
    try:
        seen = till.payments.open_checkout(plan.request, key=plan.idem_key)
    except PaymentsRefusedError as error:
        log.error("A payment page was refused: %s", error.reason)
        _note_failure(till, plan, AttemptState.DEAD, error.reason)
        if error.is_about_customer:
            customers.forget_customer(till, plan.attempt_id)
        elif error.is_about_coupon:
            coupons.renew_coupon(till, plan.attempt_id)
        elif plan.step is not Step.RESEND:
            raise
        return None
    except PaymentsUnavailableError as error:
        log.warning("No answer about a payment page: %s", error.reason)
        _note_failure(till, plan, AttemptState.UNKNOWN, error.reason, is_definite=error.is_definite)
        raise
    return _keep(till, plan, seen)


def _note_failure(till: Till, plan: Plan, state: AttemptState, reason: str, *, is_definite: bool = False) -> None:
    with till.transaction() as session:
        attempt = queries.get_attempt(session, plan.attempt_id)
        order = queries.lock_order(session, attempt.order_id)
        session.refresh(attempt)
        if attempt.state not in {AttemptState.CREATING, AttemptState.UNKNOWN}:
            return  # another request of the same buyer got the answer
        attempt.last_error = reason[:2000]
        attempt.failures += 1 if is_definite else 0
        if state is AttemptState.DEAD:
            _give_up(session, order, attempt)
        else:
            attempt.become(state)


def _keep(till: Till, plan: Plan, seen: SeenCheckout) -> str | None:
    """Note the page that was opened. A page with other amounts than ours is closed, and a person looks."""
    with till.transaction() as session:
        attempt = queries.get_attempt(session, plan.attempt_id)
        order = queries.lock_order(session, attempt.order_id)
        session.refresh(attempt)
        if attempt.session_id == seen.session_id and attempt.state is not AttemptState.OPEN:
            return None  # it ended meanwhile
        if attempt.session_id is None:
            note_open(session, order, attempt, seen)
        reasons = find_opening_mismatches(order.terms(queries.list_lines(session, order.id)), seen)
        if reasons and move_order(session, order, OrderState.REVIEW, expires_at=None):
            ask_staff(session, order, kind="checkout_mismatch", ref=seen.session_id, detail="; ".join(reasons), now=till.now)
    if reasons:
        log.error("Order %s is held for review: %s", order.number, "; ".join(reasons))
        till.payments.expire_checkout(seen.session_id, key=f"{plan.idem_key}:expire")
        raise NothingToPayError("We are checking this order. You were not charged.")
    return attempt.url


def _close(till: Till, plan: Plan) -> None:
    """Close the attempt's page. If that is not possible any more, find out why: it may have been paid."""
    if plan.session_id is None:
        return
    try:
        seen = till.payments.expire_checkout(plan.session_id, key=f"{plan.idem_key}:expire")
    except PaymentsRefusedError:
        sync_checkout(till, plan.session_id)
        return
    with till.transaction() as session:
        apply_checkout(session, seen, now=till.now)


def resend_attempt(till: Till, attempt_id: UUID) -> None:
    """Ask once more for a page of which no answer came: the first time may have worked. One whose key is spent is given up."""
    with till.transaction() as session:
        attempt = queries.get_attempt(session, attempt_id)
        order = queries.lock_order(session, attempt.order_id)
        session.refresh(attempt)
        if attempt.state not in {AttemptState.CREATING, AttemptState.UNKNOWN}:
            return
        if next_step(attempt.facts, now=till.now) is Step.BEGIN:
            _give_up(session, order, attempt)
            return
        plan = _plan_of(attempt, Step.RESEND)
    _send(till, plan)


def cancel_order(till: Till, order_id: UUID) -> Order:
    """Close the order's payment page, then the order. An order that turns out to be paid stays paid."""
    for _round in range(MAX_ROUNDS):
        with till.transaction() as session:
            plan = _plan_closing(session, order_id)
        if plan is None:
            break
        if plan.step is Step.CLOSE:
            _close(till, plan)
        else:
            _send(till, plan)  # a page may be open that we never heard of: the same question tells its name
    with till.transaction() as session:
        order = queries.lock_order(session, order_id)
        if order.state in OPEN_STATES and queries.find_live_attempt(session, order_id) is not None:
            raise PaymentsUnavailableError("a payment page could not be closed")
        if order.state is not OrderState.REVIEW and move_order(session, order, OrderState.CANCELED, expires_at=None):
            for attempt in queries.list_attempts(session, order_id):
                if attempt.state is AttemptState.EXPIRED:
                    attempt.become(AttemptState.SUPERSEDED)
        return order


def _plan_closing(session: Session, order_id: UUID) -> Plan | None:
    order = queries.lock_order(session, order_id)
    attempt = queries.find_live_attempt(session, order_id)
    if order.state not in OPEN_STATES or attempt is None:
        return None
    return _plan_of(attempt, Step.CLOSE if attempt.state is AttemptState.OPEN else Step.RESEND)
