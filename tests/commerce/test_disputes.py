"""Payments that banks ask back: access is paused, returned or taken, the ledger tells each movement once."""

from dataclasses import replace
from itertools import permutations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.commerce import queries, services
from laurel.commerce.models import Dispute, Entitlement, LedgerEntry, ReviewTask, Voucher
from laurel.commerce.rules import AccessEffect, DisputeFee, EntitlementStatus, OrderState, SeenDispute, SeenWarning, VoucherStatus
from laurel.commerce.services import Till
from laurel.commerce.services.disputes import DisputeOverError, apply_dispute, note_warning
from laurel.core.errors import ConflictError
from laurel.core.events import EventRecord
from tests.commerce.bought import Bought, buy_course, turn_into_seats
from tests.factories.accounts import make_user
from tests.fakes import FakePayments


@pytest.fixture
def bought(app: object, till: Till, payments: FakePayments) -> Bought:
    return buy_course(till, payments)


@pytest.fixture
def dispute(bought: Bought, payments: FakePayments) -> SeenDispute:
    """The bank took the money."""
    opened = payments.add_dispute(bought.intent_id, 19500, fees=(DisputeFee(ref="txn_1", amount=1500, currency="usd"),))
    services.sync_dispute(bought.till, opened.id)
    return opened


def follow(bought: Bought, payments: FakePayments, dispute: SeenDispute, status: str) -> None:
    """The bank's word; the money comes back unless we lost."""
    payments.change_dispute(dispute.id, status=status, is_reinstated=status in {"won", "prevented"})
    services.sync_dispute(bought.till, dispute.id)


def right(session: Session) -> EntitlementStatus:
    session.rollback()
    return session.scalars(select(Entitlement)).one().status


def ledger(session: Session) -> dict[str, int]:
    session.rollback()
    return {entry.kind: entry.amount for entry in session.scalars(select(LedgerEntry))}


def test_access_pauses_while_the_bank_decides(bought: Bought, dispute: SeenDispute, session: Session) -> None:
    assert right(session) is EntitlementStatus.SUSPENDED
    assert not bought.has_course(session)
    assert queries.find_access(session, bought.buyer_id, bought.course_id) == (False, True)
    order = bought.order(session)
    assert (order.state, order.amount_disputed) == (OrderState.PAID, 19500)
    assert ledger(session) == {"payment": 19500, "dispute": -19500, "dispute_fee": -1500}
    task = session.scalars(select(ReviewTask)).one()
    assert (task.kind, task.resolved_at) == ("dispute", None)


@pytest.mark.parametrize("word", ["won", "prevented"])
def test_a_dispute_that_we_win_gives_everything_back_but_the_fee(
    bought: Bought, dispute: SeenDispute, payments: FakePayments, session: Session, word: str
) -> None:
    for _ in range(2):
        follow(bought, payments, dispute, word)

    assert right(session) is EntitlementStatus.ACTIVE
    assert bought.order(session).amount_disputed == 0
    assert ledger(session) == {"payment": 19500, "dispute": -19500, "dispute_fee": -1500, "dispute_reversal": 19500}
    assert session.scalars(select(ReviewTask)).one().resolved_at is not None


def test_a_dispute_that_we_lose_ends_the_right(bought: Bought, dispute: SeenDispute, payments: FakePayments, session: Session) -> None:
    follow(bought, payments, dispute, "lost")

    assert right(session) is EntitlementStatus.REVOKED
    assert bought.order(session).amount_disputed == 19500
    closed = session.scalars(select(EventRecord).where(EventRecord.name == "DisputeClosed")).one()
    assert closed.facts["status"] == "lost"


def test_what_is_decided_is_not_reopened_by_an_older_word(
    bought: Bought, dispute: SeenDispute, payments: FakePayments, session: Session
) -> None:
    follow(bought, payments, dispute, "won")

    with bought.till.transaction() as other:
        apply_dispute(other, dispute, now=bought.till.now)

    assert right(session) is EntitlementStatus.ACTIVE
    assert session.scalars(select(Dispute)).one().status == "won"


@pytest.mark.parametrize("order", list(permutations(["needs_response", "under_review", "won"])))
def test_news_of_a_dispute_in_any_order_end_alike(bought: Bought, payments: FakePayments, session: Session, order: tuple[str, ...]) -> None:
    opened = payments.add_dispute(bought.intent_id, 19500)
    for status in order:
        with bought.till.transaction() as other:
            apply_dispute(other, replace(opened, status=status, is_reinstated=status == "won"), now=bought.till.now)

    assert right(session) is EntitlementStatus.ACTIVE
    assert bought.order(session).amount_disputed == 0


def test_an_inquiry_pauses_nothing_and_asks_a_person(bought: Bought, payments: FakePayments, session: Session) -> None:
    inquiry = payments.add_dispute(bought.intent_id, 19500, status="warning_needs_response", is_withdrawn=False)
    services.sync_dispute(bought.till, inquiry.id)

    assert right(session) is EntitlementStatus.ACTIVE
    assert ledger(session) == {"payment": 19500}
    assert session.scalars(select(ReviewTask)).one().kind == "dispute"
    assert bought.ask(19500)  # the money may still go back: that ends the inquiry


def test_while_one_of_two_disputes_is_open_access_stays_paused(
    bought: Bought, dispute: SeenDispute, payments: FakePayments, session: Session
) -> None:
    second = payments.add_dispute(bought.intent_id, 100)
    services.sync_dispute(bought.till, second.id)

    follow(bought, payments, dispute, "won")
    assert right(session) is EntitlementStatus.SUSPENDED
    follow(bought, payments, second, "won")

    assert right(session) is EntitlementStatus.ACTIVE


def test_a_disputed_payment_is_not_refunded(bought: Bought, dispute: SeenDispute, session: Session) -> None:
    with pytest.raises(ConflictError, match="bank"):
        bought.ask()


def test_a_right_that_a_refund_ended_does_not_return_with_a_dispute_that_is_won(
    bought: Bought, payments: FakePayments, session: Session
) -> None:
    bought.refund()
    dispute = payments.add_dispute(bought.intent_id, 19500)
    services.sync_dispute(bought.till, dispute.id)

    follow(bought, payments, dispute, "won")

    assert right(session) is EntitlementStatus.REVOKED


def test_seats_of_a_disputed_payment_cannot_be_redeemed_and_return_when_we_win(
    bought: Bought, payments: FakePayments, session: Session
) -> None:
    with bought.till.transaction() as other:
        colleague = make_user(other)
    turn_into_seats(bought, seats=3, redeemed_by=[colleague.id])
    dispute = payments.add_dispute(bought.intent_id, 19500)
    services.sync_dispute(bought.till, dispute.id)
    assert not queries.has_entitlement(session, colleague.id, bought.course_id)
    assert session.scalar(select(func.count()).where(Voucher.status == VoucherStatus.ISSUED)) == 0

    follow(bought, payments, dispute, "won")

    session.rollback()
    assert queries.has_entitlement(session, colleague.id, bought.course_id)
    assert session.scalar(select(func.count()).where(Voucher.status == VoucherStatus.ISSUED)) == 2


def test_a_dispute_about_a_payment_that_is_not_ours_is_nothing_to_us(bought: Bought, payments: FakePayments) -> None:
    stranger = payments.add_dispute("pi_stranger", 100)

    assert services.sync_dispute(bought.till, stranger.id) is None


def test_our_answer_is_sent_once_with_what_was_written(
    bought: Bought, dispute: SeenDispute, payments: FakePayments, session: Session
) -> None:
    found = session.scalars(select(Dispute)).one()

    services.send_evidence(bought.till, found.id, {"uncategorized_text": "They passed.", "customer_name": ""}, actor_id=bought.buyer_id)

    assert payments.evidence == {dispute.id: {"uncategorized_text": "They passed."}}
    session.rollback()
    session.refresh(found)
    assert (found.status, found.evidence_sent_by_id) == ("under_review", bought.buyer_id)
    with pytest.raises(DisputeOverError):
        services.send_evidence(bought.till, found.id, {"uncategorized_text": "Again."}, actor_id=bought.buyer_id)


def test_giving_in_ends_the_right(bought: Bought, dispute: SeenDispute, session: Session) -> None:
    found = session.scalars(select(Dispute)).one()

    services.accept_dispute(bought.till, found.id)

    assert right(session) is EntitlementStatus.REVOKED
    with pytest.raises(DisputeOverError):
        services.accept_dispute(bought.till, found.id)


def test_an_answer_that_comes_too_late_finds_out_what_was_decided(
    bought: Bought, dispute: SeenDispute, payments: FakePayments, session: Session
) -> None:
    found = session.scalars(select(Dispute)).one()
    payments.change_dispute(dispute.id, status="lost")

    with pytest.raises(DisputeOverError):
        services.send_evidence(bought.till, found.id, {"uncategorized_text": "Too late."}, actor_id=bought.buyer_id)

    assert right(session) is EntitlementStatus.REVOKED


def test_a_fraud_warning_is_a_question_for_a_person_once(bought: Bought, session: Session) -> None:
    warning = SeenWarning(id="issfr_1", charge_id="", intent_id=bought.intent_id, fraud_type="made_with_stolen_card", is_actionable=True)
    for _ in range(2):
        with bought.till.transaction() as other:
            note_warning(other, warning, now=bought.till.now)

    assert session.scalars(select(ReviewTask)).one().kind == "fraud_warning"
    assert right(session) is EntitlementStatus.ACTIVE


def test_a_warning_about_money_that_is_back_already_asks_nobody(bought: Bought, session: Session) -> None:
    warning = SeenWarning(id="issfr_1", charge_id="", intent_id=bought.intent_id, fraud_type="misc", is_actionable=False)
    with bought.till.transaction() as other:
        note_warning(other, warning, now=bought.till.now)

    assert session.scalars(select(ReviewTask)).all() == []


def test_a_part_that_was_refunded_and_the_rest_disputed_add_up(bought: Bought, payments: FakePayments, session: Session) -> None:
    bought.refund(5000, effect=AccessEffect.KEEP)
    dispute = payments.add_dispute(bought.intent_id, 14500)
    services.sync_dispute(bought.till, dispute.id)

    order = bought.order(session)
    assert (order.amount_refunded, order.amount_disputed) == (5000, 14500)
    assert sum(ledger(session).values()) == 0
