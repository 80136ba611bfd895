"""The API's table of contents."""

from stripesim import account, customers, events
from stripesim.api.expand import Part
from stripesim.checkout import sessions
from stripesim.payments import balance, charges, intents, refunds

ENDPOINTS = (
    *account.ENDPOINTS,
    *balance.ENDPOINTS,
    *charges.ENDPOINTS,
    *customers.ENDPOINTS,
    *events.ENDPOINTS,
    *intents.ENDPOINTS,
    *refunds.ENDPOINTS,
    *sessions.ENDPOINTS,
)
PARTS: dict[str, dict[str, Part]] = {**charges.PARTS, **sessions.PARTS}
