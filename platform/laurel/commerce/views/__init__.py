"""Pages of commerce: the shop, the buyer's orders, Stripe's webhook, and the way to the sandbox's payment page."""

from flask import Blueprint

from laurel.commerce.views import orders, receipts, redeeming, refunds, sandbox, seats, shop, webhook
from laurel.commerce.views.edge import bp
from laurel.settings import Settings

__all__ = ["blueprints", "orders", "receipts", "redeeming", "refunds", "seats", "shop"]


def blueprints(settings: Settings) -> list[Blueprint]:
    """The webhook has a blueprint of its own; the sandbox's is there only where no real money is."""
    return [bp, webhook.bp, sandbox.bp] if settings.uses_sandbox else [bp, webhook.bp]
