"""What Stripe holds, listed, to be compared with what we hold; and the account itself. (specs/payments.md §10)"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import stripe

from laurel.commerce.gateway import Account, Endpoint, Notice
from laurel.commerce.rules.reconciling import ListedCharge, ListedCheckout, ListedReturn
from laurel.commerce.stripe_gateway.client import StripeConnection, plain_errors, whole_amount
from laurel.commerce.stripe_gateway.notices import notice_of

PAGE = 100


class Listings(StripeConnection):
    """Reading lists page by page. What a method yields is read from Stripe as it goes: never inside a transaction."""

    @property
    def api_version(self) -> str:
        """The version of Stripe's API that this program was written for."""
        return stripe.api_version

    def list_notices(self, types: Sequence[str], *, since: datetime) -> Iterator[list[Notice]]:
        """Events of these types, up to a hundred at a time, the latest first."""
        params = {"types": list(types), "created": {"gte": int(since.timestamp())}, "limit": PAGE}
        for page in _pages(lambda: self.patient.v1.events.list(params)):  # type: ignore[arg-type]
            yield [notice_of(event) for event in page]

    def list_paid_checkouts(self, *, since: datetime) -> Iterator[ListedCheckout]:
        """Checkouts that buyers finished."""
        params = {"status": "complete", "created": {"gte": int(since.timestamp())}, "limit": PAGE}
        for data in _items(lambda: self.patient.v1.checkout.sessions.list(params)):  # type: ignore[arg-type]
            env = (data["metadata"] or {}).get("env", "")
            yield ListedCheckout(session_id=data["id"], payment_status=data["payment_status"], env=env)

    def list_all_charges(self, *, since: datetime) -> Iterator[ListedCharge]:
        """Money that was taken."""
        params = {"created": {"gte": int(since.timestamp())}, "limit": PAGE}
        for data in _items(lambda: self.patient.v1.charges.list(params)):  # type: ignore[arg-type]
            if data["status"] == "succeeded":
                yield ListedCharge(
                    charge_id=data["id"],
                    intent_id=_id(data["payment_intent"]),
                    amount=whole_amount(data["amount_captured"]),
                    currency=data["currency"],
                    created_at=datetime.fromtimestamp(data["created"], UTC),
                    env=(data["metadata"] or {}).get("env", ""),
                )

    def list_all_refunds(self, *, since: datetime) -> Iterator[ListedReturn]:
        params = {"created": {"gte": int(since.timestamp())}, "limit": PAGE}
        yield from map(_returned, _items(lambda: self.patient.v1.refunds.list(params)))  # type: ignore[arg-type]

    def list_all_disputes(self, *, since: datetime) -> Iterator[ListedReturn]:
        params = {"created": {"gte": int(since.timestamp())}, "limit": PAGE}
        yield from map(_returned, _items(lambda: self.patient.v1.disputes.list(params)))  # type: ignore[arg-type]

    def fetch_account(self) -> Account:
        """Whose money it is, and whether it is real."""
        with plain_errors():
            found = self.quick.v1.accounts.retrieve_current().to_dict()
            balance = self.quick.v1.balance.retrieve().to_dict()
        return Account(
            id=found["id"],
            country=found["country"] or "",
            currency=found["default_currency"] or "",
            takes_charges=found["charges_enabled"] is True,
            is_live=balance["livemode"],
        )

    def list_endpoints(self) -> list[Endpoint]:
        """The addresses to which Stripe reports."""
        return [
            Endpoint(
                url=data["url"],
                is_enabled=data["status"] == "enabled",
                api_version=data["api_version"],
                types=frozenset(data["enabled_events"]),
            )
            for data in _items(lambda: self.quick.v1.webhook_endpoints.list({"limit": PAGE}))
        ]


def _items(ask: Callable[[], Any]) -> Iterator[dict[str, Any]]:
    """Every object of a list, the following pages included."""
    with plain_errors():
        for item in ask().auto_paging_iter():
            yield item.to_dict()


def _pages(ask: Callable[[], Any]) -> Iterator[list[dict[str, Any]]]:
    items = _items(ask)
    while page := list(islice(items, PAGE)):
        yield page


def _returned(data: dict[str, Any]) -> ListedReturn:
    return ListedReturn(
        id=data["id"],
        intent_id=_id(data["payment_intent"]),
        amount=whole_amount(data["amount"]),
        currency=data["currency"],
        status=data["status"] or "",
    )


def _id(found: dict[str, Any] | str | None) -> str:
    """The id of something that may be expanded or absent."""
    return found["id"] if isinstance(found, dict) else found or ""
