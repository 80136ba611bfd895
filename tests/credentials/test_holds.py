"""While a bank decides about the payment nothing is signed; what it decides reaches the certificate."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.catalog.models import Course
from laurel.commerce.events import AccessReturned, DisputeClosed
from laurel.commerce.models import Entitlement, Offering, Order, OrderLine, Voucher
from laurel.commerce.rules import EntitlementSource, EntitlementStatus, OfferingKind, OrderState, TaxBehavior, VoucherStatus
from laurel.commerce.services.seats import make_seats
from laurel.core.clock import now
from laurel.core.ids import new_id
from laurel.credentials import queries
from laurel.credentials.handlers import issue_held, revoke_after_lost_dispute
from laurel.credentials.models import Credential
from laurel.credentials.rules.verdicts import CredentialState, RevocationReason
from laurel.credentials.services.issuing import issue
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_course, make_credential, make_pending
from tests.fakes import PlainVault


def grant(session: Session, user_id: object, course_id: object, status: EntitlementStatus) -> Entitlement:
    offering = session.query(Offering).filter_by(course_id=course_id).one_or_none()
    if offering is None:
        offering = Offering(course_id=course_id, title="Course", created_at=now())
        session.add(offering)
        session.flush()
    right = Entitlement(
        user_id=user_id,
        offering_id=offering.id,
        source_kind=EntitlementSource.ORDER_LINE,
        source_id=new_id(),
        created_at=now(),
        status=status,
    )
    session.add(right)
    session.flush()
    return right


@pytest.mark.parametrize("status", [EntitlementStatus.SUSPENDED, EntitlementStatus.REVOKED])
def test_nothing_is_signed_while_access_is_taken_back(app: object, session: Session, status: EntitlementStatus) -> None:
    learner, course = make_user(session), make_course(session)
    pending = make_pending(session, learner=learner, course=course)
    right = grant(session, learner.id, course.id, status)

    assert issue(session, pending.id, issuer=ISSUER, keys=PlainVault(), now=now()).state is CredentialState.PENDING
    assert "taken back or is disputed" in (queries.find_signing_trouble(session, pending) or "")
    right.status = EntitlementStatus.ACTIVE
    session.flush()
    told = AccessReturned(occurred_at=now(), order_id=new_id(), user_id=learner.id, course_id=course.id, cause="dispute")
    for _ in range(2):
        issue_held(session, told, issuer=ISSUER, keys=PlainVault())

    assert pending.state is CredentialState.ISSUED


def test_who_has_the_course_from_elsewhere_too_gets_the_certificate(app: object, session: Session) -> None:
    learner, course = make_user(session), make_course(session)
    pending = make_pending(session, learner=learner, course=course)
    grant(session, learner.id, course.id, EntitlementStatus.SUSPENDED)
    grant(session, learner.id, course.id, EntitlementStatus.ACTIVE)

    assert issue(session, pending.id, issuer=ISSUER, keys=PlainVault(), now=now()).state is CredentialState.ISSUED


def lose(session: Session, right: Entitlement, status: str, *, buyer: User | None = None) -> None:
    """A dispute about the order that the right came from ends; by a seat if somebody else is the buyer."""
    order = Order(
        number=f"L-{new_id().hex[-10:]}",
        buyer_id=buyer.id if buyer is not None else right.user_id,
        purchase_key="x",
        currency="usd",
        subtotal=100,
        total=100,
        tax_behavior=TaxBehavior.INCLUSIVE,
        is_live=False,
        state=OrderState.PAID,
        created_at=now(),
    )
    session.add(order)
    session.flush()
    line = OrderLine(
        order_id=order.id,
        line_no=1,
        kind=OfferingKind.COURSE if buyer is None else OfferingKind.SEATS,
        offering_id=right.offering_id,
        title="Course",
        unit_amount=100,
        amount=100,
    )
    session.add(line)
    session.flush()
    right.source_id = line.id
    if buyer is not None:
        pool = make_seats(session, order, line, now=now())
        seat = session.query(Voucher).filter_by(pool_id=pool.id).one()
        seat.status, seat.redeemed_by_id, seat.redeemed_at = VoucherStatus.REDEEMED, right.user_id, now()
        right.source_kind, right.source_id = EntitlementSource.VOUCHER, seat.id
    session.flush()
    revoke_after_lost_dispute(session, DisputeClosed(occurred_at=now(), order_id=order.id, dispute_id=new_id(), status=status))


@pytest.fixture
def certified(app: object, session: Session) -> tuple[Credential, Entitlement]:
    learner, course = make_user(session), make_course(session)
    credential = make_credential(session, learner=learner, course=course)
    return credential, grant(session, learner.id, course.id, EntitlementStatus.REVOKED)


def test_a_lost_dispute_revokes_the_certificate_with_its_reason(certified: tuple[Credential, Entitlement], session: Session) -> None:
    credential, right = certified
    for _ in range(2):
        lose(session, right, "lost")

    assert credential.state is CredentialState.REVOKED
    assert credential.revocation_reason is RevocationReason.REQUIREMENTS_WITHDRAWN
    assert "taken back by the bank" in (credential.revocation_note or "")


def test_a_lost_dispute_about_seats_reaches_who_redeemed_them_and_nobody_else(
    certified: tuple[Credential, Entitlement], session: Session
) -> None:
    """The buyer of the seats has the course by an order of their own, which a refund ended: that one's certificate stays."""
    credential, right = certified
    buyer, course = make_user(session), session.get_one(Course, session.get_one(Offering, right.offering_id).course_id)
    of_buyer = make_credential(session, learner=buyer, course=course)
    grant(session, buyer.id, course.id, EntitlementStatus.REVOKED)

    lose(session, right, "lost", buyer=buyer)

    assert credential.state is CredentialState.REVOKED
    assert of_buyer.state is CredentialState.ISSUED


def test_a_seat_that_is_still_good_keeps_its_certificate(certified: tuple[Credential, Entitlement], session: Session) -> None:
    credential, right = certified
    right.status = EntitlementStatus.ACTIVE

    lose(session, right, "lost", buyer=make_user(session))

    assert credential.state is CredentialState.ISSUED


@pytest.mark.parametrize(("status", "has_another"), [("won", False), ("lost", True)])
def test_a_certificate_stays_when_we_win_or_when_its_holder_has_the_course_otherwise(
    certified: tuple[Credential, Entitlement], session: Session, status: str, has_another: bool
) -> None:
    credential, right = certified
    if has_another:
        other = session.get_one(Offering, right.offering_id)
        grant(session, right.user_id, other.course_id, EntitlementStatus.ACTIVE)

    lose(session, right, status)

    assert credential.state is CredentialState.ISSUED


def test_the_holder_reads_that_the_certificate_waits(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    learner, course = make_user(session), make_course(session)
    pending = make_pending(session, learner=learner, course=course)
    grant(session, learner.id, course.id, EntitlementStatus.SUSPENDED)
    sign_in(learner)

    answer = client.get(f"/account/credentials/of-attempt/{pending.attempt_id}")

    assert "Your certificate waits" in answer.text
    assert "Refresh" not in answer.headers
