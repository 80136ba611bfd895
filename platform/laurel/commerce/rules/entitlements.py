"""What gives a right to a course, and whether it is in force. (specs/payments.md §5)"""

from collections.abc import Mapping
from enum import StrEnum


class EntitlementSource(StrEnum):
    """What gave a right."""

    ORDER_LINE = "order_line"
    FREE = "free"
    VOUCHER = "voucher"
    GRANT = "grant"


class EntitlementStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


E = EntitlementStatus
ENTITLEMENT_FROM: Mapping[EntitlementStatus, frozenset[EntitlementStatus]] = {
    # Back from `revoked`: the refund failed, or the dispute was won.
    E.ACTIVE: frozenset({E.SUSPENDED, E.REVOKED}),
    E.SUSPENDED: frozenset({E.ACTIVE}),
    E.REVOKED: frozenset({E.ACTIVE, E.SUSPENDED}),
}
"""For each status, the statuses from which a right may come to it."""
