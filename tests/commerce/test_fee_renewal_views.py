"""The pages on the way from a certificate that ends to the order that renews it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.catalog.models import Course
from laurel.commerce.models import Order, RenewalPermit
from laurel.commerce.rules import OrderState
from laurel.commerce.services import Till
from laurel.core import clock
from laurel.core.db import Database
from tests.commerce.fees import Fees, open_fees
from tests.commerce.shopping import text
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.commerce import make_sellable_course
from tests.factories.credentials import make_credential


@pytest.fixture
def fees(app: object, database: Database, till: Till, session: Session) -> Fees:
    course = make_sellable_course(session)
    return open_fees(database, till, session, make_credential(session, course=course, at=clock.now() - timedelta(days=300)), course)


def test_the_way_from_the_certificate_to_the_payment_and_back(
    fees: Fees, client: FlaskClient, sign_in: SignIn, csrf: Callable[..., str]
) -> None:
    sign_in(fees.session.get_one(User, fees.buyer_id))
    address = f"/account/credentials/{fees.credential.id}/renewal"
    page = text(client.get(address))
    assert "You pay $49" in page
    assert "Renew by the exam" not in page

    answer = client.post(f"{address}/fee", data={"csrf_token": csrf("/orders")})
    permit_id = fees.look().scalars(select(RenewalPermit.id)).one()
    assert (answer.status_code, answer.location) == (303, f"/renewals/{permit_id}")
    shop = text(client.get(answer.location))
    assert all(
        words in shop for words in ("$49", fees.credential.number, "does not say that you sat one", f"/renewals/{permit_id}?currency=eur")
    )
    form = {"csrf_token": csrf("/orders"), "kind": "renewal", "currency": "usd", "permit": str(permit_id), "quantity": "1"}
    assert client.post(f"/courses/{slug_of(fees)}/checkout", data={**form, "amount": "1"}).status_code == 409
    update = client.post(f"/courses/{slug_of(fees)}/checkout", data={**form, "code": "NONE", "act": "update"})
    assert update.location == f"/renewals/{permit_id}?currency=usd&quantity=1&code=NONE"
    assert client.post(f"/courses/{slug_of(fees)}/checkout", data={**form, "amount": "4900"}).status_code == 303

    (session_id,) = fees.payments.checkouts
    fees.pay(session_id)
    order = fees.look().scalars(select(Order)).one()
    assert order.state is OrderState.PAID
    assert "Your certificate is renewed" in text(client.get(f"/orders/{order.id}"))
    assert "You cannot order this renewal now" in text(client.get(f"/renewals/{permit_id}"))
    assert "It has been renewed" in text(client.get(address))
    (new,) = fees.renewals()
    assert "There was no new exam" in text(client.get(f"/credentials/{new.id}", headers={"Accept": "text/html"}))
    assert "Your exam score" not in text(client.get(f"/account/credentials/{new.id}"))
    assert "was renewed for a fee" in text(client.get(f"/account/credentials/{new.id}/score"))


def slug_of(fees: Fees) -> str:
    return fees.session.get_one(Course, fees.course_id).slug


def test_somebody_elses_renewal_is_neither_shown_nor_sold(
    fees: Fees, client: FlaskClient, sign_in: SignIn, csrf: Callable[..., str]
) -> None:
    permit_id = fees.permit()
    sign_in(make_user(fees.session))

    assert client.get(f"/renewals/{permit_id}").status_code == 404
    for permit in (str(permit_id), "", "none"):
        form = {"csrf_token": csrf("/orders"), "kind": "renewal", "permit": permit}
        assert client.post(f"/courses/{slug_of(fees)}/checkout", data=form).status_code in {404, 409}
    assert fees.look().scalars(select(Order)).all() == []
