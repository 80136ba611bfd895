"""Why money came."""

from enum import StrEnum


class PaymentKind(StrEnum):
    """Why money came: for the order, a second time, or after the order was canceled."""

    PRIMARY = "primary"
    DUPLICATE = "duplicate"
    LATE = "late"
