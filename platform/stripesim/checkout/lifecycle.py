"""How a session ends: paid for, or out of time."""

from stripesim.checkout.documents import buyer_details
from stripesim.customers import change_customer, make_customer
from stripesim.events import emit
from stripesim.payments import intents
from stripesim.payments.methods import Buyer
from stripesim.store import Condition, Doc
from stripesim.work import Work


def complete(work: Work, session: Doc, buyer: Buyer) -> None:
    """The buyer is through. The private side remembers the event that tells the shop."""
    is_paid = session["amount_total"] > 0
    done = session | {
        "collected_information": {
            "business_name": None,
            "individual_name": None,
            "shipping_details": None,
        },
        "consent": _consent(session),
        "customer": _customer(work, session, buyer),
        "customer_details": buyer_details(email=buyer.email, name=buyer.name, where=buyer.address),
        "payment_status": "paid" if is_paid else "no_payment_required",
        "status": "complete",
        "url": None,
    }
    work.books.update(done)
    event = emit(work, "checkout.session.completed", done)
    private = work.books.private(session["id"])
    work.books.update_private(session["id"], private | {"completed_event": event["id"]})


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
        if session["customer_creation"] != "always":
            return None
        created = make_customer(work, told | {"email": buyer.email})
        return str(created["id"])
    update = work.books.private(session["id"])["customer_update"]
    changes = {name: value for name, value in told.items() if update.get(name) == "auto"}
    customer = work.books.get("customer", session["customer"])
    change_customer(work, customer, changes)
    return str(customer["id"])


def expire(work: Work, session: Doc) -> Doc:
    """Close an open session; nobody can pay it any more."""
    if session["payment_intent"] is not None:
        intents.cancel(work, work.books.get("payment_intent", session["payment_intent"]))
    expired = session | {"status": "expired", "url": None}
    work.books.update(expired)
    emit(work, "checkout.session.expired", expired)
    return expired


def expire_if_overdue(work: Work, session: Doc) -> Doc:
    is_overdue = session["status"] == "open" and session["expires_at"] <= work.now
    return expire(work, session) if is_overdue else session


def expire_overdue(work: Work) -> None:
    conditions = (Condition("status", "=", "open"), Condition("expires_at", "<=", work.now))
    for session in work.books.list("checkout.session", conditions):
        expire(work, session)
