"""The control API: what it refuses, and the tampering that a shop must notice."""

import pytest
import requests
import stripe

from tests.stripesim.driver import PATIENCE, Buyer, Control, Params
from tests.stripesim.tour import open_session, paid_intent


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"quantity": 2}, {"amount_total": 9800}),
        ({"unit_amount": 100}, {"amount_total": 100}),
        ({"currency": "eur"}, {"currency": "eur", "amount_total": 4900}),
        ({"livemode": True}, {"livemode": True}),
    ],
)
def test_a_session_can_be_made_to_differ_from_what_was_asked(
    client: stripe.StripeClient, buyer: Buyer, control: Control, changes: Params, seen: Params
) -> None:
    session = open_session(client)

    control.post(f"sessions/{session.id}/tamper", **changes)
    assert buyer.pay(session.url or "").status_code == 303

    done = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert {name: done[name] for name in seen} == seen
    assert isinstance(done.payment_intent, stripe.PaymentIntent)
    assert (done.payment_intent.amount_received, done.payment_intent.currency) == (done.amount_total, done.currency)


REFUSED: list[tuple[str, Params, int]] = [
    ("payments/cs_test_nobody/settle", {"outcome": "succeeded"}, 404),
    ("payments/{paid}/settle", {"outcome": "succeeded"}, 400),
    ("payments/{paid}/settle", {"outcome": "perhaps"}, 400),
    ("payments/{paid}/refund", {"amount": 4901}, 400),
    ("payments/{paid}/refund", {"amount": "all"}, 400),
    ("payments/{paid}/dispute", {"reason": "boredom"}, 400),
    ("payments/{paid}/dispute", {"amount": 4901}, 400),
    ("payments/{open}/dispute", {}, 404),
    ("refunds/re_nobody/settle", {"outcome": "failed"}, 404),
    ("disputes/dp_nobody/close", {"outcome": "won"}, 404),
    ("sessions/{open}/tamper", {"quantity": 0}, 400),
    ("sessions/{open}/tamper", {"color": "red"}, 400),
    ("events/evt_nobody/resend", {}, 404),
    ("clock", {"advance": -1}, 400),
    ("faults", {"kind": "lightning"}, 400),
]


def test_what_makes_no_sense_is_refused(client: stripe.StripeClient, buyer: Buyer, base: str, key: str) -> None:
    names = {"paid": paid_intent(client, buyer), "open": open_session(client).id}
    told = len(client.v1.events.list({"limit": 100}).data)

    with requests.Session() as http:
        http.trust_env = False
        for path, asked, status in REFUSED:
            answer = http.post(f"{base}/_sim/{path.format(**names)}", json=asked, auth=(key, ""), timeout=PATIENCE)
            assert (path, asked, answer.status_code) == (path, asked, status)
            assert answer.json()["error"]["message"]

    assert len(client.v1.events.list({"limit": 100}).data) == told


def test_nobody_controls_the_sandbox_without_its_key(base: str) -> None:
    with requests.Session() as http:
        http.trust_env = False
        assert http.post(f"{base}/_sim/clock", json={"advance": 1}, timeout=PATIENCE).status_code == 401
        assert http.get(f"{base}/_sim/clock", auth=("sk_test_other", ""), timeout=PATIENCE).status_code == 401
