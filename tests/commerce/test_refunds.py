"""Giving money back: asked once, believed only when Stripe says it, undone when it did not arrive."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.commerce import queries, services
from laurel.commerce.gateway import CheckoutNotFoundError, PaymentsUnavailableError
from laurel.commerce.models import Entitlement, LedgerEntry, Refund, ReviewTask
from laurel.commerce.queries.receipts import find_credit_note_of, list_receipts_of, read_sheet
from laurel.commerce.rules import (
    AccessEffect,
    OrderState,
    RefundOrigin,
    RefundState,
    TaxBehavior,
)
from laurel.commerce.rules.receipts import ReceiptKind
from laurel.commerce.services import Till
from laurel.core.errors import ConflictError, DomainError, InvalidInputError
from laurel.core.ids import new_id
from tests.commerce.bought import Bought, buy_course, turn_into_seats
from tests.commerce.conftest import Transaction
from tests.commerce.racing import AT_WORK
from tests.fakes import FakePayments


@pytest.fixture
def bought(app: object, till: Till, payments: FakePayments) -> Bought:
    return buy_course(till, payments)


def ledger(session: Session) -> list[tuple[str, int]]:
    session.rollback()
    return [(entry.kind, entry.amount) for entry in session.scalars(select(LedgerEntry).order_by(LedgerEntry.created_at, LedgerEntry.id))]


def tasks(session: Session, *, is_open: bool = True) -> list[str]:
    session.rollback()
    return [task.kind for task in session.scalars(select(ReviewTask)) if (task.resolved_at is None) == is_open]


def test_a_full_refund_ends_the_right_that_was_bought_and_keeps_the_order_paid(bought: Bought, session: Session) -> None:
    refund = bought.refund()

    order = bought.order(session)
    assert refund.state is RefundState.SUCCEEDED
    assert (order.state, order.amount_refunded) == (OrderState.PAID, 19500)
    assert (order.lines[0].refunded_amount, order.lines[0].refunded_quantity) == (19500, 1)
    assert not bought.has_course(session)
    assert ledger(session) == [("payment", 19500), ("refund", -19500)]


@pytest.mark.parametrize(("off", "tax"), [(5000, 0), (0, 3705), (5000, 2755)])
def test_a_line_with_a_code_and_tax_goes_back_in_parts_and_then_as_a_whole(bought: Bought, session: Session, off: int, tax: int) -> None:
    with bought.till.transaction() as other:
        order = queries.get_order(other, bought.order_id)
        paid = order.subtotal - off + tax
        order.discount, order.tax, order.tax_behavior = off, tax, TaxBehavior.EXCLUSIVE
        order.total = order.amount_paid = queries.list_payments(other, order.id)[0].amount = paid
        other.scalars(select(LedgerEntry)).one().amount = paid

    bought.refund(paid - 10000, effect=AccessEffect.KEEP)
    assert bought.order(session).lines[0].refunded_quantity == 0
    with pytest.raises(InvalidInputError):
        bought.ask(10001)
    last = bought.refund(10000)

    order = bought.order(session)
    assert (order.amount_refunded, order.lines[0].refunded_quantity) == (paid, 1)
    note = find_credit_note_of(session, last.id)
    assert note is not None
    assert [line["quantity"] for line in note.content["lines"]] == [1]


def test_the_credit_note_of_some_seats_says_the_price_of_one(bought: Bought, session: Session) -> None:
    turn_into_seats(bought, seats=5, redeemed_by=[])
    even, odd = bought.refund(7800, seats=2), bought.refund(7799, seats=2)

    session.rollback()
    notes = [find_credit_note_of(session, refund.id) for refund in (even, odd)]
    lines = [read_sheet(session, note).lines[0][1:] for note in notes if note is not None]
    assert lines == [("2", "$39", "$78"), ("2", "", "$77.99")]


def test_money_that_went_back_has_one_credit_note_and_money_on_its_way_has_none(
    bought: Bought, payments: FakePayments, session: Session
) -> None:
    payments.refund_status = "pending"
    refund = bought.refund(5000)
    assert find_credit_note_of(session, refund.id) is None

    payments.change_refund(refund.stripe_refund or "", status="succeeded")
    for _ in range(2):
        services.sync_refunds(bought.till, bought.intent_id)

    session.rollback()
    note = find_credit_note_of(session, refund.id)
    assert note is not None
    assert note.content["total"] == 5000
    assert sorted(paper.kind for paper in list_receipts_of(session, bought.order_id)) == [ReceiptKind.CREDIT_NOTE, ReceiptKind.RECEIPT]


def test_a_part_may_go_back_without_ending_anything(bought: Bought, session: Session) -> None:
    bought.refund(5000, effect=AccessEffect.KEEP)

    order = bought.order(session)
    assert (order.amount_refunded, order.lines[0].refunded_amount, order.lines[0].refunded_quantity) == (5000, 5000, 0)
    assert bought.has_course(session)


def test_only_the_right_from_this_order_ends(bought: Bought, session: Session, transaction: Transaction) -> None:
    with transaction() as other:
        right = queries.list_entitlements_from(other, [bought.line_id])[0]
        other.add(
            Entitlement(
                user_id=bought.buyer_id, offering_id=right.offering_id, source_kind="grant", source_id=new_id(), created_at=right.created_at
            )
        )

    bought.refund()

    assert bought.has_course(session)


def test_stripe_is_asked_once_with_the_key_that_the_row_holds(bought: Bought, payments: FakePayments, session: Session) -> None:
    refund_id = bought.ask()
    for _ in range(3):
        services.submit_refund(bought.till, refund_id)

    assert list(payments.refund_keys) == [f"laurel:{bought.till.env}:refund:{refund_id}"]
    told = next(iter(payments.refunds.values()))
    assert (told.amount, told.refund_ref, told.env) == (19500, str(refund_id), bought.till.env)


def test_a_form_that_is_sent_twice_asks_once(bought: Bought, session: Session) -> None:
    refund_id = new_id()

    assert [bought.ask(5000, refund_id=refund_id) for _ in range(2)] == [refund_id, refund_id]
    assert session.scalar(select(func.count()).select_from(Refund)) == 1


def test_no_more_goes_back_than_came_even_by_two_refunds_that_both_fit_alone(bought: Bought, session: Session) -> None:
    bought.ask(10000)

    with pytest.raises(InvalidInputError, match="more than is left"):
        bought.ask(9501)
    bought.ask(9500)
    with pytest.raises(InvalidInputError):
        bought.ask(1)


def test_ten_at_once_give_back_no_more_than_came(bought: Bought, session: Session) -> None:
    def ask(_n: int) -> UUID | None:
        try:
            return bought.ask(5000)
        except DomainError:
            return None

    with ThreadPoolExecutor(AT_WORK) as pool:
        asked = [refund_id for refund_id in pool.map(ask, range(10)) if refund_id is not None]

    assert len(asked) == 3
    assert sum(session.scalars(select(Refund.amount))) == 15000


@pytest.mark.parametrize("amount", [0, -1, 19501])
def test_amounts_that_make_no_sense_are_refused(bought: Bought, session: Session, amount: int) -> None:
    with pytest.raises(InvalidInputError):
        bought.ask(amount)
    assert session.scalar(select(func.count()).select_from(Refund)) == 0


def test_an_order_whose_payment_is_held_gives_nothing_back_line_by_line(till: Till, payments: FakePayments) -> None:
    held = buy_course(till, payments, pays=10000)

    with pytest.raises(ConflictError):
        held.ask()


def test_nothing_ends_while_the_refund_is_on_its_way(bought: Bought, payments: FakePayments, session: Session) -> None:
    payments.refund_status = "pending"
    refund = bought.refund()
    assert (refund.state, bought.has_course(session)) == (RefundState.PENDING, True)
    assert bought.order(session).amount_refunded == 0

    payments.change_refund(next(iter(payments.refunds)), status="succeeded")
    services.sync_refunds(bought.till, bought.intent_id)

    assert not bought.has_course(session)
    assert ledger(session) == [("payment", 19500), ("refund", -19500)]


@pytest.mark.parametrize("before", ["pending", "succeeded"])
def test_a_refund_that_fails_gives_the_right_back(bought: Bought, payments: FakePayments, session: Session, before: str) -> None:
    payments.refund_status = before
    bought.refund()
    payments.change_refund(next(iter(payments.refunds)), status="failed", failure="expired_or_canceled_card")

    for _ in range(2):
        services.sync_refunds(bought.till, bought.intent_id)

    order = bought.order(session)
    refund = session.scalars(select(Refund)).one()
    assert (refund.state, refund.failure) == (RefundState.FAILED, "expired or canceled card")
    assert (order.amount_refunded, order.lines[0].refunded_amount) == (0, 0)
    assert bought.has_course(session)
    assert sum(amount for kind, amount in ledger(session) if kind == "refund") == 0
    assert tasks(session) == ["refund_failed"]
    assert bought.ask() is not None  # it may be tried again, by a refund of its own


def test_a_refund_that_fails_after_a_dispute_was_lost_opens_nothing(bought: Bought, payments: FakePayments, session: Session) -> None:
    refund = bought.refund(5000)
    dispute = payments.add_dispute(bought.intent_id, 14500, status="lost")
    services.sync_dispute(bought.till, dispute.id)

    payments.change_refund(refund.stripe_refund or "", status="failed", failure="lost_or_stolen_card")
    services.sync_refunds(bought.till, bought.intent_id)

    assert not bought.has_course(session)


def test_a_later_word_is_not_undone_by_an_earlier_one(bought: Bought, payments: FakePayments, session: Session) -> None:
    payments.refund_status = "pending"
    bought.refund()
    pending = dict(payments.refunds)
    payments.change_refund(next(iter(payments.refunds)), status="succeeded")
    services.sync_refunds(bought.till, bought.intent_id)

    with bought.till.transaction() as other:
        services.apply_refunds(other, bought.intent_id, list(pending.values()), env=bought.till.env, now=bought.till.now)

    assert session.scalars(select(Refund)).one().state is RefundState.SUCCEEDED


def test_a_lost_answer_is_asked_about_again_and_found(bought: Bought, payments: FakePayments, session: Session) -> None:
    payments.loses_refunds, payments.failures = True, [PaymentsUnavailableError("timeout")]
    refund_id = bought.ask()
    with pytest.raises(PaymentsUnavailableError):
        services.submit_refund(bought.till, refund_id)
    assert bought.has_course(session)
    payments.loses_refunds = False
    payments.refund_keys.clear()  # Stripe forgets keys after a day

    later = replace(bought.till, now=bought.till.now + timedelta(days=2))
    assert services.submit_waiting_refunds(later) == 1

    assert len(payments.refunds) == 1
    assert not bought.has_course(session)
    assert services.submit_waiting_refunds(later) == 0


def test_while_stripe_is_silent_a_refund_waits(bought: Bought, payments: FakePayments, session: Session) -> None:
    refund_id = bought.ask()
    later = replace(bought.till, now=bought.till.now + timedelta(minutes=2))
    payments.failures = [PaymentsUnavailableError("down")] * 3

    assert services.submit_waiting_refunds(later) == 0
    assert queries.get_refund(session, refund_id).state is RefundState.SUBMITTING
    payments.failures = []
    assert services.submit_waiting_refunds(later) == 1


def test_what_stripe_refuses_is_said_and_changes_nothing(bought: Bought, payments: FakePayments, session: Session) -> None:
    payments.refusals = ["charge_disputed"]

    refund = bought.refund()

    assert refund.state is RefundState.FAILED
    assert "bank" in (refund.failure or "")
    assert bought.has_course(session)
    assert bought.order(session).amount_refunded == 0


def test_a_full_refund_in_the_dashboard_ends_everything(bought: Bought, payments: FakePayments, session: Session) -> None:
    payments.add_refund(bought.intent_id, 19500)

    for _ in range(2):
        services.sync_refunds(bought.till, bought.intent_id)

    refund = session.scalars(select(Refund)).one()
    assert (refund.origin, refund.access_effect) == (RefundOrigin.EXTERNAL, AccessEffect.REVOKE)
    assert bought.order(session).lines[0].refunded_amount == 19500
    assert not bought.has_course(session)
    assert tasks(session) == []


def test_a_part_refunded_in_the_dashboard_keeps_access_and_asks_a_person(bought: Bought, payments: FakePayments, session: Session) -> None:
    payments.add_refund(bought.intent_id, 5000)
    services.sync_refunds(bought.till, bought.intent_id)
    assert bought.has_course(session)
    assert tasks(session) == ["external_refund"]

    payments.add_refund(bought.intent_id, 14500)
    services.sync_refunds(bought.till, bought.intent_id)

    assert bought.order(session).amount_refunded == 19500
    assert not bought.has_course(session)


def test_refunds_of_a_payment_that_is_not_ours_are_nothing_to_us(bought: Bought, payments: FakePayments, session: Session) -> None:
    payments.add_refund("pi_stranger", 100)

    assert services.sync_refunds(bought.till, "pi_stranger") is None


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_refunds_told_in_any_order_end_alike(bought: Bought, payments: FakePayments, session: Session, order: tuple[int, ...]) -> None:
    asked = [payments.add_refund(bought.intent_id, amount) for amount in (5000, 7000, 7500)]

    for at in order:
        with bought.till.transaction() as other:
            services.apply_refunds(other, bought.intent_id, [asked[at]], env=bought.till.env, now=bought.till.now)

    assert bought.order(session).amount_refunded == 19500
    assert not bought.has_course(session)
    assert sum(amount for _kind, amount in ledger(session)) == 0


def test_twenty_who_hear_of_a_refund_at_once_book_it_once(bought: Bought, payments: FakePayments, session: Session) -> None:
    payments.add_refund(bought.intent_id, 19500)

    with ThreadPoolExecutor(AT_WORK) as pool:
        list(pool.map(lambda _n: services.sync_refunds(bought.till, bought.intent_id), range(20)))

    assert ledger(session) == [("payment", 19500), ("refund", -19500)]
    assert bought.order(session).amount_refunded == 19500


def test_a_refund_that_crosses_its_own_webhooks_is_one_refund(bought: Bought, payments: FakePayments, session: Session) -> None:
    refund_id = bought.ask()
    acts = [lambda: services.submit_refund(bought.till, refund_id), lambda: services.sync_refunds(bought.till, bought.intent_id)]

    with ThreadPoolExecutor(AT_WORK) as pool:
        list(pool.map(lambda n: acts[n % 2](), range(10)))

    assert len(payments.refunds) == 1
    assert ledger(session) == [("payment", 19500), ("refund", -19500)]
    assert [refund.state for refund in session.scalars(select(Refund))] == [RefundState.SUCCEEDED]


def test_a_refund_of_what_stripe_does_not_know_holds_up_no_other(bought: Bought, payments: FakePayments) -> None:
    other = buy_course(bought.till, payments)
    bought.ask()
    other.ask()
    payments.failures = [CheckoutNotFoundError()]

    later = replace(bought.till, now=bought.till.now + timedelta(minutes=2))

    assert services.submit_waiting_refunds(later) == 1
    assert len(payments.refunds) == 1
