"""Stripe behind the gateway: the only package that imports `stripe`. (specs/payments.md §1)"""

from datetime import datetime

from laurel.commerce.gateway import Notice
from laurel.commerce.stripe_gateway.checkouts import Checkouts, checkout_params
from laurel.commerce.stripe_gateway.coupons import Coupons
from laurel.commerce.stripe_gateway.disputes import Disputes
from laurel.commerce.stripe_gateway.invoices import Invoices
from laurel.commerce.stripe_gateway.listings import Listings
from laurel.commerce.stripe_gateway.notices import read_notice
from laurel.commerce.stripe_gateway.refunds import Refunds
from laurel.settings import Settings

__all__ = ["StripeGateway", "checkout_params", "read_notice"]


class StripeGateway(Checkouts, Coupons, Invoices, Refunds, Disputes, Listings):
    """Stripe, or the sandbox that speaks its API at `stripe_api_base`."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.webhook_secrets = settings.stripe_webhook_secrets

    def read_notice(self, payload: bytes, signature: str, *, now: datetime) -> Notice:
        return read_notice(payload, signature, self.webhook_secrets, now=now)
