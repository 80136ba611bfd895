"""The API's table of contents."""

from stripesim import account, customers, events, tax_ids
from stripesim.api.expand import Part
from stripesim.checkout import sessions
from stripesim.codes import coupons, promotions
from stripesim.disputes import disputes, warnings
from stripesim.invoices import invoices
from stripesim.payments import balance, charges, intents, refunds
from stripesim.webhooks import registrations

ENDPOINTS = (
    *account.ENDPOINTS,
    *balance.ENDPOINTS,
    *charges.ENDPOINTS,
    *coupons.ENDPOINTS,
    *customers.ENDPOINTS,
    *disputes.ENDPOINTS,
    *events.ENDPOINTS,
    *intents.ENDPOINTS,
    *invoices.ENDPOINTS,
    *promotions.ENDPOINTS,
    *refunds.ENDPOINTS,
    *registrations.ENDPOINTS,
    *sessions.ENDPOINTS,
    *tax_ids.ENDPOINTS,
    *warnings.ENDPOINTS,
)
PARTS: dict[str, dict[str, Part]] = {**charges.PARTS, **coupons.PARTS, **invoices.PARTS, **promotions.PARTS, **sessions.PARTS}
