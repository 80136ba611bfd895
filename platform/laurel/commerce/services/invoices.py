"""Invoices that the payment provider makes for those who need one: we keep where they are. (specs/payments.md §9)"""

from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.gateway import SeenInvoice
from laurel.commerce.models import Order
from laurel.commerce.services.till import Till


def sync_invoice(till: Till, invoice_id: str) -> bool:
    """Ask the provider where the invoice is and keep it with its order; False if it names none of ours."""
    seen = till.payments.fetch_invoice(invoice_id)
    if seen.env != till.env or seen.is_live != till.is_live:
        return False
    with till.transaction() as session:
        return keep_invoice(session, seen) is not None


def keep_invoice(session: Session, seen: SeenInvoice) -> Order | None:
    """Note the invoice's addresses in the order that it names. Doing it twice changes nothing."""
    order = queries.find_order(session, seen.order_ref)
    if order is None:
        return None
    order = queries.lock_order(session, order.id)
    order.invoice_url, order.invoice_pdf = seen.url, seen.pdf
    return order
