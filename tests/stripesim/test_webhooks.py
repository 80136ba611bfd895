"""Deliveries: signed like Stripe's, tried again, and as hostile as one asks for."""

import json
from pathlib import Path

import pytest
import stripe

from stripesim.server import Server
from tests.stripesim.driver import Control, Params, Shop, wait_until


def test_an_event_that_is_not_accepted_comes_again_with_a_fresh_signature(
    client: stripe.StripeClient, shop: Shop, control: Control, webhook_secret: str
) -> None:
    shop.status = 500
    client.v1.customers.create({"name": "Ada"})
    shop.wait_for("customer.created", count=1)
    wait_until(lambda: _log(control)[0]["attempts"] == 1, what="the refusal is noted")
    assert client.v1.events.list({"delivery_success": False}).data[0].pending_webhooks == 1

    shop.status = 200
    control.post("clock", advance=1)

    shop.wait_for("customer.created", count=2)
    wait_until(lambda: _log(control)[0]["state"] == "delivered", what="the second attempt is noted")
    for payload, signature in shop.received:
        stripe.Webhook.construct_event(payload, signature, webhook_secret)
    assert len({payload for payload, _ in shop.received}) == 1
    assert client.v1.events.list({"delivery_success": True}).data[0].pending_webhooks == 0


def test_copies_of_an_event_have_one_id(client: stripe.StripeClient, shop: Shop, control: Control) -> None:
    control.post("delivery", mode="duplicate", copies=5)

    client.v1.customers.create({"name": "Ada"})

    events = shop.wait_for("customer.created", count=5)
    assert len({event["id"] for event in events}) == 1


@pytest.mark.parametrize("mode", ["forged", "stale"])
def test_a_hostile_delivery_does_not_verify(
    client: stripe.StripeClient, shop: Shop, control: Control, webhook_secret: str, mode: str
) -> None:
    shop.status = 400
    control.post("delivery", mode=mode)

    client.v1.customers.create({"name": "Mallory"})

    shop.wait_for("customer.created")
    payload, signature = shop.received[0]
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(payload, signature, webhook_secret)
    wait_until(lambda: _log(control)[0]["state"] == "dead", what="a hostile delivery is tried once")


def test_an_event_that_was_never_sent_can_be_sent_again(client: stripe.StripeClient, shop: Shop, control: Control) -> None:
    control.post("delivery", mode="off")
    client.v1.customers.create({"name": "Ada"})
    event = client.v1.events.list({"types": ["customer.created"]}).data[0]
    assert _log(control) == []

    control.post(f"events/{event.id}/resend")

    assert [came["id"] for came in shop.wait_for("customer.created")] == [event.id]
    assert client.v1.events.retrieve(event.id).type == "customer.created"


def test_late_and_shuffled_deliveries_all_arrive(client: stripe.StripeClient, shop: Shop, control: Control) -> None:
    control.post("delivery", mode="delayed", seconds=3600)
    client.v1.customers.create({"name": "Ada"})
    assert shop.events() == []
    control.post("delivery", mode="shuffled", seconds=0.2)

    for _ in range(5):
        client.v1.customers.create({"name": "Bob"})
    shop.wait_for("customer.created", count=5)
    control.post("clock", advance=3600)

    shop.wait_for("customer.created", count=6)


def test_what_was_said_is_recorded(client: stripe.StripeClient, shop: Shop, server: Server) -> None:
    client.v1.customers.create({"name": "Ada"})
    shop.wait_for("customer.created")
    folder = server.sandbox.settings.record
    assert folder is not None

    request, response, webhook = (_lines(folder / name)[0] for name in ("requests.jsonl", "responses.jsonl", "webhooks.jsonl"))

    assert (request["method"], request["path"], request["body"]) == ("POST", "/v1/customers", "name=Ada")
    assert server.sandbox.secrets.secret_key not in json.dumps(request)
    assert (response["path"], response["status"], response["response"]["name"]) == ("/v1/customers", 200, "Ada")
    assert webhook["type"] == "customer.created"


def _log(control: Control) -> list[Params]:
    deliveries: list[Params] = control.get("deliveries")["deliveries"]
    return deliveries


def _lines(path: Path) -> list[Params]:
    return [json.loads(text) for text in path.read_text().splitlines()]
