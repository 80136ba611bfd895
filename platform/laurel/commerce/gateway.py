"""What we need from a payment provider, and nothing more."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from laurel.commerce.rules import SeenCheckout, SeenDispute, SeenRefund, SeenWarning, TaxBehavior
from laurel.commerce.rules.reconciling import ListedCharge, ListedCheckout, ListedReturn
from laurel.core.errors import InvalidInputError, NotFoundError, UnavailableError


class PaymentsUnavailableError(UnavailableError):
    """No answer, or none that says what happened. `is_definite`: the provider answered with an error of its own."""

    message = "The payment provider is not answering. You were not charged; please try again."

    def __init__(self, reason: str, *, is_definite: bool = False) -> None:
        super().__init__()
        self.reason = reason
        self.is_definite = is_definite


class KeyRefusedError(PaymentsUnavailableError):
    """The provider does not accept our key: nothing works until an operator has set it right, so nothing is tried again."""


class PaymentsRefusedError(UnavailableError):
    """The provider did not accept what we asked, so nothing was done. That is a fault of ours, never the buyer's."""

    message = "The payment could not be started. You were not charged; please try again."

    def __init__(self, reason: str, *, is_about_customer: bool = False, is_about_coupon: bool = False, code: str = "") -> None:
        super().__init__()
        self.reason = reason
        self.is_about_customer = is_about_customer
        self.is_about_coupon = is_about_coupon
        self.code = code


class CheckoutNotFoundError(NotFoundError):
    """The provider knows no such checkout, payment, refund or dispute."""

    message = "There is no such payment."


class ForgedNoticeError(InvalidInputError):
    """A notice that the provider did not sign, or that makes no sense."""

    message = "This notice is not signed by the payment provider."


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutLine:
    """One line of what is to be paid."""

    title: str
    quantity: int
    unit_amount: int
    offering_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutDetails:
    """Everything a payment page needs to know."""

    number: str
    order_ref: str
    attempt_ref: str
    env: str
    customer: str
    currency: str
    tax_behavior: TaxBehavior
    lines: tuple[CheckoutLine, ...]
    return_url: str
    expires_at: datetime
    coupon: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponDetails:
    """A coupon under a name of ours: a percentage, or an amount in a currency."""

    ref: str
    name: str
    percent: int | None
    amount: int | None
    currency: str | None
    code_ref: str
    env: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenInvoice:
    """An invoice as the provider tells it: where its page and its PDF are."""

    id: str
    order_ref: str
    env: str
    is_live: bool
    url: str | None
    pdf: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundDetails:
    """What is asked for when money is to go back. Always the same for one refund: its key must never mean two things."""

    intent_id: str
    amount: int
    reason: str
    """One of the provider's own words, or nothing."""
    refund_ref: str
    order_ref: str
    env: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A signed message that something happened. It is a hint: whoever acts on it asks for the present state."""

    id: str
    type: str
    object_id: str
    is_live: bool
    account: str | None
    created_at: datetime
    api_version: str | None
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose money it is at the provider, and whether it is real."""

    id: str
    country: str
    currency: str
    takes_charges: bool
    is_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An address to which the provider reports. `types` are the events that it wants; `*` is all of them."""

    url: str
    is_enabled: bool
    api_version: str | None
    types: frozenset[str]


class PaymentListings(Protocol):
    """What a provider holds, to be compared with what we hold. Iterators ask as they go: never inside a transaction."""

    @property
    def api_version(self) -> str: ...

    def list_notices(self, types: Sequence[str], *, since: datetime) -> Iterator[list[Notice]]: ...

    def list_paid_checkouts(self, *, since: datetime) -> Iterator[ListedCheckout]: ...

    def list_all_charges(self, *, since: datetime) -> Iterator[ListedCharge]: ...

    def list_all_refunds(self, *, since: datetime) -> Iterator[ListedReturn]: ...

    def list_all_disputes(self, *, since: datetime) -> Iterator[ListedReturn]: ...

    def fetch_account(self) -> Account: ...

    def list_endpoints(self) -> list[Endpoint]: ...


class PaymentGateway(PaymentListings, Protocol):
    """A payment provider with hosted payment pages.

    The `freeze_…` methods only write down what will be asked, so that it can be stored and asked again, word for word,
    under the same key. The others talk to the provider: never call them inside a transaction.
    """

    def freeze_customer(self, *, email: str, user_ref: str) -> str: ...

    def create_customer(self, request: str, *, key: str) -> str: ...

    def freeze_coupon(self, details: CouponDetails) -> str: ...

    def create_coupon(self, request: str, *, key: str) -> str: ...

    def freeze_checkout(self, details: CheckoutDetails) -> str: ...

    def open_checkout(self, request: str, *, key: str) -> SeenCheckout: ...

    def expire_checkout(self, session_id: str, *, key: str) -> SeenCheckout: ...

    def fetch_checkout(self, session_id: str) -> SeenCheckout: ...

    def find_checkout_of(self, intent_id: str) -> str | None: ...

    def create_refund(self, details: RefundDetails, *, key: str) -> SeenRefund: ...

    def fetch_refund(self, refund_id: str) -> SeenRefund: ...

    def list_refunds(self, intent_id: str) -> list[SeenRefund]: ...

    def find_intent_of_charge(self, charge_id: str) -> str | None: ...

    def fetch_dispute(self, dispute_id: str) -> SeenDispute: ...

    def send_evidence(self, dispute_id: str, evidence: Mapping[str, str], *, key: str) -> SeenDispute: ...

    def accept_dispute(self, dispute_id: str, *, key: str) -> SeenDispute: ...

    def fetch_warning(self, warning_id: str) -> SeenWarning: ...

    def fetch_invoice(self, invoice_id: str) -> SeenInvoice: ...

    def read_notice(self, payload: bytes, signature: str, *, now: datetime) -> Notice: ...
