"""The failure matrix (specs/payments.md §11), rows 9, 10, 13-17, 22 and 23, and W1-W6 of specs/trust.md §2.3: over real HTTP."""

import hashlib
import hmac
import json
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from laurel.commerce.models import Entitlement, Order, Payment, Receipt, ReviewTask, StripeEvent
from laurel.commerce.rules import InboxStatus, OrderState
from laurel.commerce.services import process_event, retry_due_events
from laurel.core.clock import now as wall_clock
from laurel.core.mail import Mail
from tests.commerce.conftest import event_body, sign
from tests.commerce.matrix.conftest import Shop, differences_about, is_under_way, statuses

COMPLETED = "checkout.session.completed"


def pay_unheard(shop: Shop) -> str:
    """A payment of which Stripe tells nobody; returns the checkout's name."""
    shop.sandbox.tell("delivery", mode="off")
    page = shop.open_page()
    assert shop.browser.pay(page).status_code == 303
    return page.rpartition("/")[2]


def is_granted_once(shop: Shop) -> bool:
    counts = {model.__tablename__: shop.rows(model) for model in (Entitlement, Payment, Receipt)}
    return shop.order().state is OrderState.PAID and set(counts.values()) == {1}


def test_row_09_fifty_copies_at_once_are_one_grant_and_one_receipt(shop: Shop) -> None:
    payload = event_body(COMPLETED, pay_unheard(shop))

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: shop.tell(payload), range(50)))

    assert set(answers) == {200}
    assert is_granted_once(shop)
    assert shop.rows(StripeEvent) == 1
    assert shop.rows(Mail, Mail.key.startswith("receipt:")) <= 1


def test_row_09_the_sandbox_delivers_each_event_twenty_times(shop: Shop) -> None:
    shop.sandbox.tell("delivery", mode="duplicate", copies=20)
    shop.browser.pay(shop.open_page())

    shop.wait_until(lambda: is_granted_once(shop), "one grant")


def test_row_10_two_endpoints_that_tell_the_same_under_two_names_grant_once(shop: Shop) -> None:
    name = pay_unheard(shop)
    payloads = [event_body(COMPLETED, name, event_id=f"evt_{n}") for n in range(8)]

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(shop.tell, payloads))

    assert set(answers) == {200}
    for n in range(8):
        process_event(shop.till(after=timedelta(hours=1)), f"evt_{n}")  # what gave way to another is tried again
    assert is_granted_once(shop)


HOSTILE = {
    "forged": lambda body: (body, sign(body, secret="whsec_forged")),
    "no header": lambda body: (body, ""),
    "empty body": lambda _: (b"", None),
    "no utf-8": lambda _: (b"\xff\xfe", None),
    "non-ascii signature": lambda body: (body, "t=1,v1=\xe9"),
    "array": lambda _: (b"[]", None),
    "number": lambda _: (b"1", None),
    "no json": lambda _: (b"{", None),
    "an event without object": lambda _: (b'{"object": "event", "id": "evt_1", "type": "x"}', None),
    "only v0": lambda body: (body, sign(body).replace("v1=", "v0=")),
    "six kB of header": lambda body: (body, sign(body) + ",v1=" + "0" * 6000),
    "tampered": lambda body: (body.replace(b"evt_1", b"evt_2"), sign(body)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_row_13_hostile_input_is_refused_and_leaves_no_row(shop: Shop, name: str) -> None:
    body, signature = HOSTILE[name](event_body(COMPLETED, "cs_test_1"))

    status = shop.tell(body, signature=signature if signature is None else signature.encode().decode("latin-1"))

    assert status == 400
    assert shop.rows(StripeEvent) == 0


@pytest.mark.parametrize("size", [600_000, 10_000_000])
def test_row_13_a_huge_body_is_refused_before_it_is_read(shop: Shop, size: int) -> None:
    assert shop.tell(b"{" + b" " * size, signature="t=1,v1=0") == 413
    assert shop.rows(StripeEvent) == 0


@pytest.mark.parametrize("age", [301, -3600])
def test_row_14_signed_too_long_ago_or_in_the_future_is_refused(shop: Shop, age: int) -> None:
    payload = event_body(COMPLETED, "cs_test_1")

    assert shop.tell(payload, signature=sign(payload, secret=shop.sandbox.keys["webhook_secret"], age=age)) == 400
    assert shop.rows(StripeEvent) == 0


def test_row_15_both_secrets_of_a_rotation_are_believed_and_a_third_is_not(shop: Shop) -> None:
    name = pay_unheard(shop)

    assert shop.tell(event_body(COMPLETED, name, event_id="evt_3"), secret="whsec_never") == 400
    assert shop.tell(event_body(COMPLETED, name, event_id="evt_1"), secret="whsec_before") == 200
    assert shop.tell(event_body(COMPLETED, name, event_id="evt_2")) == 200
    assert is_granted_once(shop)


def test_row_15_a_header_with_two_signatures_is_read_to_its_end(shop: Shop) -> None:
    payload = event_body(COMPLETED, pay_unheard(shop))
    stamp = int(wall_clock().timestamp())
    secrets = ("whsec_of_tomorrow", shop.sandbox.keys["webhook_secret"])
    signatures = [hmac.new(secret.encode(), f"{stamp}.".encode() + payload, hashlib.sha256).hexdigest() for secret in secrets]

    assert shop.tell(payload, signature=f"t={stamp},v1={signatures[0]},v1={signatures[1]}") == 200
    assert is_granted_once(shop)


@pytest.mark.parametrize("changes", [{"livemode": True}, {"account": "acct_of_others"}])
def test_row_16_the_other_mode_and_other_accounts_never_fulfil(shop: Shop, changes: dict[str, Any]) -> None:
    name = pay_unheard(shop)

    assert shop.tell(event_body(COMPLETED, name, **changes)) == 200
    assert shop.order().state is OrderState.AWAITING_PAYMENT
    assert statuses(shop.session) == [InboxStatus.IGNORED]


def foreign_checkout(shop: Shop, **metadata: str) -> str:
    """A checkout of the same account that our site did not open."""
    names = {f"metadata[{key}]": value for key, value in metadata.items()}
    created = shop.stand.api(
        "POST",
        "/v1/checkout/sessions",
        **{
            "mode": "payment",
            "success_url": "https://other.example/",
            "line_items[0][quantity]": "1",
            "line_items[0][price_data][currency]": "usd",
            "line_items[0][price_data][unit_amount]": "500",
            "line_items[0][price_data][product_data][name]": "A mug",
            **names,
        },
    )
    return str(created["id"])


def test_row_17_a_foreign_checkout_is_answered_and_ignored(shop: Shop) -> None:
    name = foreign_checkout(shop)

    assert shop.tell(event_body(COMPLETED, name)) == 200
    assert statuses(shop.session) == [InboxStatus.IGNORED]


def test_row_17_one_that_names_us_and_no_order_is_tried_again_and_then_a_person_is_asked(shop: Shop) -> None:
    name = foreign_checkout(shop, env=shop.stand.settings.host, order_id="00000000-0000-7000-8000-000000000000")

    assert shop.tell(event_body(COMPLETED, name)) == 200
    assert statuses(shop.session) == [InboxStatus.FAILED]
    for day in range(1, 12):
        retry_due_events(shop.till(after=timedelta(days=day)))

    assert statuses(shop.session) == [InboxStatus.DEAD]
    assert [task.kind for task in shop.session.scalars(select(ReviewTask))] == ["dead_event"]


def test_row_22_a_webhook_without_database_is_delivered_again_by_stripe(shop: Shop) -> None:
    page = shop.open_page()
    shop.session.rollback()
    shop.wait_until(lambda: not is_under_way(shop.stand), "no request holds a connection")
    with shop.stand.without_database():
        assert shop.browser.pay(page).status_code == 303
        assert 500 <= shop.tell(event_body(COMPLETED, "cs_test_1"), once=True) < 600

    shop.wait_until(lambda: shop.order().state is OrderState.PAID, "Stripe's next try is heard")
    assert is_granted_once(shop)
    shop.session.rollback()
    shop.session.get_bind().engine.dispose()  # the engine from before the outage: only this session still has it


def test_row_23_an_event_whose_worker_was_killed_is_taken_over(shop: Shop) -> None:
    name = pay_unheard(shop)
    shop.sandbox.tell("faults", kind="down", method="GET", times=1)
    assert shop.tell(event_body(COMPLETED, name)) == 200
    lease_ends = wall_clock() + timedelta(seconds=60)
    shop.session.execute(update(StripeEvent).values(status=InboxStatus.PROCESSING, locked_until=lease_ends))
    shop.session.commit()

    assert retry_due_events(shop.till()) == 0
    assert shop.rows(Entitlement) == 0
    assert retry_due_events(shop.till(after=timedelta(seconds=61))) == 1
    assert is_granted_once(shop)


def test_w1_many_events_in_many_copies_shuffled_come_to_what_stripe_says(shop: Shop) -> None:
    name = pay_unheard(shop)
    kinds = (COMPLETED, "checkout.session.expired", "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed")
    payloads = [event_body(kind, name, event_id=f"evt_{kind}_{n}") for kind in kinds for n in range(6)]
    tellings = payloads * 5
    random.Random(4).shuffle(tellings)  # noqa: S311 (not a secret)

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(shop.tell, tellings))

    assert set(answers) == {200}
    assert shop.rows(StripeEvent) == len(payloads)
    retry_due_events(shop.till(after=timedelta(minutes=2)), limit=len(payloads))
    assert set(statuses(shop.session)) == {InboxStatus.DONE}
    assert is_granted_once(shop)
    assert shop.reconcile(after=timedelta(minutes=10)).differences == []


def test_w5_a_signed_event_of_a_type_that_we_do_not_know_is_answered(shop: Shop) -> None:
    assert shop.tell(event_body("customer.created", "cus_1")) == 200
    assert statuses(shop.session) == [InboxStatus.IGNORED]
    assert shop.session.scalars(select(StripeEvent)).one().payload == {}


def test_w5_a_signed_thin_event_is_as_good_as_a_full_one(shop: Shop) -> None:
    thin = {
        "id": "evt_thin",
        "object": "v2.core.event",
        "type": f"v1.{COMPLETED}",
        "livemode": False,
        "created": wall_clock().isoformat(),
        "related_object": {"id": pay_unheard(shop), "type": "checkout.session", "url": "/v1/checkout/sessions/x"},
    }

    assert shop.tell(json.dumps(thin).encode()) == 200
    assert is_granted_once(shop)


def test_a_paid_order_leaves_the_books_in_order(shop: Shop) -> None:
    shop.browser.pay(shop.open_page())
    shop.wait_until(lambda: is_granted_once(shop), "one grant")

    run = shop.reconcile(after=timedelta(minutes=10), is_deep=True)

    assert run.error is None
    assert differences_about(shop, run) == set()
    assert (run.counts or {})["charges_compared"] >= 1
    assert shop.rows(Order) == 1
