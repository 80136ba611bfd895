"""A shop that renews certificates for 49 dollars, for tests of what a fee brings about."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.catalog.models import Course
from laurel.commerce import queries as shop
from laurel.commerce import services as commerce
from laurel.commerce.models import Order, Refund
from laurel.commerce.queries.invariants import list_broken_invariants
from laurel.commerce.rules import AccessEffect, OfferingKind, RefundOrigin, RefundReason
from laurel.commerce.services import Till
from laurel.core import clock
from laurel.core.bus import perform
from laurel.core.db import Database
from laurel.core.events import Delivery, DeliveryStatus
from laurel.credentials.models import Credential, CredentialVersion
from laurel.credentials.services.auditing import Audit
from laurel.credentials.services.fee_renewals import follow_fee, open_fee
from tests.factories.commerce import make_offering
from tests.factories.credentials import ISSUER
from tests.fakes import FakePayments, PlainVault

pytestmark = pytest.mark.usefixtures("app")
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Fees:
    """A holder in front of a shop that renews certificates for 49 dollars, and the worker behind it."""

    database: Database
    session: Session
    till: Till
    payments: FakePayments
    course_id: UUID
    credential: Credential
    """The one that ends soon."""

    @property
    def buyer_id(self) -> UUID:
        return self.credential.holder_id

    def look(self) -> Session:
        """The session, seeing what others committed."""
        self.session.rollback()
        self.session.expire_all()
        return self.session

    def permit(self, credential_id: UUID | None = None) -> UUID:
        with self.till.transaction() as session:
            return open_fee(session, holder_id=self.buyer_id, credential_id=credential_id or self.credential.id, now=clock.now())

    def order(self, permit_id: UUID, *, code: str = "") -> Order:
        return commerce.buy(
            self.till,
            buyer_id=self.buyer_id,
            course_id=self.course_id,
            currency="usd",
            click_token=None,
            kind=OfferingKind.RENEWAL,
            code=code,
            permit_id=permit_id,
        )

    def open_page(self, order: Order) -> str:
        commerce.open_checkout(self.till, order.id, return_url="http://laurel.test/orders/1")
        return list(self.payments.checkouts)[-1]

    def pay(self, session_id: str) -> None:
        self.payments.pay(session_id)
        commerce.sync_checkout(self.till, session_id)
        self.work()

    def buy(self, permit_id: UUID | None = None) -> Order:
        """The whole way, to the signed certificate."""
        order = self.order(permit_id or self.permit())
        self.pay(self.open_page(order))
        return order

    def work(self) -> None:
        """What the worker does: everything that is owed, refunds too. Mails and credits of clicks are left."""
        for _round in range(6):
            with self.till.transaction() as session:
                waiting = select(Delivery).where(Delivery.status == DeliveryStatus.DUE, Delivery.handler.startswith("credentials."))
                due = [found.id for found in session.scalars(waiting.order_by(Delivery.id)) if ".email" not in found.handler]
            for delivery_id in due:
                with self.till.transaction() as session:
                    perform(session, delivery_id, now=clock.now())
            with self.till.transaction() as session:
                orders = set(session.scalars(select(Refund.order_id)))
            for order_id in orders:
                commerce.submit_refunds_of(self.till, order_id)
            if not due:
                return

    def renewals(self) -> list[Credential]:
        found = select(Credential).where(Credential.renewed_from_id == self.credential.id).order_by(Credential.awarded_at, Credential.id)
        return list(self.look().scalars(found))

    def ends(self, credential: Credential) -> Any:
        return self.session.scalar(
            select(CredentialVersion.valid_until).where(
                CredentialVersion.credential_id == credential.id, CredentialVersion.n == credential.current_n
            )
        )

    def refund(self, order: Order, *, effect: AccessEffect = AccessEffect.REVOKE, amount: int = 4900) -> Refund:
        with self.till.transaction() as session:
            line = shop.list_lines(session, order.id)[0]
            refund = commerce.request_refund(
                session,
                order.id,
                lines=[(line.id, amount, 0)],
                reason=RefundReason.REQUESTED_BY_CUSTOMER,
                access_effect=effect,
                origin=RefundOrigin.STAFF,
                env=self.till.env,
                now=clock.now(),
            )
        done = commerce.submit_refund(self.till, refund.id)
        self.work()
        return done

    def intent(self, order: Order) -> str:
        session = self.look()
        payment = shop.find_main_payment(session, order.id)
        assert payment is not None
        return payment.payment_intent

    def follow(self, order: Order, *, now: datetime) -> None:
        """Bring the certificate to where its money stands."""
        with self.till.transaction() as session:
            line_id = shop.list_lines(session, order.id)[0].id
            follow_fee(session, line_id, issuer=ISSUER, keys=PlainVault(), env=self.till.env, now=now)

    def tell_dispute(self, name: str) -> None:
        commerce.sync_dispute(self.till, name)
        self.work()

    def audit(self) -> list[str]:
        self.look()
        audit = Audit(read=partial(self.database.session, writes=False), issuer=ISSUER, now=clock.now())
        return [f"{found.subject}: {found.detail}" for found in audit.differences()]

    def broken(self) -> list[Any]:
        return list_broken_invariants(self.look())

    def award(self, order: Order) -> None:
        """Paid, and the first thing alone that is owed for it is done: the certificate is awarded, and not yet signed."""
        session_id = self.open_page(order)
        self.payments.pay(session_id)
        commerce.sync_checkout(self.till, session_id)
        with self.till.transaction() as session:
            (delivery,) = session.scalars(select(Delivery.id).where(Delivery.handler == "credentials.follow_renewal_fee")).all()
            perform(session, delivery, now=clock.now())


Make = Callable[..., Fees]


def open_fees(database: Database, till: Till, session: Session, credential: Credential, course: Course) -> Fees:
    """The renewal of this certificate is for sale from now on."""
    make_offering(session, course=course, kind=OfferingKind.RENEWAL, prices={"usd": 4900, "eur": 4500})
    session.commit()
    assert isinstance(till.payments, FakePayments)
    return Fees(database, session, till, till.payments, course.id, credential)
