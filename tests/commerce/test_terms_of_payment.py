"""What a payment page does besides taking the money: taxes, tax numbers, invoices, promotion codes; and what the order keeps of it."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.commerce import services
from laurel.commerce.gateway import CheckoutDetails, CheckoutLine, Notice, SeenInvoice
from laurel.commerce.models import Order
from laurel.commerce.rules import InboxStatus, OrderState, TaxBehavior
from laurel.commerce.services import Till
from laurel.commerce.stripe_gateway import checkout_params
from laurel.core.clock import now
from laurel.settings import PaymentOption, SettingsError, read_settings
from tests.commerce.conftest import ENV, Transaction
from tests.factories.accounts import make_user
from tests.factories.commerce import make_code, make_offering
from tests.fakes import FakePayments

BILLING = {
    "name": "Analytical Engines",
    "email": "ada@example.com",
    "address": {"country": "GB"},
    "tax_ids": [{"type": "gb_vat", "value": "GB1"}],
}
DETAILS = CheckoutDetails(
    number="L-1",
    order_ref="order",
    attempt_ref="1",
    env=ENV,
    customer="cus_1",
    currency="usd",
    tax_behavior=TaxBehavior.EXCLUSIVE,
    lines=(CheckoutLine(title="Bookkeeping", quantity=2, unit_amount=10000, offering_ref="offering"),),
    return_url="http://laurel.test/orders/1",
    expires_at=now(),
)


def test_a_page_asks_for_what_the_operator_chose_and_for_nothing_else() -> None:
    plain, everything = checkout_params(DETAILS), checkout_params(DETAILS, frozenset(PaymentOption))

    names = {"order_id": "order", "env": ENV}
    assert {key: value for key, value in everything.items() if key not in plain} == {
        "automatic_tax": {"enabled": True},
        "tax_id_collection": {"enabled": True},
        "billing_address_collection": "required",
        "invoice_creation": {"enabled": True, "invoice_data": {"metadata": names}},
        "consent_collection": {"terms_of_service": "required"},
        "allow_promotion_codes": True,
    }


def test_a_page_with_a_code_of_ours_takes_no_other_code() -> None:
    params = checkout_params(replace(DETAILS, coupon="laurel-1"), frozenset(PaymentOption))

    assert params["discounts"] == [{"coupon": "laurel-1"}]
    assert "allow_promotion_codes" not in params


def test_the_options_are_read_and_a_slip_stops_the_start() -> None:
    environment = {"LAUREL_STAGE": "test", "SECRET_KEY": "x" * 40, "KEY_ENCRYPTION_KEY": "y"}

    assert read_settings(environment).payment_options == frozenset()
    found = read_settings({**environment, "PAYMENTS_OPTIONS": "tax, invoices"}).payment_options
    assert found == {PaymentOption.TAX, PaymentOption.INVOICES}
    with pytest.raises(SettingsError, match="'taxes'"):
        read_settings({**environment, "PAYMENTS_OPTIONS": "taxes"})


@pytest.fixture
def opened(till: Till, transaction: Transaction, payments: FakePayments) -> str:
    """The page of an order for 195 dollars, taxes on top."""
    with transaction() as session:
        offering = make_offering(session)
        for currency, amount in (("usd", 19500), ("eur", 17900)):
            services.set_price(session, offering.id, currency=currency, unit_amount=amount, now=now(), tax_behavior=TaxBehavior.EXCLUSIVE)
        buyer_id, course_id = make_user(session).id, offering.course_id
    order = services.buy(till, buyer_id=buyer_id, course_id=course_id, currency="usd", click_token=None)
    services.open_checkout(till, order.id, return_url=f"http://laurel.test/orders/{order.id}")
    return next(iter(payments.checkouts))


def the_order(session: Session) -> Order:
    return session.scalars(select(Order)).one()


def test_tax_and_billing_are_kept_with_the_order(till: Till, opened: str, payments: FakePayments, session: Session) -> None:
    payments.pay(opened, amount_tax=3900, amount_total=23400, billing=BILLING)

    services.sync_checkout(till, opened)

    order = the_order(session)
    assert (order.state, order.subtotal, order.tax, order.total, order.amount_paid) == (OrderState.PAID, 19500, 3900, 23400, 23400)
    assert order.billing == BILLING


def test_a_promotion_code_is_believed_where_the_page_took_some(till: Till, opened: str, payments: FakePayments, session: Session) -> None:
    payments.pay(opened, amount_discount=5000, amount_total=14500, allows_promotion_codes=True)

    services.sync_checkout(till, opened)

    assert (the_order(session).state, the_order(session).discount, the_order(session).total) == (OrderState.PAID, 5000, 14500)


@pytest.mark.parametrize("changes", [
    {"amount_discount": 5000, "amount_total": 14500},
    {"amount_discount": 20000, "amount_total": 0, "allows_promotion_codes": True},
    {"amount_discount": 5000, "amount_total": 9500, "allows_promotion_codes": True},
])  # fmt: skip
def test_any_other_discount_is_not(till: Till, opened: str, payments: FakePayments, session: Session, changes: dict[str, object]) -> None:
    payments.pay(opened, **changes)

    services.sync_checkout(till, opened)

    assert the_order(session).state is OrderState.REVIEW


def test_a_page_with_our_code_is_not_believed_to_have_taken_another(
    till: Till, transaction: Transaction, payments: FakePayments, session: Session
) -> None:
    with transaction() as other:
        make_code(other)
        buyer_id, course_id = make_user(other).id, make_offering(other).course_id
    order = services.buy(till, buyer_id=buyer_id, course_id=course_id, currency="usd", click_token=None, code="SPRING")
    services.open_checkout(till, order.id, return_url="http://laurel.test/orders/1")
    payments.pay(next(iter(payments.checkouts)), amount_discount=9000, amount_total=10500, allows_promotion_codes=True)

    services.sync_checkout(till, next(iter(payments.checkouts)))

    assert the_order(session).state is OrderState.REVIEW


def tell(till: Till, transaction: Transaction, invoice_id: str, *, env: str = ENV) -> InboxStatus | None:
    notice = Notice(
        id=f"evt_{invoice_id}",
        type="invoice.paid",
        object_id=invoice_id,
        is_live=False,
        account=None,
        created_at=now(),
        api_version=None,
        payload={"data": {"object": {"id": invoice_id, "metadata": {"env": env}}}},
    )
    with transaction() as session:
        services.keep_notice(session, notice, is_live=False, now=till.now)
    return services.process_event(till, notice.id)


@pytest.mark.parametrize(("changes", "status"), [
    ({}, InboxStatus.DONE),
    ({"env": "staging.test"}, InboxStatus.IGNORED),
    ({"is_live": True}, InboxStatus.IGNORED),
    ({"order_ref": "nonsense"}, InboxStatus.IGNORED),
])  # fmt: skip
def test_an_invoice_is_kept_with_the_order_that_it_names(
    till: Till,
    transaction: Transaction,
    opened: str,
    payments: FakePayments,
    session: Session,
    changes: dict[str, object],
    status: InboxStatus,
) -> None:
    order_ref = str(the_order(session).id)
    session.rollback()
    invoice = SeenInvoice(
        id="in_1", order_ref=order_ref, env=ENV, is_live=False, url="https://invoice.stripe.com/i/1", pdf="https://pay.stripe.com/1"
    )
    payments.invoices["in_1"] = replace(invoice, **changes)  # type: ignore[arg-type]

    assert tell(till, transaction, "in_1") is status

    assert the_order(session).invoice_url == ("https://invoice.stripe.com/i/1" if status is InboxStatus.DONE else None)


def test_an_invoice_that_cannot_be_looked_up_is_tried_again(till: Till, transaction: Transaction, payments: FakePayments) -> None:
    assert tell(till, transaction, "in_unknown") is InboxStatus.FAILED
    assert tell(till, transaction, "in_of_others", env="elsewhere.test") is InboxStatus.IGNORED
