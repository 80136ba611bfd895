"""What stands around the sandbox in a test: a shop that receives webhooks, a buyer with a browser."""

import http.server
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import requests
import stripe

from stripesim.server import Server

Params = dict[str, Any]

PATIENCE = 30.0
GOOD_CARD = "4242 4242 4242 4242"


def recorded(server: Server, name: str) -> list[Params]:
    """What the sandbox wrote down: `requests`, `responses` or `webhooks`."""
    folder = server.sandbox.settings.record
    assert folder is not None
    return [json.loads(text) for text in (folder / f"{name}.jsonl").read_text().splitlines()]


def wait_until(is_so: Callable[[], bool], *, what: str) -> None:
    """Look again and again, without a nap, until it is so or patience ends."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > deadline:
            raise AssertionError(f"It never came to be: {what}")


class Shop:
    """A webhook endpoint that keeps what it is sent and answers `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.received: list[tuple[bytes, str]] = []
        self._changed = threading.Condition()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/stripe/webhook"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def events(self, kind: str | None = None) -> list[Params]:
        """The events that came, whoever signed them."""
        events = [json.loads(payload) for payload, _ in list(self.received)]
        return [event for event in events if kind in (None, event["type"])]

    def wait_for(self, kind: str, *, count: int = 1) -> list[Params]:
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.events(kind)) >= count, PATIENCE)
        assert came, f"{kind} came {len(self.events(kind))} times, not {count}; all: {[e['type'] for e in self.events()]}"
        return self.events(kind)

    def _keep(self, payload: bytes, signature: str) -> int:
        with self._changed:
            self.received.append((payload, signature))
            self._changed.notify_all()
        return self.status

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        shop = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                payload = self.rfile.read(int(self.headers["Content-Length"]))
                status = shop._keep(payload, self.headers["Stripe-Signature"])
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Tests are quiet."""

        return Handler


class Buyer:
    """A browser without scripts: it posts the payment form and does not follow redirects."""

    def __init__(self) -> None:
        self._http = requests.Session()
        self._http.trust_env = False

    def close(self) -> None:
        self._http.close()

    def look(self, url: str) -> requests.Response:
        return self._http.get(url, allow_redirects=False, timeout=PATIENCE)

    def post(self, url: str, form: Params) -> requests.Response:
        return self._http.post(url, data=form, allow_redirects=False, timeout=PATIENCE)

    def pay(self, url: str, number: str = GOOD_CARD, **fields: str) -> requests.Response:
        form = {
            "email": "ada@example.com",
            "number": number,
            "expiry": "12 / 34",
            "cvc": "123",
            "name": "Ada Lovelace",
            "country": "US",
            "action": "pay",
        }
        return self.post(url, form | fields)


class Control:
    """The sandbox's control API."""

    def __init__(self, base: str, key: str) -> None:
        self._base = f"{base}/_sim"
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers["Authorization"] = f"Bearer {key}"

    def close(self) -> None:
        self._http.close()

    def get(self, path: str) -> Params:
        return self._told(self._http.get(f"{self._base}/{path}", timeout=PATIENCE))

    def post(self, path: str, **asked: Any) -> Params:
        return self._told(self._http.post(f"{self._base}/{path}", json=asked, timeout=PATIENCE))

    def delete(self, path: str) -> Params:
        return self._told(self._http.delete(f"{self._base}/{path}", timeout=PATIENCE))

    @staticmethod
    def _told(response: requests.Response) -> Params:
        assert response.status_code == 200, response.text
        told: Params = response.json()
        return told


def stripe_client(base: str, key: str, *, retries: int = 0) -> stripe.StripeClient:
    """The real client, kept away from proxies."""
    session = requests.Session()
    session.trust_env = False
    return stripe.StripeClient(
        key,
        base_addresses={"api": base},
        max_network_retries=retries,
        http_client=stripe.RequestsClient(session=session, timeout=PATIENCE),
    )


def line(unit_amount: int = 4900, *, quantity: int = 1, currency: str = "usd", **price: Any) -> Params:
    product = {"name": "AI+ Security Level 1", "tax_code": "txcd_20060058", "metadata": {"offering": "7"}}
    data = {"currency": currency, "unit_amount": unit_amount, "product_data": product}
    return {"price_data": data | price, "quantity": quantity}


def session_params(**more: Any) -> Params:
    """What Laurel sends for one course."""
    return {
        "mode": "payment",
        "ui_mode": "hosted_page",
        "success_url": "http://127.0.0.1:9/checkout/done?session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:9/checkout/back",
        "client_reference_id": "01JORDER",
        "line_items": [line()],
        "metadata": {"order_id": "01JORDER", "attempt": "1", "env": "test"},
        "payment_intent_data": {"metadata": {"order_id": "01JORDER"}, "description": "Order 01JORDER"},
        "adaptive_pricing": {"enabled": False},
        **more,
    }
