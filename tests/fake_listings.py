"""What a payment provider in memory holds, as lists."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from laurel.commerce.gateway import Account, Endpoint, Notice
from laurel.commerce.rules.reconciling import ListedCharge, ListedCheckout, ListedReturn


@dataclass
class FakeListings:
    """Tests put in what they need. `returns` are refunds, `taken` disputes."""

    notices: list[Notice] = field(default_factory=list)
    charges: list[ListedCharge] = field(default_factory=list)
    returns: list[ListedReturn] = field(default_factory=list)
    taken: list[ListedReturn] = field(default_factory=list)
    finished: list[ListedCheckout] = field(default_factory=list)
    endpoints: list[Endpoint] = field(default_factory=list)
    account: Account = field(default_factory=lambda: Account(id="acct_1", country="US", currency="usd", takes_charges=True, is_live=False))
    api_version: str = "2026-10-28.endive"

    def list_notices(self, types: Sequence[str], *, since: datetime) -> Iterator[list[Notice]]:
        self._called("list:notices")
        yield [notice for notice in self.notices if notice.type in types and notice.created_at >= since]

    def list_paid_checkouts(self, *, since: datetime) -> Iterator[ListedCheckout]:
        self._called("list:checkouts")
        yield from self.finished

    def list_all_charges(self, *, since: datetime) -> Iterator[ListedCharge]:
        self._called("list:charges")
        yield from self.charges

    def list_all_refunds(self, *, since: datetime) -> Iterator[ListedReturn]:
        self._called("list:all_refunds")
        yield from self.returns

    def list_all_disputes(self, *, since: datetime) -> Iterator[ListedReturn]:
        self._called("list:all_disputes")
        yield from self.taken

    def fetch_account(self) -> Account:
        self._called("account")
        return self.account

    def list_endpoints(self) -> list[Endpoint]:
        self._called("list:endpoints")
        return self.endpoints

    def _called(self, key: str) -> None:
        raise NotImplementedError
