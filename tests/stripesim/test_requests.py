"""The rules that hold for every request: who may ask, what may be asked, and asking twice."""

import threading
import time

import pytest
import requests
import stripe

from tests.stripesim.driver import PATIENCE, Control, Params, line, session_params, stripe_client, wait_until


def test_a_wrong_key_is_refused(base: str) -> None:
    with pytest.raises(stripe.AuthenticationError) as refused:
        stripe_client(base, "sk_test_somebody_else").v1.accounts.retrieve_current()

    assert "else" in str(refused.value)
    assert "somebody" not in str(refused.value)


def test_the_key_may_come_as_a_user_name(base: str, key: str) -> None:
    with _http() as http:
        assert http.get(f"{base}/v1/account", timeout=PATIENCE).status_code == 401
        assert http.get(f"{base}/v1/account", auth=(key, ""), timeout=PATIENCE).status_code == 200


def test_a_request_that_is_too_large_is_refused_and_forgotten(base: str, key: str, client: stripe.StripeClient) -> None:
    with _http() as http:
        answer = http.post(f"{base}/v1/customers", data=b"name=" + b"x" * 10_000_000, auth=(key, ""), timeout=PATIENCE)

    assert answer.status_code == 413
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert client.v1.events.list().data == []


def test_another_api_version_is_refused(base: str, key: str) -> None:
    with _http() as http:
        answer = http.get(f"{base}/v1/account", headers={"Stripe-Version": "2020-08-27"}, auth=(key, ""), timeout=PATIENCE)

    assert answer.status_code == 400
    assert answer.headers["Request-Id"].startswith("req_")


def test_an_address_that_is_not_there_is_an_api_error(base: str, key: str) -> None:
    with _http() as http:
        answer = http.get(f"{base}/v1/unicorns", auth=(key, ""), timeout=PATIENCE)

    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"payment_method_types": ["card"]}, "parameter_unknown", "payment_method_types"),
        ({"line_items": [line() | {"colour": "red"}]}, "parameter_unknown", "line_items[0][colour]"),
        ({"success_url": None}, "parameter_missing", "success_url"),
        ({"line_items": [{"quantity": 1}]}, "parameter_missing", "line_items[0][price_data]"),
        ({"line_items": [line(49.5)]}, "parameter_invalid_integer", "line_items[0][price_data][unit_amount]"),  # type: ignore[arg-type]
        ({"client_reference_id": ""}, "parameter_invalid_empty", "client_reference_id"),
        ({"mode": "gift"}, None, "mode"),
        ({"success_url": "ftp://x"}, "url_invalid", "success_url"),
        ({"customer": "cus_nobody"}, "resource_missing", "customer"),
        ({"customer": "cus_1", "customer_email": "a@example.com"}, "parameters_exclusive", "customer"),
        ({"discounts": [{"coupon": "X"}], "allow_promotion_codes": True}, "parameters_exclusive", "allow_promotion_codes"),
        ({"discounts": [{"coupon": "X"}]}, "resource_missing", "discounts[0][coupon]"),
        ({"line_items": [line(10)]}, "amount_too_small", None),
        ({"expires_at": 1}, None, "expires_at"),
    ],
)
def test_a_wrong_parameter_is_named(client: stripe.StripeClient, change: Params, code: str | None, param: str | None) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.checkout.sessions.create(session_params(**change))  # type: ignore[arg-type]

    assert (refused.value.http_status, refused.value.code, refused.value.param) == (400, code, param)
    assert client.v1.checkout.sessions.list().data == []


def test_the_same_key_gives_the_same_session(client: stripe.StripeClient) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "laurel:test:1"}

    first = client.v1.checkout.sessions.create(session_params(), options)  # type: ignore[arg-type]
    again = client.v1.checkout.sessions.create(session_params(), options)  # type: ignore[arg-type]

    assert first.id == again.id
    assert len(client.v1.checkout.sessions.list().data) == 1
    assert again.last_response is not None
    assert again.last_response.headers["Idempotent-Replayed"] == "true"


def test_a_key_serves_one_purpose(client: stripe.StripeClient) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "laurel:test:2"}
    client.v1.customers.create({"email": "ada@example.com"}, options)

    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        client.v1.customers.create({"email": "bob@example.com"}, options)
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        client.v1.refunds.create({"charge": "ch_1"}, options)


def test_a_wrong_parameter_does_not_spend_the_key(client: stripe.StripeClient) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "laurel:test:3"}
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.create({"email": "not an address"}, options)

    assert client.v1.customers.create({"email": "ada@example.com"}, options).email == "ada@example.com"


def test_a_key_is_forgotten_after_a_day(client: stripe.StripeClient, control: Control) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "laurel:test:4"}
    first = client.v1.customers.create({"name": "Ada"}, options)

    control.post("clock", advance=24 * 3600 + 1)

    assert client.v1.customers.create({"name": "Ada"}, options).id != first.id


def test_two_requests_with_one_key_at_once_do_it_once(base: str, key: str) -> None:
    answers: list[requests.Response] = []

    def create() -> None:
        with _http() as http:
            headers = {"Idempotency-Key": "laurel:test:5"}
            answers.append(http.post(f"{base}/v1/customers", data={"name": "Ada"}, headers=headers, auth=(key, ""), timeout=PATIENCE))

    threads = [threading.Thread(target=create) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 200}) == 1
    refused = [answer.json()["error"]["code"] for answer in answers if answer.status_code == 409]
    assert set(refused) <= {"idempotency_key_in_use"}


def test_a_key_in_flight_is_a_conflict(base: str, key: str, control: Control) -> None:
    control.post("faults", kind="slow", seconds=PATIENCE)
    held = threading.Thread(target=_post_customer, args=(base, key))
    held.start()
    wait_until(lambda: control.get("faults")["faults"] == [], what="the first request is under way")

    conflict = _post_customer(base, key)
    control.delete("faults")
    held.join()

    assert conflict.status_code == 409
    assert conflict.json()["error"]["code"] == "idempotency_key_in_use"
    assert _post_customer(base, key).headers["Idempotent-Replayed"] == "true"


def test_lists_are_paged_from_the_newest(client: stripe.StripeClient) -> None:
    made = [client.v1.checkout.sessions.create(session_params()).id for _ in range(5)]  # type: ignore[arg-type]

    first = client.v1.checkout.sessions.list({"limit": 2})
    assert ([item.id for item in first.data], first.has_more) == (made[:2:-1], True)
    rest = client.v1.checkout.sessions.list({"limit": 3, "starting_after": first.data[-1].id})
    assert ([item.id for item in rest.data], rest.has_more) == (made[2::-1], False)
    back = client.v1.checkout.sessions.list({"limit": 1, "ending_before": rest.data[0].id})
    assert ([item.id for item in back.data], back.has_more) == ([made[3]], True)
    assert [item.id for item in client.v1.checkout.sessions.list({"limit": 2}).auto_paging_iter()] == made[::-1]
    with pytest.raises(stripe.InvalidRequestError, match="less than or equal to 100"):
        client.v1.checkout.sessions.list({"limit": 101})


def test_lists_are_filtered(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"email": "ada@example.com"})
    mine = client.v1.checkout.sessions.create(session_params(customer=customer.id))  # type: ignore[arg-type]
    other = client.v1.checkout.sessions.create(session_params())  # type: ignore[arg-type]
    client.v1.checkout.sessions.expire(other.id)

    found = client.v1.checkout.sessions.list({"customer": customer.id, "expand": ["data.line_items"]}).data
    assert [item.id for item in found] == [mine.id]
    assert found[0].line_items is not None
    assert [item.id for item in client.v1.checkout.sessions.list({"status": "expired"}).data] == [other.id]
    later = int(time.time()) + 60  # noqa: TID251 (the client's clock)
    assert client.v1.checkout.sessions.list({"created": {"gte": later}}).data == []
    assert len(client.v1.checkout.sessions.list({"created": {"lt": later}}).data) == 2


def test_what_cannot_be_expanded_is_refused(client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(session_params())  # type: ignore[arg-type]
    for path in ("currency", "nonsense", "a.b.c.d.e"):
        with pytest.raises(stripe.InvalidRequestError, match="expand"):
            client.v1.checkout.sessions.retrieve(session.id, {"expand": [path]})
    with pytest.raises(stripe.InvalidRequestError, match=r"data\.customer"):
        client.v1.checkout.sessions.list({"expand": ["customer"]})


def test_a_customer_changes_field_by_field(client: stripe.StripeClient) -> None:
    made = client.v1.customers.create({"email": "ada@example.com", "name": "Ada", "metadata": {"a": "1", "b": "2"}})

    changed = client.v1.customers.update(made.id, {"name": "", "metadata": {"a": "", "c": "3"}, "address": {"country": "DE"}})

    assert changed.metadata is not None
    assert (changed.email, changed.name, changed.metadata.to_dict()) == ("ada@example.com", None, {"b": "2", "c": "3"})
    assert changed.address is not None
    assert (changed.address.country, changed.address.city) == ("DE", None)
    assert client.v1.customers.retrieve(made.id).to_dict() == changed.to_dict()
    kinds = [event.type for event in client.v1.events.list().data]
    assert kinds == ["customer.updated", "customer.created"]


def test_the_connection_can_be_tested(client: stripe.StripeClient) -> None:
    account = client.v1.accounts.retrieve_current()

    assert account.charges_enabled
    assert client.v1.accounts.retrieve_current().id == account.id


def _post_customer(base: str, key: str) -> requests.Response:
    with _http() as http:
        headers = {"Idempotency-Key": "laurel:test:6"}
        return http.post(f"{base}/v1/customers", data={"name": "Ada"}, headers=headers, auth=(key, ""), timeout=PATIENCE)


def _http() -> requests.Session:
    http = requests.Session()
    http.trust_env = False
    return http
