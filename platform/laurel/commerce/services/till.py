"""Where commerce talks to the payment provider."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from laurel.commerce.gateway import PaymentGateway


@dataclass(frozen=True, slots=True, kw_only=True)
class Till:
    """What a conversation with the payment provider needs, given by the edge.

    `transaction` opens one transaction, which the edge commits when its block ends well; calls to `payments` are made
    between two of them. `env` names this installation: two that share a Stripe account must not touch each other's
    orders. `is_live` tells real money from test money.
    """

    transaction: Callable[[], AbstractContextManager[Session]]
    payments: PaymentGateway
    env: str
    is_live: bool
    now: datetime
