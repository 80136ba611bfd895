"""A certificate is renewed for a fee: once, by who paid, and for nobody who did not."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.commerce import queries as shop
from laurel.commerce import services as commerce
from laurel.commerce.models import DiscountCode, Order, OrderLine, Refund, RenewalFee, RenewalPermit, ReviewTask
from laurel.commerce.rules import EntitlementStatus, OfferingKind, OrderState, RefundOrigin, RefundState
from laurel.commerce.services import Till
from laurel.commerce.services.fulfilling import settle
from laurel.commerce.services.quoting import RenewalOverError, UnderWayError
from laurel.core import clock
from laurel.core.db import Database
from laurel.core.events import Delivery
from laurel.credentials.models import Credential, FeeRenewal
from laurel.credentials.rules.moments import add_months
from laurel.credentials.rules.renewing import RenewalTerms
from laurel.credentials.rules.verdicts import CredentialSource, CredentialState, RevocationReason
from laurel.credentials.services.erasing import erase_own
from laurel.credentials.services.fee_renewals import open_fee
from laurel.credentials.services.holds import put_on_hold, release
from laurel.credentials.services.issuing import revoke
from laurel.credentials.services.renewing import RenewalRefusedError
from laurel.quizzes.models import ExamRound
from laurel.sweeping import make_renewals
from tests.commerce.fees import Fees, Make, open_fees
from tests.commerce.racing import TOGETHER, at_once
from tests.factories.accounts import make_user
from tests.factories.commerce import make_code, make_sellable_course
from tests.factories.credentials import make_credential
from tests.factories.renewals import make_holder

pytestmark = pytest.mark.usefixtures("app")
DAY = timedelta(days=1)


@pytest.fixture
def make(database: Database, till: Till, session: Session) -> Make:
    def build(*, days_ago: int = 300, **facts: Any) -> Fees:
        """Somebody earned a certificate of twelve months so long ago."""
        course = make_sellable_course(session)
        moment = clock.now() - timedelta(days=days_ago)
        with time_machine.travel(moment):
            credential = make_credential(session, course=course, at=moment, **facts)
        return open_fees(database, till, session, credential, course)

    return build


@pytest.fixture
def fees(make: Make) -> Fees:
    return make()


def test_who_pays_has_a_new_certificate_that_counts_from_the_old_end_and_names_no_exam(fees: Fees) -> None:
    order = fees.buy()

    (new,) = fees.renewals()
    old = fees.credential
    assert (new.source, new.attempt_id, new.enrollment_id) == (CredentialSource.FEE, None, old.enrollment_id)
    assert (new.state, new.holder_id, new.visibility) == (CredentialState.ISSUED, old.holder_id, old.visibility)
    assert fees.ends(new) == add_months(fees.ends(old), 12)
    assert "passed" not in new.source.line
    paid = fees.session.get_one(Order, order.id)
    assert (paid.state, paid.amount_paid) == (OrderState.PAID, 4900)
    assert fees.session.scalars(select(FeeRenewal.credential_id)).one() == new.id
    assert fees.broken() == fees.audit() == []


def test_a_late_renewal_counts_from_the_day_of_its_payment(make: Make) -> None:
    fees = make(days_ago=400)

    fees.buy()

    (new,) = fees.renewals()
    assert fees.ends(new) > clock.now() + 364 * DAY


@pytest.mark.parametrize("days_ago", [100, 460])
def test_outside_its_window_it_cannot_be_ordered(make: Make, days_ago: int) -> None:
    with pytest.raises(RenewalRefusedError):
        make(days_ago=days_ago).permit()


def test_what_is_not_for_sale_is_not_permitted(session: Session) -> None:
    credential = make_credential(session, at=clock.now() - timedelta(days=300))

    with pytest.raises(RenewalRefusedError):
        open_fee(session, holder_id=credential.holder_id, credential_id=credential.id, now=clock.now())


def test_a_certificate_on_hold_cannot_be_renewed_for_a_fee(fees: Fees) -> None:
    credential_id, staff = fees.credential.id, make_user(fees.session)
    put_on_hold(fees.session, credential_id, note="We look into it.", actor_id=staff.id, now=clock.now())
    fees.session.commit()
    with pytest.raises(RenewalRefusedError):
        fees.permit()

    release(fees.session, credential_id, note="All is well.", actor_id=staff.id, now=clock.now())
    fees.session.commit()
    fees.buy()

    assert len(fees.renewals()) == 1


def test_a_permit_is_good_for_its_person_and_its_course_alone(fees: Fees, session: Session) -> None:
    permit_id, stranger = fees.permit(), make_user(session)
    session.commit()

    for buyer_id, wanted in ((stranger.id, permit_id), (fees.buyer_id, None), (fees.buyer_id, stranger.id)):
        with pytest.raises(RenewalOverError):
            commerce.buy(
                fees.till,
                buyer_id=buyer_id,
                course_id=fees.course_id,
                currency="usd",
                click_token=None,
                kind=OfferingKind.RENEWAL,
                permit_id=wanted,
            )


def test_two_tabs_share_one_order_and_a_second_payment_goes_back_by_itself(fees: Fees) -> None:
    permit_id = fees.permit()
    first, second = fees.order(permit_id), fees.order(permit_id)
    assert first.id == second.id
    assert fees.permit() == permit_id
    one = fees.open_page(first)
    stale = fees.payments.checkouts[one]
    commerce.cancel_order(fees.till, first.id)
    again = fees.open_page(fees.order(permit_id))
    fees.pay(again)
    fees.payments.checkouts[one] = stale  # the buyer had finished the first page before it was closed

    fees.pay(one)

    assert [new.state for new in fees.renewals()] == [CredentialState.ISSUED]
    refund = fees.session.scalars(select(Refund)).one()
    assert (refund.amount, refund.state, refund.origin, refund.order_id) == (4900, RefundState.SUCCEEDED, RefundOrigin.AUTO, first.id)
    assert fees.broken() == fees.audit() == []


def test_one_order_paid_twice_renews_once(fees: Fees) -> None:
    order = fees.order(fees.permit())
    session_id = fees.open_page(order)
    fees.pay(session_id)

    commerce.sync_checkout(fees.till, session_id)
    fees.work()

    assert len(fees.renewals()) == 1
    assert fees.session.scalars(select(Refund)).all() == []


def test_an_order_whose_money_is_on_its_way_is_not_placed_a_second_time(fees: Fees) -> None:
    permit_id = fees.permit()
    order = fees.order(permit_id)
    with fees.till.transaction() as session:
        session.get_one(Order, order.id).state = OrderState.PROCESSING

    with pytest.raises(UnderWayError, match="renewing this certificate"):
        fees.order(permit_id)


def by_revocation(fees: Fees) -> None:
    revoke(
        fees.session,
        fees.credential.id,
        reason=RevocationReason.ISSUED_IN_ERROR,
        note="Mixed up.",
        actor_id=None,
        now=clock.now(),
    )


def by_erasure(fees: Fees) -> None:
    old = fees.credential
    erase_own(fees.session, fees.buyer_id, old.id, typed=old.number, now=clock.now())


@pytest.mark.parametrize("overtake", [by_revocation, by_erasure])
def test_who_pays_when_nothing_is_left_to_renew_has_the_money_back(fees: Fees, overtake: Callable[[Fees], None]) -> None:
    order = fees.order(fees.permit())
    session_id = fees.open_page(order)
    overtake(fees)
    fees.session.commit()
    fees.work()
    with pytest.raises(RenewalOverError):
        commerce.open_checkout(fees.till, order.id, return_url="http://laurel.test/orders/1")

    fees.pay(session_id)

    fees.look()
    refund = fees.session.scalars(select(Refund)).one()
    assert (refund.amount, refund.state, refund.origin) == (4900, RefundState.SUCCEEDED, RefundOrigin.AUTO)
    assert fees.session.scalars(select(RenewalPermit.about_id)).one() == (None if overtake is by_erasure else fees.credential.id)
    assert fees.session.scalars(select(RenewalFee.status)).one() is EntitlementStatus.REVOKED
    assert fees.session.scalars(select(Credential).filter_by(source=CredentialSource.FEE)).all() == []
    assert fees.broken() == fees.audit() == []


def test_who_passes_the_exam_while_paying_has_the_money_back(database: Database, till: Till, session: Session) -> None:
    holder = make_holder(session)
    fees = open_fees(database, till, session, holder.credential, holder.room.course)
    session_id = fees.open_page(fees.order(fees.permit()))
    holder.begin()
    holder.sit()
    session.commit()

    fees.pay(session_id)

    assert [new.source for new in fees.renewals()] == [CredentialSource.EXAM]
    assert fees.session.scalars(select(Refund.state)).all() == [RefundState.SUCCEEDED]


def test_whose_earned_renewal_was_lost_has_the_money_back_and_one_renewal_by_the_sweep(
    database: Database, till: Till, session: Session
) -> None:
    holder = make_holder(session)
    fees = open_fees(database, till, session, holder.credential, holder.room.course)
    session_id = fees.open_page(fees.order(fees.permit()))
    holder.begin()
    holder.hand_in(holder.start(), works=False)
    for lost in session.scalars(select(Delivery).where(Delivery.handler == "credentials.renew_credential")):
        session.delete(lost)
    session.commit()

    fees.pay(session_id)
    assert fees.renewals() == []
    made = [make_renewals(till.transaction), make_renewals(till.transaction)]

    assert (made, [new.source for new in fees.renewals()]) == ([1, 0], [CredentialSource.EXAM])
    assert fees.session.scalars(select(Refund.state)).all() == [RefundState.SUCCEEDED]


def test_the_sweep_makes_no_second_one_of_what_a_fee_renewed(database: Database, till: Till, session: Session) -> None:
    holder = make_holder(session)
    holder.begin()
    attempt = holder.start()
    fees = open_fees(database, till, session, holder.credential, holder.room.course)
    fees.buy()
    holder.hand_in(attempt, works=False)
    session.commit()

    assert make_renewals(till.transaction) == 0
    fees.work()
    assert [new.source for new in fees.renewals()] == [CredentialSource.FEE]
    assert fees.audit() == []


def test_a_renewal_that_was_paid_ends_the_round_of_the_exam(database: Database, till: Till, session: Session) -> None:
    holder = make_holder(session)
    holder.begin()
    fees = open_fees(database, till, session, holder.credential, holder.room.course)

    fees.buy()

    assert fees.look().scalars(select(ExamRound.closes_at)).one() <= clock.now()


def test_a_program_may_sell_renewal_and_examine_nobody(database: Database, till: Till, session: Session) -> None:
    holder = make_holder(session, renewal=RenewalTerms(by_exam=False))
    fees = open_fees(database, till, session, holder.credential, holder.room.course)

    with pytest.raises(RenewalRefusedError):
        holder.begin()
    session.rollback()
    assert fees.permit()


def test_a_code_that_makes_it_free_renews_and_costs_nothing(fees: Fees, session: Session) -> None:
    code: DiscountCode = make_code(session, percent=100)
    session.commit()

    order = fees.order(fees.permit(), code=code.code)
    fees.work()

    assert (order.state, order.total) == (OrderState.PAID, 0)
    assert [new.state for new in fees.renewals()] == [CredentialState.ISSUED]


def test_many_tell_of_one_payment_at_once_and_it_renews_once(database: Database, fees: Fees) -> None:
    order = fees.order(fees.permit())

    def tell(session: Session) -> bool:
        return settle(session, shop.lock_order(session, order.id), amount_paid=4900, ref="pi_1", now=clock.now())

    assert Counter(at_once(database, [tell] * TOGETHER)) == {True: 1, False: TOGETHER - 1}
    fees.work()

    assert [new.state for new in fees.renewals()] == [CredentialState.ISSUED]
    assert fees.session.scalars(select(ReviewTask)).all() == []
    assert fees.session.scalars(select(OrderLine.kind).order_by(OrderLine.order_id)).all()[-1] is OfferingKind.RENEWAL
