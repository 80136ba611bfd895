"""`make record-stripe DIR=…`: every operation of the sandbox, and all that Laurel asks of Stripe, written down.

What is left in DIR (requests.jsonl, responses.jsonl, webhooks.jsonl) can be held against Stripe's OpenAPI document.
"""

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import stripe

from laurel.commerce.gateway import CheckoutDetails, CheckoutLine, RefundDetails
from laurel.commerce.rules import SeenPayment, TaxBehavior
from laurel.commerce.stripe_gateway import StripeGateway
from laurel.core.clock import now
from laurel.settings import Settings, Stage
from stripesim.recording import RECORDINGS
from stripesim.sandbox import Settings as SandboxSettings
from stripesim.server import Server
from tests.stripesim.driver import Buyer, Control, Shop, stripe_client, wait_until
from tests.stripesim.record_selling import selling_tour
from tests.stripesim.tour import whole_tour


@contextmanager
def recording_server(record: Path, work: Path, shop: Shop) -> Iterator[Server]:
    """A fresh sandbox that writes down what is said to it."""
    server = Server(
        SandboxSettings(db=work / "stripesim.db", secret_file=work / "sandbox.json", webhook_url=shop.url, public_url="", record=record)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()


def laurel_tour(server: Server, buyer: Buyer, control: Control) -> None:
    """Each operation of Laurel's own gateway. One that is added there belongs in here, too."""
    gateway = StripeGateway(_laurel_settings(server))
    customer = gateway.create_customer(
        gateway.freeze_customer(email="ada@example.com", user_ref="user"), key="laurel:record:user:1:customer"
    )
    paid, left = (gateway.open_checkout(gateway.freeze_checkout(_details(customer, n)), key=f"laurel:record:order:{n}:cs:1") for n in "12")
    buyer.pay(paid.url or "")
    seen = gateway.fetch_checkout(paid.session_id)
    if seen.payment is None or gateway.find_checkout_of(seen.payment.intent_id) != paid.session_id:
        raise AssertionError("The payment does not lead back to its checkout.")
    gateway.expire_checkout(left.session_id, key="laurel:record:order:2:cs:1:expire")
    selling_tour(_laurel_settings(server), buyer, partial(_details, customer))
    _give_back(gateway, seen.payment)
    for number, answer in (("8", "evidence"), ("9", "give in")):
        page = gateway.open_checkout(gateway.freeze_checkout(_details(customer, number)), key=f"laurel:record:order:{number}:cs:1")
        buyer.pay(page.url or "")
        _dispute(gateway, control, gateway.fetch_checkout(page.session_id).payment, answer=answer)
    _compare(gateway, seen.payment)


def _give_back(gateway: StripeGateway, payment: SeenPayment) -> None:
    """Laurel's operations on refunds."""
    details = RefundDetails(
        intent_id=payment.intent_id,
        amount=5000,
        reason="requested_by_customer",
        refund_ref="refund-1",
        order_ref="order-1",
        env="laurel.test",
    )
    made = gateway.create_refund(details, key="laurel:record:refund:1")
    if gateway.fetch_refund(made.id) != made or gateway.list_refunds(payment.intent_id) != [made]:
        raise AssertionError("The refund is not found again.")
    if gateway.find_intent_of_charge(payment.charge_id or "") != payment.intent_id:
        raise AssertionError("The charge does not lead back to its payment.")


def _dispute(gateway: StripeGateway, control: Control, payment: SeenPayment | None, *, answer: str) -> None:
    """Laurel's operations on disputes, and on the warnings before them."""
    if payment is None:
        raise AssertionError("There is nothing to be disputed.")
    gateway.fetch_warning(control.post(f"payments/{payment.intent_id}/warn")["id"])
    seen = gateway.fetch_dispute(control.post(f"payments/{payment.intent_id}/dispute")["id"])
    if not seen.is_withdrawn or not seen.fees or seen.intent_id != payment.intent_id:
        raise AssertionError("The dispute does not say what it took.")
    if answer == "evidence":
        gateway.send_evidence(seen.id, {"access_activity_log": "They read it all."}, key="laurel:record:dispute:3:evidence")
    elif gateway.accept_dispute(seen.id, key="laurel:record:dispute:4:close").status != "lost":
        raise AssertionError("Giving in is losing.")


def _compare(gateway: StripeGateway, payment: SeenPayment) -> None:
    """What Laurel lists to compare the books, and what its doctor asks."""
    since = now() - timedelta(hours=1)
    if payment.charge_id not in {charge.charge_id for charge in gateway.list_all_charges(since=since)}:
        raise AssertionError("The charge is in no list.")
    listed = gateway.list_paid_checkouts, gateway.list_all_refunds, gateway.list_all_disputes
    told = gateway.list_notices(["charge.refunded", "charge.dispute.created"], since=since)
    if not all(list(ask(since=since)) for ask in listed) or not list(told):
        raise AssertionError("What was done is in no list.")
    if gateway.fetch_account().is_live or gateway.list_endpoints():
        raise AssertionError("The account is live, or an endpoint of the tour was left.")


def _laurel_settings(server: Server) -> Settings:
    secrets = server.sandbox.secrets
    return Settings(
        stage=Stage.TEST,
        public_url="http://laurel.test",
        database_url="sqlite://",
        secret_key="only for this recording, and long enough for it",
        instance=server.sandbox.settings.db.parent,
        staff_second_factor=False,
        stripe_secret_key=secrets.secret_key,
        stripe_webhook_secrets=(secrets.webhook_secret,),
        stripe_api_base=f"http://127.0.0.1:{server.port}",
        key_encryption_key="only for this recording, too",
    )


def _details(customer: str, number: str) -> CheckoutDetails:
    lines = (CheckoutLine(title="AI+ Security Level 1", quantity=1, unit_amount=19500, offering_ref="offering"),)
    return CheckoutDetails(
        number=f"L-00000-0000{number}",
        order_ref=f"order-{number}",
        attempt_ref="1",
        env="laurel.test",
        customer=customer,
        currency="usd",
        tax_behavior=TaxBehavior.INCLUSIVE,
        lines=lines,
        return_url=f"http://laurel.test/orders/{number}",
        expires_at=now() + timedelta(minutes=60),
    )


def record(folder: Path) -> None:
    """Write the three recordings into `folder`, in place of older ones."""
    for name in RECORDINGS:
        (folder / name).unlink(missing_ok=True)
    stripe.enable_telemetry = False
    shop, buyer = Shop(), Buyer()
    try:
        with tempfile.TemporaryDirectory() as work, recording_server(folder, Path(work), shop) as server:
            base, key = f"http://127.0.0.1:{server.port}", server.sandbox.secrets.secret_key
            control = Control(base, key)
            list(whole_tour(stripe_client(base, key), buyer, control))
            laurel_tour(server, buyer, control)
            wait_until(lambda: _is_delivered(control), what="every event is delivered")
            control.close()
    finally:
        buyer.close()
        shop.close()


def _is_delivered(control: Control) -> bool:
    return all(one["state"] == "delivered" for one in control.get("deliveries")["deliveries"])


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("Say where the recordings go: make record-stripe DIR=recordings", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    record(folder)
    for name in RECORDINGS:
        print(f"{folder / name}: {len((folder / name).read_text().splitlines())} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
