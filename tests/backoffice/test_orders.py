"""Staff see orders; nobody else does."""

from collections.abc import Sequence

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.commerce.models import CheckoutAttempt, StripeEvent
from laurel.commerce.rules import AttemptState, InboxStatus, OrderState
from laurel.commerce.services.fulfilling import settle
from laurel.commerce.services.moving import ask_staff, move_order
from laurel.core.clock import now
from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering, make_order


@pytest.fixture
def staff(client: FlaskClient, session: Session, sign_in: SignIn) -> FlaskClient:
    return sign_in(make_user(session, roles=["support"]))


@pytest.mark.parametrize(("roles", "status"), [([], 403), (["author"], 403), (["marketer"], 403), (["support"], 200), (["admin"], 200)])
def test_orders_are_for_staff(client: FlaskClient, session: Session, sign_in: SignIn, roles: Sequence[str], status: int) -> None:
    order = make_order(session)
    sign_in(make_user(session, roles=roles))
    session.commit()

    assert client.get("/backoffice/orders").status_code == status
    assert client.get(f"/backoffice/orders/{order.id}").status_code == status


def test_the_list_is_searched_and_filtered(staff: FlaskClient, session: Session) -> None:
    ada = make_order(session, buyer=make_user(session, name="Ada", email="ada@example.com"))
    bob = make_order(session, buyer=make_user(session, name="Bob", email="bob@example.com"))
    settle(session, bob, amount_paid=19500, ref="pi_1", now=now())
    session.commit()

    def page(query: str) -> str:
        return staff.get(f"/backoffice/orders?{query}").get_data(as_text=True)

    assert ada.number in page("q=ADA@")
    assert bob.number not in page("q=ADA@")
    assert bob.number in page("state=paid")
    assert ada.number not in page("state=paid")
    assert ada.number in page("state=nonsense")
    assert "No order fits" in page("q=nobody")


def test_an_order_page_tells_the_whole_story(staff: FlaskClient, session: Session) -> None:
    order = make_order(session, buyer=make_user(session, name="Ada"))
    attempt = CheckoutAttempt(order_id=order.id, n=1, idem_key="k", request="{}", created_at=now(), expires_at=now())
    attempt.session_id, attempt.state = "cs_test_1", AttemptState.OPEN
    event = StripeEvent(
        id="evt_1",
        type="checkout.session.completed",
        object_id="cs_test_1",
        created_at=now(),
        api_version=None,
        is_live=False,
        payload={},
        received_at=now(),
        status=InboxStatus.FAILED,
        error="It was too early",
    )
    session.add_all([attempt, event])
    move_order(session, order, OrderState.REVIEW)
    ask_staff(session, order, kind="payment_mismatch", ref="cs_test_1", detail="total 1 for 19500", now=now())
    session.commit()

    page = staff.get(f"/backoffice/orders/{order.id}").get_data(as_text=True)

    for words in (order.number, "Ada", "cs_test_1", "It was too early", "total 1 for 19500", "Payment mismatch", "Being checked"):
        assert words in page


def test_a_free_order_has_nothing_to_receive(staff: FlaskClient, session: Session) -> None:
    order = make_order(session, offering=make_offering(session, prices={"usd": 0}))
    session.commit()

    page = staff.get(f"/backoffice/orders/{order.id}").text

    assert "Nothing to pay" in page
    assert "$0" not in page


def test_an_order_that_does_not_exist_is_not_found(staff: FlaskClient) -> None:
    assert staff.get("/backoffice/orders/00000000-0000-7000-8000-000000000000").status_code == 404


def test_the_list_takes_as_many_queries_for_many_orders_as_for_one(staff: FlaskClient, session: Session, queries: QueryCount) -> None:
    counts = []
    for _ in range(3):
        make_order(session)
        session.commit()
        queries.clear()
        staff.get("/backoffice/orders")
        counts.append(queries.selects)

    assert counts[1] == counts[2] <= 8  # the first one warms the connection up
