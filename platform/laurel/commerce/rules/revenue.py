"""Adding up the ledger: what a row of a revenue report says. Currencies are never mixed."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class RevenueBy(StrEnum):
    """What a revenue report has a row for."""

    MONTH = "month"
    COURSE = "course"
    ARTICLE = "article"


@dataclass(frozen=True, slots=True)
class LedgerSum:
    """Entries of one kind, in one currency, that belong to one row: `key` is a month, or names a course or an article."""

    key: str
    currency: str
    kind: str
    amount: int
    entries: int


@dataclass(slots=True)
class RevenueRow:
    """What came in and went out, in minor units of one currency. What went out is negative."""

    key: str
    currency: str
    orders: int = 0
    paid: int = 0
    refunded: int = 0
    disputed: int = 0

    @property
    def net(self) -> int:
        return self.paid + self.refunded + self.disputed

    @property
    def given_back(self) -> int:
        """What went out, as a positive figure; a dispute that was won brings it back."""
        return max(0, -(self.refunded + self.disputed))


def add_up(sums: Iterable[LedgerSum]) -> list[RevenueRow]:
    """One row for each key and currency. A kind that this version does not know counts as a dispute's: it changes the net."""
    rows: dict[tuple[str, str], RevenueRow] = {}
    for part in sums:
        row = rows.setdefault((part.currency, part.key), RevenueRow(part.key, part.currency))
        if part.kind == "payment":
            row.paid += part.amount
            row.orders += part.entries
        elif part.kind == "refund":
            row.refunded += part.amount
        else:
            row.disputed += part.amount
    return [rows[key] for key in sorted(rows)]
