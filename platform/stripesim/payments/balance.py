"""Balance transactions: what each movement of money left after the fee; and the sum of them."""

from collections import defaultdict

from stripesim import money
from stripesim.api.endpoint import Call, Endpoint, listing
from stripesim.api.paging import conditions_of, page
from stripesim.api.shape import Currency, Range, Text
from stripesim.ids import new_id
from stripesim.store import Condition, Doc
from stripesim.work import Work

KIND = "balance_transaction"
# 2.9 % and 30 minor units, Stripe's usual price for a card; 15 dollars (or what 1500 minor units are) for a dispute.
FEE_PERMILLE, FEE_FIXED = 29, 30
DISPUTE_FEE = 1500
AVAILABLE_AFTER = 2 * 24 * 3600


def record_charge(work: Work, charge: Doc) -> Doc:
    amount = charge["amount"]
    fee = money.share(amount, numerator=FEE_PERMILLE, denominator=1000) + FEE_FIXED
    kind = "charge" if charge["payment_method_details"]["type"] == "card" else "payment"
    return _record(work, charge, kind=kind, category="charge", amount=amount, fee=min(fee, amount))


def record_refund(work: Work, refund: Doc) -> Doc:
    """The money goes back; the fee stays."""
    return _record(work, refund, kind="refund", category="refund", amount=-refund["amount"])


def record_failure(work: Work, refund: Doc) -> Doc:
    """A refund did not arrive: the shop has its money again."""
    return _record(work, refund, kind="refund_failure", category="refund_failure", amount=refund["amount"])


def record_dispute(work: Work, dispute: Doc) -> Doc:
    """The bank takes the money while it decides, and Stripe a fee."""
    about = f"Chargeback withdrawal for {dispute['charge']}"
    return _record(work, dispute, kind="adjustment", category="dispute", amount=-dispute["amount"], fee=DISPUTE_FEE, description=about)


def record_reversal(work: Work, dispute: Doc) -> Doc:
    """The money comes back. The fee does not."""
    about = f"Chargeback reversal for {dispute['charge']}"
    return _record(work, dispute, kind="adjustment", category="dispute_reversal", amount=dispute["amount"], description=about)


def _record(work: Work, source: Doc, *, kind: str, category: str, amount: int, fee: int = 0, description: str | None = None) -> Doc:
    currency = source["currency"]
    detail = {
        "amount": fee,
        "application": None,
        "currency": currency,
        "description": "Dispute fee" if category == "dispute" else "Stripe processing fees",
        "type": "stripe_fee",
    }
    transaction = {
        "id": new_id("txn"),
        "object": KIND,
        "amount": amount,
        "available_on": work.now + AVAILABLE_AFTER,
        "balance_type": "payments",
        "created": work.now,
        "currency": currency,
        "description": description or source.get("description"),
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [detail] if fee else [],
        "net": amount - fee,
        "reporting_category": category,
        "source": source["id"],
        "status": "pending",
        "type": kind,
    }
    work.books.insert(transaction)
    return transaction


def _refresh(work: Work) -> None:
    """Money becomes available with time."""
    ripe = [Condition("status", "=", "pending"), Condition("available_on", "<=", work.now)]
    for transaction in work.books.list(KIND, ripe):
        work.books.update(transaction | {"status": "available"})


def get_balance_transaction(call: Call) -> Doc:
    _refresh(call.work)
    return call.subject(KIND, label="balance transaction")


def list_balance_transactions(call: Call) -> Doc:
    _refresh(call.work)
    return page(call, KIND, conditions_of(call.params, "created", "currency", "source", "type"))


def get_balance(call: Call) -> Doc:
    """The sums by currency: what can be paid out, and what is on its way."""
    _refresh(call.work)
    sums: dict[str, dict[str, int]] = {"available": defaultdict(int), "pending": defaultdict(int)}
    for transaction in call.work.books.list(KIND):
        sums[transaction["status"]][transaction["currency"]] += transaction["net"]
    currencies = sorted({"usd", *sums["available"], *sums["pending"]})
    told = {
        state: [{"amount": by_currency[name], "currency": name, "source_types": {"card": by_currency[name]}} for name in currencies]
        for state, by_currency in sums.items()
    }
    return {"object": "balance", **told, "livemode": False}


ENDPOINTS = (
    Endpoint("GET", "/v1/balance", get_balance),
    Endpoint("GET", "/v1/balance_transactions/<object_id>", get_balance_transaction),
    listing(
        "/v1/balance_transactions",
        list_balance_transactions,
        {"created": Range(), "currency": Currency(), "source": Text(), "type": Text()},
    ),
)
