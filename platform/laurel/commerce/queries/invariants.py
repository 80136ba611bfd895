"""What must be true of all orders at any moment: each query finds what is not. (specs/payments.md §10.5)

Every check compares sums that were written by different statements, so a statement that is missing or ran twice shows.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session

from laurel.commerce.models import (
    CheckoutAttempt,
    DiscountCode,
    DiscountUse,
    Dispute,
    Entitlement,
    ExamCredit,
    LedgerEntry,
    Order,
    OrderLine,
    Payment,
    Receipt,
    ReceiptSeries,
    Refund,
    RefundLine,
    RenewalFee,
    ReviewTask,
    SeatPool,
    Voucher,
)
from laurel.commerce.rules import (
    LET_GO_STATES,
    LIVE_ATTEMPTS,
    LOST,
    DiscountUseState,
    EntitlementSource,
    OfferingKind,
    OrderState,
    PaymentKind,
    RefundState,
    TaxBehavior,
)
from laurel.commerce.rules.reconciling import Difference

MOST = 100
"""So many cases of one broken rule are named."""
PAID = Order.state == OrderState.PAID
DISPUTES = ("dispute", "dispute_reversal")
BOOKED = select(LedgerEntry.id).where(LedgerEntry.kind == "payment", LedgerEntry.ref == Payment.payment_intent).correlate(Payment).exists()
"""The payment bought its order. Money that came twice, too late or not as ordered is in no ledger: it goes back, or waits for a person."""


def _sum_of(column: ColumnElement[int] | Any, *where: ColumnElement[bool]) -> Any:
    return select(func.coalesce(func.sum(column), 0)).where(*where).correlate(Order, DiscountCode).scalar_subquery()


def _count_of(model: Any, *where: ColumnElement[bool]) -> Any:
    return select(func.count()).select_from(model).where(*where).correlate_except(model).scalar_subquery()


def _rows(session: Session, statement: Select[*tuple[Any, ...]]) -> Sequence[Any]:
    return session.execute(statement.limit(MOST)).all()


def find_paid_without_right(session: Session) -> list[Difference]:
    """A paid line gave nothing: no right to the course, no seats, no further attempt, no renewal."""
    gave_right = select(Entitlement.id).where(Entitlement.source_id == OrderLine.id).exists()
    gave_seats = select(SeatPool.id).where(SeatPool.order_line_id == OrderLine.id).exists()
    gave_credit = select(ExamCredit.id).where(ExamCredit.order_line_id == OrderLine.id).exists()
    gave_renewal = select(RenewalFee.id).where(RenewalFee.order_line_id == OrderLine.id, RenewalFee.paid_at.is_not(None)).exists()
    gave = {
        OfferingKind.COURSE: gave_right,
        OfferingKind.SEATS: gave_seats,
        OfferingKind.EXAM_RETAKE: gave_credit,
        OfferingKind.RENEWAL: gave_renewal,
    }
    is_missing = or_(*((OrderLine.kind == kind) & ~found for kind, found in gave.items()))
    statement = select(Order.number, OrderLine.line_no).join(OrderLine, OrderLine.order_id == Order.id).where(PAID, is_missing)
    return [
        Difference("paid_without_right", number, f"line {line_no} was paid and gave nothing")
        for number, line_no in _rows(session, statement)
    ]


def find_right_without_paid(session: Session) -> list[Difference]:
    """A right came of an order that is not paid, or was given to somebody else than its buyer."""
    of_orders = Entitlement.source_kind.in_((EntitlementSource.ORDER_LINE, EntitlementSource.FREE))
    statement = (
        select(Order.number, Order.state)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Entitlement, Entitlement.source_id == OrderLine.id)
        .where(of_orders, or_(~PAID, Entitlement.user_id != Order.buyer_id))
    )
    of_seats = (
        select(Order.number, Order.state)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(SeatPool, SeatPool.order_line_id == OrderLine.id)
        .join(Voucher, Voucher.pool_id == SeatPool.id)
        .join(Entitlement, Entitlement.source_id == Voucher.id)
        .where(~PAID)
    )
    of_renewals = (
        select(Order.number, Order.state)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(RenewalFee, RenewalFee.order_line_id == OrderLine.id)
        .where(RenewalFee.paid_at.is_not(None), or_(~PAID, RenewalFee.user_id != Order.buyer_id))
    )
    rows = [row for asked in (statement, of_seats, of_renewals) for row in _rows(session, asked)]
    return [Difference("right_without_paid", number, f"the order is {state}") for number, state in rows]


def find_two_primary_payments(session: Session) -> list[Difference]:
    """An order has two payments that count as its own."""
    statement = (
        select(Order.number, func.count(Payment.id))
        .join(Payment, Payment.order_id == Order.id)
        .where(Payment.kind == PaymentKind.PRIMARY)
        .group_by(Order.number)
        .having(func.count(Payment.id) > 1)
    )
    return [Difference("two_primary_payments", number, f"{count} payments") for number, count in _rows(session, statement)]


def find_wrong_paid_sums(session: Session) -> list[Difference]:
    """What an order says was paid is not what its booked payments come to, or not what it cost."""
    paid = _sum_of(Payment.amount, Payment.order_id == Order.id, BOOKED, Payment.currency == Order.currency)
    statement = select(Order.number, Order.amount_paid, Order.total, paid).where(
        PAID, or_(Order.amount_paid != paid, Order.amount_paid != Order.total)
    )
    return [
        Difference("paid_sum", number, f"the order says {amount} of {total}; its payments come to {sum_}")
        for number, amount, total, sum_ in _rows(session, statement)
    ]


def find_unbooked_money(session: Session) -> list[Difference]:
    """Money came that bought nothing, waits for nobody, and was never to go back."""
    goes_back = select(Refund.id).where(Refund.payment_id == Payment.id).exists()
    statement = select(Order.number, Payment.payment_intent, Order.state).join(Payment, Payment.order_id == Order.id)
    statement = statement.where(Order.state != OrderState.REVIEW, Payment.amount > 0, ~BOOKED, ~goes_back)
    return [
        Difference("money_unbooked", number, f"{intent} is not in the ledger and does not go back; the order is {state}")
        for number, intent, state in _rows(session, statement)
    ]


def find_wrong_totals(session: Session) -> list[Difference]:
    """A paid order came to another sum than it was made of, and no person was asked."""
    asked = select(ReviewTask.id).where(ReviewTask.order_id == Order.id, ReviewTask.kind.in_(("payment_mismatch", "checkout_mismatch")))
    on_top = case((Order.tax_behavior == TaxBehavior.EXCLUSIVE, Order.tax), else_=0)
    due = Order.subtotal - Order.discount + on_top
    lines = _sum_of(OrderLine.amount, OrderLine.order_id == Order.id)
    statement = select(Order.number, Order.total, due, Order.subtotal, lines)
    statement = statement.where(PAID, or_(Order.total != due, Order.subtotal != lines), ~asked.exists())
    return [
        Difference("total", number, f"came to {total} for {wanted}; its lines come to {sum_} of {subtotal}")
        for number, total, wanted, subtotal, sum_ in _rows(session, statement)
    ]


def find_wrong_refund_sums(session: Session) -> list[Difference]:
    """What an order says was refunded is not what the refunds of its booked payments come to."""
    succeeded = select(func.coalesce(func.sum(Refund.amount), 0)).join(Payment, Payment.id == Refund.payment_id)
    refunded = (
        succeeded.where(Refund.order_id == Order.id, Refund.state == RefundState.SUCCEEDED, BOOKED).correlate(Order).scalar_subquery()
    )
    statement = select(Order.number, Order.amount_refunded, refunded).where(Order.amount_refunded != refunded)
    return [
        Difference("refunded_sum", number, f"the order says {amount}; its refunds come to {sum_}")
        for number, amount, sum_ in _rows(session, statement)
    ]


def find_wrong_line_sums(session: Session) -> list[Difference]:
    """What a line says was refunded is not what the lines of its refunds come to."""
    lines = select(func.coalesce(func.sum(RefundLine.amount), 0)).join(Refund, Refund.id == RefundLine.refund_id)
    refunded = (
        lines.where(RefundLine.order_line_id == OrderLine.id, Refund.state == RefundState.SUCCEEDED).correlate(OrderLine).scalar_subquery()
    )
    due = case((refunded > OrderLine.amount, OrderLine.amount), else_=refunded)  # with tax on top more may come back than its price
    statement = select(Order.number, OrderLine.line_no, OrderLine.refunded_amount, due)
    statement = statement.join(OrderLine, OrderLine.order_id == Order.id).where(OrderLine.refunded_amount != due)
    return [
        Difference("line_refunded_sum", number, f"line {line_no} says {amount}; its refunds come to {sum_}")
        for number, line_no, amount, sum_ in _rows(session, statement)
    ]


def find_wrong_seats(session: Session) -> list[Difference]:
    """There are more or fewer vouchers than seats were paid for."""
    numbers = select(func.count(Voucher.seat_no.distinct())).where(Voucher.pool_id == SeatPool.id).correlate(SeatPool).scalar_subquery()
    statement = (
        select(Order.number, OrderLine.quantity, SeatPool.seats, numbers)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(SeatPool, SeatPool.order_line_id == OrderLine.id)
        .where(or_(OrderLine.quantity != SeatPool.seats, SeatPool.seats != numbers))
    )
    return [
        Difference("seats", number, f"{quantity} paid, {seats} in the pool, {vouchers} vouchers")
        for number, quantity, seats, vouchers in _rows(session, statement)
    ]


def find_wrong_code_counts(session: Session) -> list[Difference]:
    """A discount code's counters are not what its uses come to, or its used uses are not its paid orders."""
    used = _count_of(DiscountUse, DiscountUse.code_id == DiscountCode.id, DiscountUse.state == DiscountUseState.USED)
    reserved = _count_of(DiscountUse, DiscountUse.code_id == DiscountCode.id, DiscountUse.state == DiscountUseState.RESERVED)
    asked = select(ReviewTask.id).where(ReviewTask.kind == "code_overused", ReviewTask.order_id == Order.id).exists()
    orders = _count_of(Order, Order.discount_code_id == DiscountCode.id, PAID, ~asked)  # those a person was asked about count elsewhere
    statement = select(DiscountCode.code, DiscountCode.used, used, DiscountCode.reserved, reserved, orders)
    statement = statement.where(or_(DiscountCode.used != used, DiscountCode.reserved != reserved, DiscountCode.used != orders))
    return [
        Difference("code_count", code, f"says used {says_used}, reserved {says_reserved}; uses {uses}, {reserves}; paid orders {paid}")
        for code, says_used, uses, says_reserved, reserves, paid in _rows(session, statement)
    ]


def find_codes_held_in_vain(session: Session) -> list[Difference]:
    """An order keeps a use of a discount code from others, and there is no page on which it could be paid."""
    live = select(CheckoutAttempt.id).where(CheckoutAttempt.order_id == Order.id, CheckoutAttempt.state.in_(LIVE_ATTEMPTS)).exists()
    statement = select(Order.number, DiscountCode.code, Order.state).join(DiscountUse, DiscountUse.order_id == Order.id)
    statement = statement.join(DiscountCode, DiscountCode.id == DiscountUse.code_id)
    statement = statement.where(DiscountUse.state == DiscountUseState.RESERVED, or_(PAID, Order.state.in_(LET_GO_STATES) & ~live))
    return [
        Difference("code_held", number, f"it is {state} and holds a use of {code}") for number, code, state in _rows(session, statement)
    ]


def find_wrong_ledgers(session: Session) -> list[Difference]:
    """The ledger of an order is not what was paid less what was refunded and what banks took."""
    wanted = {("payment",): Order.amount_paid, ("refund",): -Order.amount_refunded, DISPUTES: -Order.amount_disputed}
    found: list[Difference] = []
    for kinds, amount in wanted.items():
        kind, entries = kinds[0], _sum_of(LedgerEntry.amount, LedgerEntry.order_id == Order.id, LedgerEntry.kind.in_(kinds))
        statement = select(Order.number, amount, entries).where(amount != entries)
        found += [
            Difference("ledger", number, f"{kind}: the order says {says}, the ledger {sum_}")
            for number, says, sum_ in _rows(session, statement)
        ]
    return found


def find_wrong_losses(session: Session) -> list[Difference]:
    """A bank kept money, and the ledger says something else about it. An order's own sum is made of the ledger: it cannot tell."""
    lost = select(func.coalesce(func.sum(LedgerEntry.amount), 0)).where(LedgerEntry.kind.in_(DISPUTES))
    entries = lost.where(LedgerEntry.ref == Dispute.stripe_dispute).correlate(Dispute).scalar_subquery()
    statement = select(Order.number, Dispute.stripe_dispute, Dispute.amount, entries).join(Dispute, Dispute.order_id == Order.id)
    statement = statement.join(Payment, Payment.id == Dispute.payment_id).where(BOOKED, Dispute.status == LOST, entries != -Dispute.amount)
    return [
        Difference("dispute_sum", number, f"{name} was lost over {amount}; the ledger has {sum_}")
        for number, name, amount, sum_ in _rows(session, statement)
    ]


def find_foreign_ledger_currencies(session: Session) -> list[Difference]:
    """An entry of the ledger, a payment or a refund is in another currency than its order. Stripe's fees are in our account's."""
    found: list[Difference] = []
    for model in (LedgerEntry, Payment, Refund):
        statement = select(Order.number, Order.currency, model.currency).join(model, model.order_id == Order.id)
        statement = statement.where(LedgerEntry.kind != "dispute_fee") if model is LedgerEntry else statement
        rows = _rows(session, statement.where(model.currency != Order.currency, PAID))
        found += [Difference("currency", number, f"{other} in an order of {own}") for number, own, other in rows]
    return found


def find_paid_without_receipt(session: Session) -> list[Difference]:
    """A paid order has no receipt."""
    has_one = select(Receipt.id).where(Receipt.order_id == Order.id, Receipt.refund_id.is_(None)).exists()
    return [
        Difference("receipt_missing", number, "paid, and no receipt")
        for (number,) in _rows(session, select(Order.number).where(PAID, ~has_one))
    ]


def find_gaps_in_numbers(session: Session) -> list[Difference]:
    """A series of receipts gave out more numbers than there are receipts."""
    counted = _count_of(Receipt, Receipt.number.startswith(ReceiptSeries.name.concat("-")))
    statement = select(ReceiptSeries.name, ReceiptSeries.last, counted).where(ReceiptSeries.last != counted)
    return [Difference("receipt_gap", name, f"{last} numbers, {count} receipts") for name, last, count in _rows(session, statement)]


INVARIANTS: tuple[Callable[[Session], list[Difference]], ...] = (
    find_paid_without_right,
    find_right_without_paid,
    find_two_primary_payments,
    find_wrong_paid_sums,
    find_unbooked_money,
    find_wrong_totals,
    find_wrong_refund_sums,
    find_wrong_line_sums,
    find_wrong_seats,
    find_wrong_code_counts,
    find_codes_held_in_vain,
    find_wrong_ledgers,
    find_wrong_losses,
    find_foreign_ledger_currencies,
    find_paid_without_receipt,
    find_gaps_in_numbers,
)


def list_broken_invariants(session: Session) -> list[Difference]:
    """Everything in our own books that cannot be true. Empty is right."""
    return sorted({difference for check in INVARIANTS for difference in check(session)})
