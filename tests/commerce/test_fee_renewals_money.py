"""A renewal that was paid for follows its money: it goes with it, waits with it, and comes back with it."""

from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.commerce import services as commerce
from laurel.commerce.models import Order, Refund, RenewalFee
from laurel.commerce.rules import AccessEffect, EntitlementStatus
from laurel.commerce.services import Till
from laurel.core import clock
from laurel.core.db import Database
from laurel.credentials.models import Achievement, Credential
from laurel.credentials.rules.erasure import ErasureReason
from laurel.credentials.rules.verdicts import CredentialState, RevocationReason
from laurel.credentials.services.erasing import erase
from laurel.credentials.services.holds import put_on_hold, release
from laurel.credentials.services.issuing import revoke
from tests.commerce.fees import Fees, open_fees
from tests.factories.accounts import make_user
from tests.factories.commerce import make_sellable_course
from tests.factories.credentials import make_credential

pytestmark = pytest.mark.usefixtures("app")
DAY = timedelta(days=1)


@pytest.fixture
def fees(database: Database, till: Till, session: Session) -> Fees:
    course = make_sellable_course(session)
    return open_fees(database, till, session, make_credential(session, course=course, at=clock.now() - timedelta(days=300)), course)


def bounce(fees: Fees, order: Order, refund: Refund) -> None:
    """The bank could not give the money back, some days later."""
    with time_machine.travel(clock.now() + 3 * DAY):
        fees.payments.change_refund(refund.stripe_refund or "", status="failed")
        commerce.sync_refunds(fees.till, fees.intent(order))
        fees.follow(order, now=clock.now())  # the worker asks the database for the time, which is still that of the signature
        fees.work()


def by_staff(fees: Fees, credential: Credential) -> None:
    staff, reason = make_user(fees.session), RevocationReason.ISSUED_IN_ERROR
    revoke(fees.session, credential.id, reason=reason, note="By mistake.", actor_id=staff.id, now=clock.now())
    fees.session.commit()


def test_a_refund_takes_the_renewed_certificate_back_and_the_old_one_may_be_renewed_again(fees: Fees) -> None:
    order = fees.buy()

    fees.refund(order)

    (new,) = fees.renewals()
    assert (new.state, new.revocation_reason) == (CredentialState.REVOKED, RevocationReason.REQUIREMENTS_WITHDRAWN)
    assert fees.session.get_one(Credential, fees.credential.id).state is CredentialState.ISSUED
    fees.buy()
    assert Counter(found.state for found in fees.renewals()) == {CredentialState.REVOKED: 1, CredentialState.ISSUED: 1}
    assert fees.broken() == fees.audit() == []


def test_a_refund_out_of_kindness_takes_nothing_back(fees: Fees) -> None:
    order = fees.buy()

    fees.refund(order, effect=AccessEffect.KEEP)

    assert [new.state for new in fees.renewals()] == [CredentialState.ISSUED]


def test_a_refund_that_bounces_reinstates_the_renewal_under_its_number(fees: Fees) -> None:
    order = fees.buy()
    (bought,) = fees.renewals()
    number, end = bought.number, fees.ends(bought)

    bounce(fees, order, fees.refund(order))

    (new,) = fees.renewals()
    assert (new.number, new.state, new.revocation_reason, new.current_n) == (number, CredentialState.ISSUED, None, 2)
    assert fees.ends(new) == end
    assert fees.broken() == fees.audit() == []


def test_a_refund_that_bounces_does_not_make_two_that_count(fees: Fees) -> None:
    order = fees.buy()
    refund = fees.refund(order)
    fees.buy()

    bounce(fees, order, refund)

    assert Counter(found.state for found in fees.renewals()) == {CredentialState.REVOKED: 1, CredentialState.ISSUED: 1}
    assert fees.audit() == []


def test_what_staff_revoked_stays_so_whatever_its_money_does(fees: Fees) -> None:
    order = fees.buy()
    (new,) = fees.renewals()
    by_staff(fees, new)

    bounce(fees, order, fees.refund(order))

    (new,) = fees.renewals()
    assert (new.state, new.revocation_reason) == (CredentialState.REVOKED, RevocationReason.ISSUED_IN_ERROR)


def test_while_a_bank_decides_it_is_on_hold_and_counts_again_if_the_bank_leaves_the_money(fees: Fees) -> None:
    order = fees.buy()
    name = fees.payments.add_dispute(fees.intent(order), 4900, is_withdrawn=True).id
    fees.tell_dispute(name)
    (new,) = fees.renewals()
    assert (new.state, new.on_hold_at is None) == (CredentialState.ISSUED, False)

    fees.payments.change_dispute(name, status="won", is_reinstated=True)
    fees.tell_dispute(name)

    (new,) = fees.renewals()
    assert (new.state, new.on_hold_at) == (CredentialState.ISSUED, None)


def test_a_lost_dispute_revokes_it(fees: Fees) -> None:
    order = fees.buy()
    name = fees.payments.add_dispute(fees.intent(order), 4900, is_withdrawn=True).id
    fees.tell_dispute(name)

    fees.payments.change_dispute(name, status="lost")
    fees.tell_dispute(name)

    assert [new.state for new in fees.renewals()] == [CredentialState.REVOKED]


def test_what_staff_put_on_hold_a_bank_does_not_release(fees: Fees) -> None:
    order = fees.buy()
    (new,) = fees.renewals()
    put_on_hold(fees.session, new.id, note="We look into it.", actor_id=make_user(fees.session).id, now=clock.now())
    fees.session.commit()
    name = fees.payments.add_dispute(fees.intent(order), 4900, is_withdrawn=True).id
    fees.tell_dispute(name)
    fees.payments.change_dispute(name, status="won", is_reinstated=True)

    fees.tell_dispute(name)

    (new,) = fees.renewals()
    assert (new.on_hold_at is not None, new.hold_note) == (True, "We look into it.")


def test_what_staff_release_while_a_bank_decides_does_not_count_all_the_same(fees: Fees) -> None:
    order = fees.buy()
    (new,), staff = fees.renewals(), make_user(fees.session)
    put_on_hold(fees.session, new.id, note="We look into it.", actor_id=staff.id, now=clock.now())
    fees.session.commit()
    name = fees.payments.add_dispute(fees.intent(order), 4900, is_withdrawn=True).id
    fees.tell_dispute(name)

    (new,) = fees.renewals()
    release(fees.session, new.id, note="All is well.", actor_id=staff.id, now=clock.now())
    fees.session.commit()
    fees.work()

    (new,) = fees.renewals()
    assert (new.on_hold_at is not None, "The bank is deciding" in new.hold_note) == (True, True)
    fees.payments.change_dispute(name, status="won", is_reinstated=True)
    fees.tell_dispute(name)
    assert [new.on_hold_at for new in fees.renewals()] == [None]


def test_nor_what_staff_released_and_put_on_hold_anew_while_the_bank_decided(fees: Fees) -> None:
    order = fees.buy()
    name = fees.payments.add_dispute(fees.intent(order), 4900, is_withdrawn=True).id
    fees.tell_dispute(name)
    (new,), staff = fees.renewals(), make_user(fees.session)
    release(fees.session, new.id, note="The holder needs it.", actor_id=staff.id, now=clock.now())
    put_on_hold(fees.session, new.id, note="We look into it.", actor_id=staff.id, now=clock.now())
    fees.session.commit()
    fees.payments.change_dispute(name, status="won", is_reinstated=True)

    fees.tell_dispute(name)

    (new,) = fees.renewals()
    assert (new.on_hold_at is not None, new.hold_note) == (True, "We look into it.")


def test_what_was_never_signed_is_revoked_with_its_money_and_signed_when_it_comes_back(fees: Fees) -> None:
    order = fees.order(fees.permit())
    fees.award(order)
    assert [new.state for new in fees.renewals()] == [CredentialState.PENDING]

    refund = fees.refund(order)
    assert [(new.state, new.current_n) for new in fees.renewals()] == [(CredentialState.REVOKED, 0)]
    assert fees.audit() == []
    bounce(fees, order, refund)

    assert [(new.state, new.current_n) for new in fees.renewals()] == [(CredentialState.ISSUED, 1)]
    assert fees.audit() == []


def test_what_waits_for_its_signature_while_a_bank_decides_is_not_signed(fees: Fees) -> None:
    order = fees.order(fees.permit())
    fees.award(order)
    name = fees.payments.add_dispute(fees.intent(order), 4900, is_withdrawn=True).id
    fees.tell_dispute(name)
    assert [new.state for new in fees.renewals()] == [CredentialState.PENDING]

    fees.payments.change_dispute(name, status="won", is_reinstated=True)
    fees.tell_dispute(name)

    assert [new.state for new in fees.renewals()] == [CredentialState.ISSUED]


def test_an_erased_renewal_is_not_made_again_by_its_money(fees: Fees) -> None:
    order = fees.buy()
    (new,) = fees.renewals()
    erase(fees.session, new.id, reason=ErasureReason.HOLDER_REQUEST, typed=new.number, actor_id=make_user(fees.session).id, now=clock.now())
    fees.session.commit()
    name = fees.payments.add_dispute(fees.intent(order), 4900, is_withdrawn=True).id
    fees.tell_dispute(name)
    fees.payments.change_dispute(name, status="won", is_reinstated=True)

    fees.tell_dispute(name)

    assert fees.renewals() == []
    assert fees.audit() == []


def test_the_audit_misses_the_fee_of_what_nobody_paid_for(fees: Fees) -> None:
    order = fees.buy()
    with fees.till.transaction() as session:
        fee = session.scalars(select(RenewalFee)).one()
        fee.status = EntitlementStatus.REVOKED
    assert "went back, and it was not revoked" in fees.audit()[0]
    with fees.till.transaction() as session:
        session.scalars(select(RenewalFee)).one().used_at = None
    assert "nobody has paid one" in fees.audit()[0]
    assert order.total == 4900
    assert fees.session.scalars(select(Achievement.renewal_by_exam)).all() == [True]
