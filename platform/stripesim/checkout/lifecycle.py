"""How a session ends: paid for, or out of time."""

from stripesim import tax_ids
from stripesim.checkout.documents import buyer_details
from stripesim.codes import discounts
from stripesim.customers import change_customer, make_customer
from stripesim.events import emit
from stripesim.invoices.making import make_invoice
from stripesim.payments import intents
from stripesim.payments.methods import Buyer
from stripesim.store import Condition, Doc
from stripesim.work import Work


def complete(work: Work, session: Doc, buyer: Buyer, *, payment_status: str) -> None:
    """The buyer is through. The private side remembers the event that tells the shop."""
    private = work.books.private(session["id"])
    done = session | {
        "collected_information": {
            "business_name": buyer.business,
            "individual_name": None,
            "shipping_details": None,
        },
        "consent": _consent(session),
        "customer": _customer(work, session, buyer),
        "customer_details": buyer_details(
            email=buyer.email, name=buyer.name, where=buyer.address, business=buyer.business, tax_ids=buyer.tax_ids
        ),
        "payment_status": payment_status,
        "status": "complete",
        "url": None,
    }
    if private["discount"] is not None:
        discounts.redeem(work, private["discount"])
    invoice = None
    if payment_status != "unpaid":
        done, invoice = _invoiced(work, done)
    work.books.update(done)
    event = emit(work, "checkout.session.completed", done)
    work.books.update_private(session["id"], private | {"completed_event": event["id"]})
    if invoice is not None:
        emit(work, "invoice.paid", invoice)


def settle(work: Work, session: Doc, *, is_paid: bool) -> None:
    """A debit's end: the session is paid for, or stays unpaid for good."""
    if not is_paid:
        emit(work, "checkout.session.async_payment_failed", session)
        return
    done, invoice = _invoiced(work, session | {"payment_status": "paid"})
    work.books.update(done)
    emit(work, "checkout.session.async_payment_succeeded", done)
    if invoice is not None:
        emit(work, "invoice.paid", invoice)


def _invoiced(work: Work, session: Doc) -> tuple[Doc, Doc | None]:
    """The session with its invoice, where the shop asked for one."""
    if not session["invoice_creation"]["enabled"]:
        return session, None
    invoice = make_invoice(work, session, work.books.private(session["id"]))
    return session | {"invoice": invoice["id"]}, invoice


def _consent(session: Doc) -> Doc | None:
    asked = session["consent_collection"]
    if asked is None:
        return None
    accepted = "accepted" if asked["terms_of_service"] == "required" else None
    return {"promotions": None, "terms_of_service": accepted}


def _customer(work: Work, session: Doc, buyer: Buyer) -> str | None:
    """The customer's id, after their record learned what the page was allowed to tell it."""
    told = {"name": buyer.name, "address": buyer.address}
    if session["customer"] is None:
        if session["customer_creation"] != "always" and not session["invoice_creation"]["enabled"]:
            return None
        customer = make_customer(work, told | {"email": buyer.email})
        _add_tax_id(work, customer, buyer)
        return str(customer["id"])
    update = work.books.private(session["id"])["customer_update"]
    changes = {name: value for name, value in told.items() if update.get(name) == "auto"}
    customer = work.books.get("customer", session["customer"])
    customer = change_customer(work, customer, changes)
    _add_tax_id(work, customer, buyer)
    return str(customer["id"])


def _add_tax_id(work: Work, customer: Doc, buyer: Buyer) -> None:
    if buyer.tax_id is not None:
        tax_ids.add_tax_id(work, customer, kind=buyer.tax_id[0], value=buyer.tax_id[1])


def expire(work: Work, session: Doc) -> Doc:
    """Close an open session; nobody can pay it any more."""
    if session["payment_intent"] is not None:
        intents.cancel(work, work.books.get("payment_intent", session["payment_intent"]))
    expired = session | {"status": "expired", "url": None}
    work.books.update(expired)
    emit(work, "checkout.session.expired", expired)
    return expired


def expire_if_overdue(work: Work, session: Doc) -> Doc:
    return expire(work, session) if session["status"] == "open" and _is_over(work, session) else session


def _is_over(work: Work, session: Doc) -> bool:
    """Whether its time has passed. A shop that named the end did so by its own clock, of which ours may have been ahead."""
    ahead: int = work.books.private(session["id"]).get("ahead", 0)
    return bool(session["expires_at"] + ahead <= work.now)


def expire_overdue(work: Work) -> None:
    conditions = (Condition("status", "=", "open"), Condition("expires_at", "<=", work.now))
    for session in work.books.list("checkout.session", conditions):
        expire_if_overdue(work, session)
