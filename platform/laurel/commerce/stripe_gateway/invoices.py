"""Invoices that Stripe made for paid checkouts. (specs/payments.md §9)"""

from laurel.commerce.gateway import SeenInvoice
from laurel.commerce.stripe_gateway.client import StripeConnection, plain_errors


class Invoices(StripeConnection):
    """Looking invoices up."""

    def fetch_invoice(self, invoice_id: str) -> SeenInvoice:
        """The invoice as it is now: where its page and its PDF are, and which order it names."""
        with plain_errors():
            data = self.quick.v1.invoices.retrieve(invoice_id).to_dict()
        names = data["metadata"] or {}
        return SeenInvoice(
            id=data["id"],
            order_ref=names.get("order_id", ""),
            env=names.get("env", ""),
            is_live=data["livemode"],
            url=data["hosted_invoice_url"],
            pdf=data["invoice_pdf"],
        )
