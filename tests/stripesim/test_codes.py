"""Coupons and promotion codes: who may have them, what they take off, and when they are used up."""

import pytest
import stripe

from tests.stripesim.driver import Buyer, Control, Params, Shop, line
from tests.stripesim.tour import open_session


@pytest.fixture
def ten(client: stripe.StripeClient) -> stripe.Coupon:
    """Ten dollars, or nine euros, off."""
    return client.v1.coupons.create(
        {"id": "TEN", "amount_off": 1000, "currency": "usd", "currency_options": {"eur": {"amount_off": 900}}, "duration": "once"}
    )


def test_a_coupon_of_the_shop_is_on_the_page_and_in_the_breakdown(client: stripe.StripeClient, buyer: Buyer, ten: stripe.Coupon) -> None:
    session = open_session(client, line_items=[line(4000), line(1001)], discounts=[{"coupon": ten.id}])

    assert (session.amount_subtotal, session.amount_total) == (5001, 4001)
    assert "TEN" in buyer.look(session.url or "").text
    assert buyer.pay(session.url or "").status_code == 303

    done = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["line_items", "total_details.breakdown"]})
    assert done.total_details is not None
    assert done.total_details.breakdown is not None
    assert [(given.amount, given.discount.source.coupon) for given in done.total_details.breakdown.discounts] == [(1000, "TEN")]
    assert done.line_items is not None
    assert [item.amount_discount for item in done.line_items.data] == [799, 201]
    assert client.v1.coupons.retrieve("TEN").times_redeemed == 1


@pytest.mark.parametrize(("percent", "off"), [(50, 2450), (12.5, 613), (100, 4900)])
def test_a_percentage_is_rounded_half_up(client: stripe.StripeClient, percent: float, off: int) -> None:
    coupon = client.v1.coupons.create({"percent_off": percent})

    session = open_session(client, discounts=[{"coupon": coupon.id}])

    assert session.total_details is not None
    assert session.total_details.amount_discount == off
    assert session.amount_total == 4900 - off


def test_all_of_it_off_needs_no_card_and_no_payment(client: stripe.StripeClient, buyer: Buyer, shop: Shop) -> None:
    client.v1.coupons.create({"id": "ALL", "percent_off": 100})
    session = open_session(client, discounts=[{"coupon": "ALL"}])
    assert session.payment_status == "no_payment_required"

    assert buyer.pay(session.url or "", number="").status_code == 303

    done = client.v1.checkout.sessions.retrieve(session.id)
    assert (done.status, done.payment_status, done.payment_intent) == ("complete", "no_payment_required", None)
    shop.wait_for("checkout.session.completed")
    assert shop.events("payment_intent.created") == []


def test_a_buyer_types_a_code_and_sees_the_new_total_before_paying(client: stripe.StripeClient, buyer: Buyer, ten: stripe.Coupon) -> None:
    promotion = client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": ten.id}, "code": "SPRING"})
    session = open_session(client, allow_promotion_codes=True)
    url = session.url or ""

    shown = buyer.pay(url, code="spring")
    assert "$39.00" in shown.text
    assert "Nothing was charged yet" in shown.text
    assert "Remove SPRING" in shown.text
    assert "$49.00" in buyer.post(url, {"country": "US", "action": "remove-code"}).text
    buyer.post(url, {"country": "US", "code": "SPRING", "action": "update"})
    assert buyer.pay(url).status_code == 303

    done = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert isinstance(done.payment_intent, stripe.PaymentIntent)
    assert done.payment_intent.amount_received == done.amount_total == 3900
    assert done.discounts is not None
    assert [(one.coupon, one.promotion_code) for one in done.discounts] == [(None, promotion.id)]


@pytest.mark.parametrize(
    ("restrictions", "customer", "message"),
    [
        ({"minimum_amount": 5000, "minimum_amount_currency": "usd"}, None, "at least $50.00"),
        ({"minimum_amount": 1, "minimum_amount_currency": "eur"}, None, "another currency"),
        ({}, "somebody", "another customer"),
    ],
)
def test_a_code_that_is_not_for_this_order_says_why(
    client: stripe.StripeClient, buyer: Buyer, ten: stripe.Coupon, restrictions: dict[str, object], customer: str | None, message: str
) -> None:
    owner = {"customer": client.v1.customers.create({"name": customer}).id} if customer else {}
    params = {"promotion": {"type": "coupon", "coupon": ten.id}, "code": "SPRING", "restrictions": restrictions, **owner}
    client.v1.promotion_codes.create(params)  # type: ignore[arg-type]  # a plain dict

    page = buyer.pay(open_session(client, allow_promotion_codes=True).url or "", code="SPRING")

    assert page.status_code == 422
    assert message in page.text
    assert 'id="code-error"' in page.text


def test_an_unknown_code_is_said_beside_its_field(client: stripe.StripeClient, buyer: Buyer) -> None:
    page = buyer.pay(open_session(client, allow_promotion_codes=True).url or "", code="<b>nonsense</b>")

    assert page.status_code == 422
    assert "This code is not valid" in page.text
    assert "<b>nonsense" not in page.text


def test_the_last_use_of_a_coupon_goes_to_one_buyer(client: stripe.StripeClient, buyer: Buyer) -> None:
    client.v1.coupons.create({"id": "ONCE", "percent_off": 10, "max_redemptions": 1})
    first, second = (open_session(client, discounts=[{"coupon": "ONCE"}]) for _ in range(2))

    assert buyer.pay(first.url or "").status_code == 303
    late = buyer.pay(second.url or "")

    assert late.status_code == 409
    assert "You were not charged" in late.text
    assert client.v1.coupons.retrieve("ONCE").valid is False
    with pytest.raises(stripe.InvalidRequestError) as refused:
        open_session(client, discounts=[{"coupon": "ONCE"}])
    assert refused.value.code == "coupon_expired"


def test_a_code_ends_with_its_time_and_its_coupon(client: stripe.StripeClient, control: Control, ten: stripe.Coupon, shop: Shop) -> None:
    at = control.get("clock")["now"] + 3600
    timed = client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": ten.id}, "code": "TODAY", "expires_at": at})
    plain = client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": ten.id}, "code": "SPRING"})
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": ten.id}, "code": "spring"})

    control.post("clock", advance=3601)
    assert [one.id for one in client.v1.promotion_codes.list({"active": True}).data] == [plain.id]
    client.v1.coupons.delete(ten.id)

    assert client.v1.promotion_codes.list({"active": True}).data == []
    assert client.v1.promotion_codes.retrieve(timed.id, {"expand": ["promotion.coupon"]}).promotion.coupon is not None
    shop.wait_for("promotion_code.updated", count=2)
    with pytest.raises(stripe.InvalidRequestError, match="No such coupon"):
        client.v1.coupons.retrieve(ten.id)


def test_a_coupon_takes_off_what_its_currency_says(client: stripe.StripeClient, ten: stripe.Coupon) -> None:
    assert open_session(client, line_items=[line(currency="eur")], discounts=[{"coupon": ten.id}]).amount_total == 4000
    with pytest.raises(stripe.InvalidRequestError, match="nothing off in gbp"):
        open_session(client, line_items=[line(currency="gbp")], discounts=[{"coupon": ten.id}])


WRONG_COUPONS: list[tuple[Params, str | None]] = [
    ({}, "parameter_missing"),
    ({"percent_off": 10, "amount_off": 5}, "parameters_exclusive"),
    ({"percent_off": 101}, None),
    ({"percent_off": "ten"}, None),
    ({"amount_off": 5}, "parameter_missing"),
    ({"percent_off": 10, "id": "TEN"}, "resource_already_exists"),
    ({"percent_off": 10, "redeem_by": 1}, None),
    ({"percent_off": 10, "color": "red"}, "parameter_unknown"),
]


def test_a_coupon_that_makes_no_sense_is_refused(client: stripe.StripeClient, ten: stripe.Coupon) -> None:
    for params, code in WRONG_COUPONS:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.coupons.create(params)  # type: ignore[arg-type]  # wrong on purpose
        assert (params, refused.value.code) == (params, code)
    assert [one.id for one in client.v1.coupons.list().data] == [ten.id]
