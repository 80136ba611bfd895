"""The outside world in tests: fakes that remember. Nothing is patched."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from flask import g, has_request_context

from laurel.commerce.gateway import CheckoutDetails, CheckoutNotFoundError, CouponDetails, Notice, PaymentsRefusedError, SeenInvoice
from laurel.commerce.rules import SeenCheckout, SeenDispute, SeenPayment, SeenRefund
from laurel.commerce.rules.reconciling import ListedReturn
from laurel.commerce.stripe_gateway import read_notice
from laurel.core.mail import Message
from laurel.credentials.gateway import KeyPair, KeyVaultError
from laurel.credentials.keypair_gateway import LocalSigner, make_pair, sign_locally
from tests.fake_listings import FakeListings
from tests.fake_refunds import FakeRefunds


@dataclass
class FakeMailer:
    sent: list[Message] = field(default_factory=list)
    broken: bool = False

    def send(self, message: Message) -> None:
        if self.broken:
            raise ConnectionError("mail is down")
        self.sent.append(message)


@dataclass
class PlainVault:
    """Keeps private keys unsealed; `lost` stands for a key-encryption key that is not there."""

    lost: bool = False

    def make(self, algorithm: str, *, method: str) -> KeyPair:
        private, public_key = make_pair(algorithm)
        return KeyPair(method, algorithm, public_key, private)

    def open(self, pair: KeyPair) -> LocalSigner:
        if self.lost:
            raise KeyVaultError(f"There is no key for {pair.method}.")
        return sign_locally(pair, pair.sealed)


@dataclass
class FakePayments(FakeRefunds, FakeListings):
    """A payment provider in memory, with hosted pages that tests pay by calling `pay`.

    Like the real one it answers a known key with the same page, and like our own rule it refuses to be called inside a
    transaction. `failures` are raised by the next calls, one each; with `loses_answers` a page is opened before that.
    """

    checkouts: dict[str, SeenCheckout] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    coupons: dict[str, dict[str, Any]] = field(default_factory=dict)
    invoices: dict[str, SeenInvoice] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)
    loses_answers: bool = False

    def forget(self) -> None:
        """Start anew: the fake lives as long as the application of the test run."""
        self.__init__()  # type: ignore[misc]

    def freeze_customer(self, *, email: str, user_ref: str) -> str:
        return json.dumps({"email": email, "user": user_ref})

    def create_customer(self, request: str, *, key: str) -> str:
        self._called(key)
        return f"cus_{json.loads(request)['user']}"

    def freeze_coupon(self, details: CouponDetails) -> str:
        return json.dumps(asdict(details))

    def create_coupon(self, request: str, *, key: str) -> str:
        self._called(key)
        coupon = json.loads(request)
        self.coupons[coupon["ref"]] = coupon
        return str(coupon["ref"])

    def _taken_off(self, coupon: str | None, total: int) -> int:
        if coupon is None:
            return 0
        if coupon not in self.coupons:
            raise PaymentsRefusedError(f"No such coupon: {coupon}", is_about_coupon=True)
        found = self.coupons[coupon]
        return min(total, found["amount"] if found["percent"] is None else (total * found["percent"] + 50) // 100)

    def freeze_checkout(self, details: CheckoutDetails) -> str:
        return json.dumps({**asdict(details), "expires_at": details.expires_at.isoformat()})

    def open_checkout(self, request: str, *, key: str) -> SeenCheckout:
        with self.lock:
            if self.loses_answers:
                self._open(request, key)
            self._called(key)
            return self._open(request, key)

    def _open(self, request: str, key: str) -> SeenCheckout:
        if key not in self.known:
            page = self._page(json.loads(request))
            self.known[key] = page.session_id
            self.checkouts[page.session_id] = page
        return self.checkouts[self.known[key]]

    def _page(self, asked: dict[str, Any]) -> SeenCheckout:
        total = sum(line["quantity"] * line["unit_amount"] for line in asked["lines"])
        off = self._taken_off(asked["coupon"], total)
        session_id = f"cs_test_{uuid4().hex}"
        return SeenCheckout(
            session_id=session_id,
            status="open",
            payment_status="unpaid",
            is_live=False,
            mode="payment",
            currency=asked["currency"],
            amount_subtotal=total,
            amount_discount=off,
            amount_tax=0,
            amount_shipping=0,
            amount_total=total - off,
            url=asked["return_url"].partition("/orders/")[0] + f"/sandbox/pay/{session_id}",
            expires_at=datetime.fromisoformat(asked["expires_at"]),
            number=asked["number"],
            order_ref=asked["order_ref"],
            attempt_ref=asked["attempt_ref"],
            env=asked["env"],
            lines=tuple((line["quantity"], line["unit_amount"]) for line in asked["lines"]),
        )

    def expire_checkout(self, session_id: str, *, key: str) -> SeenCheckout:
        self._called(key)
        if self.checkouts[session_id].status != "open":
            raise PaymentsRefusedError("not open")
        return self.change(session_id, status="expired", url=None)

    def fetch_checkout(self, session_id: str) -> SeenCheckout:
        self._called(f"fetch:{session_id}")
        if session_id not in self.checkouts:
            raise CheckoutNotFoundError
        return self.checkouts[session_id]

    def find_checkout_of(self, intent_id: str) -> str | None:
        self._called(f"find:{intent_id}")
        found = (page.session_id for page in list(self.checkouts.values()) if page.payment and page.payment.intent_id == intent_id)
        return next(found, None)

    def fetch_invoice(self, invoice_id: str) -> SeenInvoice:
        self._called(f"invoice:{invoice_id}")
        if invoice_id not in self.invoices:
            raise CheckoutNotFoundError
        return self.invoices[invoice_id]

    def list_all_refunds(self, *, since: datetime) -> Iterator[ListedReturn]:
        yield from super().list_all_refunds(since=since)
        yield from (_listed(refund) for refund in list(self.refunds.values()))

    def list_all_disputes(self, *, since: datetime) -> Iterator[ListedReturn]:
        yield from super().list_all_disputes(since=since)
        yield from (_listed(dispute) for dispute in list(self.disputes.values()))

    def read_notice(self, payload: bytes, signature: str, *, now: datetime) -> Notice:
        return read_notice(payload, signature, ("whsec_test", "whsec_before"), now=now)

    def pay(self, session_id: str, **changes: Any) -> SeenCheckout:
        """The buyer pays; `changes` make it another checkout than we opened."""
        page = replace(self.checkouts[session_id], status="complete", payment_status="paid", url=None, **changes)
        intent = SeenPayment(
            intent_id=f"pi_{session_id}",
            status="succeeded",
            amount_received=page.amount_total,
            currency=page.currency,
            order_ref=page.order_ref,
            charge_id=f"ch_{session_id}",
            method="card",
            last4="4242",
        )
        self.checkouts[session_id] = replace(page, payment=changes.get("payment", intent))
        return self.checkouts[session_id]

    def change(self, session_id: str, **changes: Any) -> SeenCheckout:
        self.checkouts[session_id] = replace(self.checkouts[session_id], **changes)
        return self.checkouts[session_id]

    def _called(self, key: str) -> None:
        self.asked.append(key)
        if has_request_context() and "database_session" in g and g.database_session.in_transaction():
            raise AssertionError(f"A call to the payment provider inside a transaction: {key}")
        if self.failures:
            raise self.failures.pop(0)


def _listed(told: SeenRefund | SeenDispute) -> ListedReturn:
    return ListedReturn(id=told.id, intent_id=told.intent_id, amount=told.amount, currency=told.currency, status=told.status)
