"""Balance transactions: what each movement of money left after the fee."""

from stripesim import money
from stripesim.api.endpoint import Call, Endpoint
from stripesim.ids import new_id
from stripesim.store import Doc
from stripesim.work import Work

# 2.9 % and 30 minor units, Stripe's usual price for a card.
FEE_PERMILLE, FEE_FIXED = 29, 30
AVAILABLE_AFTER = 2 * 24 * 3600


def record_charge(work: Work, charge: Doc) -> Doc:
    amount = charge["amount"]
    fee = money.share(amount, numerator=FEE_PERMILLE, denominator=1000) + FEE_FIXED
    return _record(work, charge, kind="charge", amount=amount, fee=min(fee, amount))


def record_refund(work: Work, refund: Doc) -> Doc:
    """The money goes back; the fee stays."""
    return _record(work, refund, kind="refund", amount=-refund["amount"], fee=0)


def _record(work: Work, source: Doc, *, kind: str, amount: int, fee: int) -> Doc:
    currency = source["currency"]
    detail = {
        "amount": fee,
        "application": None,
        "currency": currency,
        "description": "Stripe processing fees",
        "type": "stripe_fee",
    }
    transaction = {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": work.now + AVAILABLE_AFTER,
        "balance_type": "payments",
        "created": work.now,
        "currency": currency,
        "description": source.get("description"),
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [detail] if fee else [],
        "net": amount - fee,
        "reporting_category": kind,
        "source": source["id"],
        "status": "pending",
        "type": kind,
    }
    work.books.insert(transaction)
    return transaction


def get_balance_transaction(call: Call) -> Doc:
    transaction = call.subject("balance_transaction", label="balance transaction")
    if transaction["available_on"] <= call.work.now:
        transaction["status"] = "available"
    return transaction


ENDPOINTS = (Endpoint("GET", "/v1/balance_transactions/<object_id>", get_balance_transaction),)
