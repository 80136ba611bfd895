"""The failures that a shop must survive, on demand."""

import pytest
import stripe

from tests.stripesim.driver import Control, stripe_client

OPTIONS: stripe.RequestOptions = {"idempotency_key": "laurel:test:fault"}


@pytest.mark.parametrize("kind", ["down", "timeout_before", "timeout_after"])
def test_a_lost_answer_is_a_connection_error_and_a_retry_does_it_once(client: stripe.StripeClient, control: Control, kind: str) -> None:
    control.post("faults", kind=kind, method="POST")

    with pytest.raises(stripe.APIConnectionError):
        client.v1.customers.create({"name": "Ada"}, OPTIONS)
    client.v1.customers.create({"name": "Ada"}, OPTIONS)

    assert len(client.v1.events.list({"type": "customer.created"}).data) == 1


def test_a_client_that_retries_does_not_notice_a_short_outage(base: str, key: str, control: Control) -> None:
    control.post("faults", kind="down", times=2)

    assert stripe_client(base, key, retries=2).v1.customers.create({"name": "Ada"}).name == "Ada"


def test_a_500_is_given_again_for_its_key(client: stripe.StripeClient, control: Control) -> None:
    control.post("faults", kind="500")

    for _ in range(2):
        with pytest.raises(stripe.APIError) as failure:
            client.v1.customers.create({"name": "Ada"}, OPTIONS)
        assert failure.value.http_status == 500
    assert client.v1.customers.create({"name": "Ada"}, {"idempotency_key": "laurel:test:next"}).name == "Ada"


def test_a_500_that_stays_ends_when_it_is_cleared(client: stripe.StripeClient, control: Control) -> None:
    control.post("faults", kind="500", times=None, path_prefix="/v1/account")
    for _ in range(3):
        with pytest.raises(stripe.APIError):
            client.v1.accounts.retrieve_current()
    client.v1.customers.create({"name": "Ada"})

    control.delete("faults")

    assert client.v1.accounts.retrieve_current().id.startswith("acct_")


@pytest.mark.parametrize("kind", ["429", "lock_timeout"])
def test_too_many_requests_leave_the_key_unspent(client: stripe.StripeClient, control: Control, kind: str) -> None:
    control.post("faults", kind=kind)

    with pytest.raises(stripe.RateLimitError):
        client.v1.customers.create({"name": "Ada"}, OPTIONS)

    assert client.v1.customers.create({"name": "Ada"}, OPTIONS).name == "Ada"


def test_half_an_answer_is_an_error(client: stripe.StripeClient, control: Control) -> None:
    control.post("faults", kind="malformed")

    with pytest.raises(stripe.APIError):
        client.v1.accounts.retrieve_current()
