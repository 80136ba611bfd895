"""Deliveries: signed like Stripe's, tried again, and as hostile as one asks for."""

import json

import pytest
import stripe

from stripesim.server import Server
from tests.stripesim.driver import Control, Params, Shop, recorded, wait_until


def test_an_event_that_is_not_accepted_comes_again_with_a_fresh_signature(
    client: stripe.StripeClient, shop: Shop, control: Control, webhook_secret: str
) -> None:
    shop.status = 500
    client.v1.customers.create({"name": "Ada"})
    shop.wait_for("customer.created", count=1)
    wait_until(lambda: _log(control)[0]["attempts"] >= 1, what="the refusal is noted")
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


def test_a_registered_endpoint_hears_what_it_asked_for_with_its_own_secret(
    client: stripe.StripeClient, shop: Shop, webhook_secret: str
) -> None:
    other = Shop()
    asked: stripe.params.WebhookEndpointCreateParams = {"url": other.url, "enabled_events": ["customer.updated"]}
    endpoint = client.v1.webhook_endpoints.create(asked)
    assert endpoint.secret is not None
    customer = client.v1.customers.create({"name": "Ada"})
    client.v1.customers.update(customer.id, {"name": "Grace"})

    payload, signature = other.wait_for("customer.updated") and other.received[0]
    shop.wait_for("customer.updated")
    other.close()

    assert stripe.Webhook.construct_event(payload, signature, endpoint.secret).type == "customer.updated"
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(payload, signature, webhook_secret)
    assert [event["type"] for event in other.events()] == ["customer.updated"]
    assert [event["type"] for event in shop.events()] == ["customer.created", "customer.updated"]
    assert "secret" not in client.v1.webhook_endpoints.retrieve(endpoint.id)


def test_two_endpoints_of_one_shop_get_one_event_with_one_id(client: stripe.StripeClient, shop: Shop, control: Control) -> None:
    endpoint = client.v1.webhook_endpoints.create({"url": shop.url, "enabled_events": ["*"]})
    client.v1.customers.create({"name": "Ada"})

    events = shop.wait_for("customer.created", count=2)
    assert len({event["id"] for event in events}) == 1
    assert {event["pending_webhooks"] for event in events} == {2}
    wait_until(lambda: {one["state"] for one in _log(control)} == {"delivered"}, what="both are noted")
    assert client.v1.events.retrieve(events[0]["id"]).pending_webhooks == 0
    client.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})
    client.v1.customers.create({"name": "Bob"})
    shop.wait_for("customer.created", count=3)
    assert len(_log(control)) == 3


def test_an_endpoint_asks_for_events_that_exist_and_for_our_version(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as unknown:
        client.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/x", "enabled_events": ["money.came"]})  # type: ignore[list-item]
    assert unknown.value.param == "enabled_events[0]"
    with pytest.raises(stripe.InvalidRequestError, match="2026-10-28"):
        client.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/x", "enabled_events": ["*"], "api_version": "2020-08-27"})


@pytest.mark.parametrize("flavor", ["forged", "stale"])
def test_an_old_event_can_be_sent_again_as_an_attacker_would(
    client: stripe.StripeClient, shop: Shop, control: Control, webhook_secret: str, flavor: str
) -> None:
    client.v1.customers.create({"name": "Ada"})
    event = shop.wait_for("customer.created")[0]

    control.post(f"events/{event['id']}/resend", flavor=flavor)

    shop.wait_for("customer.created", count=2)
    payload, signature = shop.received[1]
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(payload, signature, webhook_secret)
    assert control.get(f"deliveries?event={event['id']}")["deliveries"][0]["flavor"] == flavor


def test_what_was_said_is_recorded(client: stripe.StripeClient, shop: Shop, server: Server) -> None:
    client.v1.customers.create({"name": "Ada"})
    shop.wait_for("customer.created")

    request, response, webhook = (recorded(server, name)[0] for name in ("requests", "responses", "webhooks"))

    assert (request["method"], request["path"], request["body"]) == ("POST", "/v1/customers", "name=Ada")
    assert server.sandbox.secrets.secret_key not in json.dumps(request)
    assert (response["path"], response["status"], response["response"]["name"]) == ("/v1/customers", 200, "Ada")
    assert webhook["type"] == "customer.created"


def _log(control: Control) -> list[Params]:
    deliveries: list[Params] = control.get("deliveries")["deliveries"]
    return deliveries
