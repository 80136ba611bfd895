"""Everything that the sandbox can do, done once through Stripe's own library; what came back is returned.

The shape tests look at each object, and `make record-stripe` leaves what was said for a check from outside.
"""

from collections.abc import Iterator
from contextlib import suppress

import stripe

from tests.stripesim.driver import Buyer, Control, Params, line, session_params

Found = Iterator[stripe.StripeObject]
EXPANDED = ["line_items", "payment_intent.latest_charge.balance_transaction", "customer", "invoice", "total_details.breakdown"]


def whole_tour(client: stripe.StripeClient, buyer: Buyer, control: Control) -> Found:
    """Every endpoint and every event."""
    yield from account_and_customers(client)
    yield from webhook_endpoints(client)
    yield from codes(client)
    yield from paying(client, buyer)
    yield from reduced_orders(client, buyer)
    yield from invoices(client, buyer)
    yield from debits(client, buyer, control)
    yield from refunds(client, buyer, control)
    yield from disputes(client, buyer, control)
    yield from refusals(client)
    yield from looking_back(client)


def open_session(client: stripe.StripeClient, **more: object) -> stripe.checkout.Session:
    params: Params = session_params(**more)
    return client.v1.checkout.sessions.create(params)  # type: ignore[arg-type]  # a plain dict


def paid_intent(client: stripe.StripeClient, buyer: Buyer, number: str = "4242 4242 4242 4242", **more: object) -> str:
    """A payment of $49.00, its intent's id."""
    session = open_session(client, **more)
    assert buyer.pay(session.url or "", number).status_code == 303
    return str(client.v1.checkout.sessions.retrieve(session.id).payment_intent)


def account_and_customers(client: stripe.StripeClient) -> Found:
    yield client.v1.accounts.retrieve_current()
    customer = client.v1.customers.create({"email": "ada@example.com", "name": "Ada", "metadata": {"user_id": "1"}})
    yield customer
    yield client.v1.customers.update(customer.id, {"address": {"country": "DE", "city": "Berlin"}, "phone": ""})
    yield client.v1.customers.retrieve(customer.id)


def webhook_endpoints(client: stripe.StripeClient) -> Found:
    asked: stripe.params.WebhookEndpointCreateParams = {
        "url": "http://127.0.0.1:9/nobody",
        "enabled_events": ["checkout.session.completed", "charge.dispute.created"],
        "api_version": "2026-10-28.endive",
        "description": "Laurel",
    }
    made = client.v1.webhook_endpoints.create(asked)
    yield made
    yield client.v1.webhook_endpoints.update(made.id, {"disabled": True, "metadata": {"env": "test"}})
    yield client.v1.webhook_endpoints.retrieve(made.id)
    yield from client.v1.webhook_endpoints.list().data
    client.v1.webhook_endpoints.delete(made.id)


def codes(client: stripe.StripeClient) -> Found:
    half = client.v1.coupons.create({"percent_off": 12.5, "duration": "once", "name": "An eighth off", "metadata": {"code": "1"}})
    ten = client.v1.coupons.create(
        {
            "id": "TEN",
            "amount_off": 1000,
            "currency": "usd",
            "currency_options": {"eur": {"amount_off": 900}},
            "duration": "once",
            "max_redemptions": 50,
        }
    )
    yield half
    yield client.v1.coupons.update(ten.id, {"name": "Ten off", "metadata": {"k": "v"}})
    yield client.v1.coupons.retrieve(ten.id, {"expand": ["applies_to", "currency_options"]})
    yield from client.v1.coupons.list({"limit": 5}).data
    made = client.v1.promotion_codes.create(
        {
            "promotion": {"type": "coupon", "coupon": ten.id},
            "code": "SPRING",
            "max_redemptions": 20,
            "restrictions": {"minimum_amount": 2000, "minimum_amount_currency": "usd"},
        }
    )
    yield made
    yield client.v1.promotion_codes.retrieve(made.id, {"expand": ["promotion.coupon"]})
    yield from client.v1.promotion_codes.list({"code": "spring", "active": True}).data
    other = client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": half.id}})
    yield client.v1.promotion_codes.update(other.id, {"active": False, "metadata": {"why": "over"}})
    client.v1.coupons.delete(half.id)


def paying(client: stripe.StripeClient, buyer: Buyer) -> Found:
    customer = client.v1.customers.create({"email": "ada@example.com"})
    mine: Params = {"customer": customer.id, "customer_update": {"name": "auto", "address": "auto"}}
    session = open_session(client, **mine)
    yield session
    yield client.v1.checkout.sessions.update(session.id, {"metadata": {"note": "later"}})
    buyer.pay(session.url or "", "4000 0000 0000 0002")
    buyer.pay(session.url or "", "4000 0000 0000 9995")
    buyer.pay(session.url or "", "4000 0025 0000 3155")
    buyer.post(session.url or "", {"decision": "refuse"})
    buyer.pay(session.url or "", "4000 0025 0000 3155")
    buyer.post(session.url or "", {"decision": "approve"})
    yield client.v1.checkout.sessions.retrieve(session.id)
    yield client.v1.checkout.sessions.retrieve(session.id, {"expand": EXPANDED})
    items = client.v1.checkout.sessions.line_items.list(session.id, {"expand": ["data.price.product"]}).data
    yield from items
    assert items[0].price is not None
    yield items[0].price
    assert isinstance(items[0].price.product, stripe.Product)
    yield items[0].price.product
    intent_id = str(client.v1.checkout.sessions.retrieve(session.id).payment_intent)
    intent = client.v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge", "payment_method"]})
    yield intent
    assert isinstance(intent.payment_method, stripe.PaymentMethod)
    yield intent.payment_method
    yield client.v1.payment_intents.update(intent_id, {"metadata": {"note": "late"}, "description": "Order"})
    yield from client.v1.checkout.sessions.list({"payment_intent": intent_id, "status": "complete", "expand": ["data.line_items"]}).data
    left = open_session(client)
    buyer.pay(left.url or "", "4000 0000 0000 0002")
    yield client.v1.checkout.sessions.expire(left.id)
    free = open_session(client, line_items=[line(0)])
    buyer.pay(free.url or "", number="")
    yield client.v1.checkout.sessions.retrieve(free.id)


def reduced_orders(client: stripe.StripeClient, buyer: Buyer) -> Found:
    given = open_session(client, discounts=[{"coupon": "TEN"}])
    yield given
    buyer.pay(given.url or "")
    asked = open_session(client, allow_promotion_codes=True)
    buyer.post(asked.url or "", {"country": "US", "code": "SPRING", "action": "update"})
    buyer.pay(asked.url or "")
    yield client.v1.checkout.sessions.retrieve(asked.id, {"expand": ["total_details.breakdown", "discounts.promotion_code"]})


def invoices(client: stripe.StripeClient, buyer: Buyer) -> Found:
    session = open_session(
        client,
        line_items=[line(10000, currency="eur", tax_behavior="exclusive", quantity=2), line(500, currency="eur", tax_behavior="inclusive")],
        automatic_tax={"enabled": True},
        discounts=[{"coupon": "TEN"}],
        tax_id_collection={"enabled": True},
        invoice_creation={"enabled": True, "invoice_data": {"footer": "Thank you", "metadata": {"order_id": "1"}}},
        consent_collection={"terms_of_service": "required"},
    )
    business = {"country": "DE", "business": "Ada GmbH", "tax_id": "DE123456789", "terms": "yes"}
    buyer.pay(session.url or "", **business)
    buyer.pay(session.url or "", **business)
    done = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["total_details.breakdown"]})
    yield done
    yield client.v1.invoices.retrieve(str(done.invoice), {"expand": ["discounts"]})
    yield client.v1.invoices.retrieve(str(done.invoice))
    yield from client.v1.invoices.list({"customer": str(done.customer)}).data
    yield from client.v1.invoices.line_items.list(str(done.invoice)).data
    yield from client.v1.customers.tax_ids.list(str(done.customer)).data


def debits(client: stripe.StripeClient, buyer: Buyer, control: Control) -> Found:
    for currency, account, outcome in (
        ("usd", "000123456789", "succeeded"),
        ("usd", "000222222227", "failed"),
        ("eur", "AT611904300234573201", "succeeded"),
    ):
        session = open_session(client, line_items=[line(currency=currency)])
        buyer.pay(session.url or "", number="", method="bank", account=account)
        intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent
        yield client.v1.payment_intents.retrieve(str(intent), {"expand": ["latest_charge"]})
        control.post(f"payments/{intent}/settle", outcome=outcome)
        yield client.v1.payment_intents.retrieve(str(intent), {"expand": ["latest_charge", "payment_method"]})
        yield client.v1.checkout.sessions.retrieve(session.id)
        if outcome == "succeeded":
            yield client.v1.refunds.create({"payment_intent": str(intent), "amount": 100})


def refunds(client: stripe.StripeClient, buyer: Buyer, control: Control) -> Found:
    paid = paid_intent(client, buyer)
    part: stripe.params.RefundCreateParams = {
        "payment_intent": paid,
        "amount": 900,
        "reason": "requested_by_customer",
        "metadata": {"refund_id": "1"},
    }
    made = client.v1.refunds.create(part, {"idempotency_key": "laurel:test:refund:1"})
    yield made
    yield client.v1.refunds.create(part, {"idempotency_key": "laurel:test:refund:1"})
    yield client.v1.refunds.update(made.id, {"metadata": {"note": "late"}})
    yield client.v1.refunds.retrieve(made.id, {"expand": ["charge", "balance_transaction"]})
    yield from client.v1.refunds.list({"payment_intent": paid}).data
    control.post(f"payments/{paid}/refund", amount=100)
    failing = client.v1.refunds.create({"payment_intent": paid_intent(client, buyer, "4000 0000 0000 5126")})
    control.post(f"refunds/{failing.id}/settle", outcome="failed")
    yield client.v1.refunds.retrieve(failing.id)
    slow = paid_intent(client, buyer, "4000 0000 0000 7726")
    pending = client.v1.refunds.create({"payment_intent": slow, "amount": 1000})
    yield pending
    control.post(f"refunds/{pending.id}/settle", outcome="succeeded")
    asking = client.v1.refunds.create({"payment_intent": slow})
    control.post(f"refunds/{asking.id}/settle", outcome="requires_action")
    yield client.v1.refunds.retrieve(asking.id)
    yield client.v1.refunds.cancel(asking.id)
    yield client.v1.charges.retrieve(str(asking.charge), {"expand": ["refunds"]})


def disputes(client: stripe.StripeClient, buyer: Buyer, control: Control) -> Found:
    paid_intent(client, buyer, "4000 0000 0000 0259")
    lost = client.v1.disputes.list({"limit": 1}).data[0]
    yield lost
    yield client.v1.disputes.close(lost.id)
    for outcome in ("won", "prevented"):
        told = control.post(f"payments/{paid_intent(client, buyer)}/dispute", reason="product_not_received")
        yield client.v1.disputes.update(told["id"], {"evidence": {"customer_name": "Ada", "access_activity_log": "log"}, "submit": False})
        yield client.v1.disputes.update(told["id"], {"submit": True, "metadata": {"order_id": "1"}})
        control.post(f"disputes/{told['id']}/close", outcome=outcome)
        yield client.v1.disputes.retrieve(told["id"], {"expand": ["charge", "payment_intent"]})
    doubted = paid_intent(client, buyer)
    asked = control.post(f"payments/{doubted}/dispute", inquiry=True, reason="unrecognized")
    yield client.v1.disputes.retrieve(asked["id"])
    control.post(f"disputes/{asked['id']}/close", outcome="warning_closed")
    warned = control.post(f"payments/{doubted}/warn")
    yield client.v1.radar.early_fraud_warnings.retrieve(warned["id"])
    yield from client.v1.radar.early_fraud_warnings.list({"payment_intent": doubted}).data


def refusals(client: stripe.StripeClient) -> Found:
    """Errors have a shape, too."""
    yield from ()
    with suppress(stripe.StripeError):
        client.v1.checkout.sessions.retrieve("cs_test_nobody")
    with suppress(stripe.StripeError):
        client.v1.checkout.sessions.create(session_params(line_items=[line(10)]))  # type: ignore[arg-type]
    with suppress(stripe.StripeError):
        client.v1.coupons.create({"id": "TEN", "percent_off": 5})
    disputed = client.v1.disputes.list({"limit": 100}).data
    with suppress(stripe.StripeError):
        client.v1.refunds.create({"payment_intent": str(next(one.payment_intent for one in disputed if one.status == "lost"))})


def looking_back(client: stripe.StripeClient) -> Found:
    yield from client.v1.payment_intents.list({"limit": 100}).data
    yield from client.v1.charges.list({"limit": 100}).data
    yield from client.v1.disputes.list({"limit": 100}).data
    transactions = client.v1.balance_transactions.list({"limit": 100}).data
    yield from transactions
    yield client.v1.balance_transactions.retrieve(transactions[0].id, {"expand": ["source"]})
    yield client.v1.balance.retrieve()
    events = list(client.v1.events.list({"limit": 100}).auto_paging_iter())
    yield from events
    yield client.v1.events.retrieve(events[0].id)
    yield from client.v1.events.list({"types": ["refund.created", "refund.failed"], "delivery_success": True, "limit": 3}).data
