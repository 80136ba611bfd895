"""The moment of paying: a session, a card or a bank account, and what the bank says."""

from dataclasses import dataclass
from enum import Enum, auto

from stripesim.checkout import lifecycle
from stripesim.disputes import opening
from stripesim.payments import charges, intents
from stripesim.payments.accounts import BY_NUMBER as ACCOUNTS
from stripesim.payments.accounts import DAYS_UNTIL_SETTLED, Account
from stripesim.payments.cards import BY_NUMBER, Behavior, Card
from stripesim.payments.methods import Buyer, buyer_of, make_account, make_card
from stripesim.store import Condition, Doc
from stripesim.work import Work

NOT_PROVEN = "payment_intent_authentication_failure"
DAY = 24 * 3600


class Step(Enum):
    """Where the buyer stands after an attempt."""

    DONE = auto()
    DECLINED = auto()
    ASK_BANK = auto()


@dataclass(frozen=True, slots=True)
class Result:
    """`message` is what a declined buyer reads."""

    step: Step
    message: str = ""


def complete_free(work: Work, session: Doc, buyer: Buyer) -> Result:
    """Nothing to pay: no intent, no charge."""
    lifecycle.complete(work, session, buyer, payment_status="no_payment_required")
    return Result(Step.DONE)


def pay(work: Work, session: Doc, card: Card, buyer: Buyer) -> Result:
    """Try the card once on an open session."""
    session, intent = _intent_of(work, session)
    method = make_card(work, card, buyer)
    if card.behavior is Behavior.CHALLENGE:
        intents.ask_bank(work, intent, method)
        return Result(Step.ASK_BANK)
    return _charge(work, session, intent, method=method, card=card, buyer=buyer)


def answer_bank(work: Work, session: Doc, *, is_approved: bool) -> Result:
    """The buyer came back from their bank's page."""
    intent = work.books.get("payment_intent", session["payment_intent"])
    method = work.books.get("payment_method", intent["payment_method"])
    if not is_approved:
        message = "Your bank did not approve the payment. Try again or use another card."
        intents.fail(work, intent, method=method, code=NOT_PROVEN, message=message)
        return Result(Step.DECLINED, message)
    card = BY_NUMBER[work.books.private(method["id"])["number"]]
    return _charge(work, session, intent, method=method, card=card, buyer=buyer_of(work, method))


def pay_by_debit(work: Work, session: Doc, account: Account, buyer: Buyer) -> Result:
    """Start a debit. The session is complete, and paid for only when the bank has answered."""
    session, intent = _intent_of(work, session)
    method = make_account(work, account, buyer)
    charge = charges.start_debit(work, intent, method)
    lifecycle.complete(work, session, buyer, payment_status="unpaid")
    intents.wait_for_bank(work, intent, charge)
    work.books.schedule("settle_debit", intent["id"], at=work.now + DAYS_UNTIL_SETTLED * DAY)
    return Result(Step.DONE)


def settle_debit(work: Work, intent: Doc, *, failure: str | None = None) -> bool:
    """The bank's answer to a debit: as its account is made, or with the given failure ("" is success). Answers only once."""
    if intent["status"] != "processing":
        return False
    method = work.books.get("payment_method", intent["payment_method"])
    if failure is None:
        failure = ACCOUNTS[work.books.private(method["id"])["number"]].failure
    charge = charges.settle_debit(work, work.books.get("charge", intent["latest_charge"]), failure=failure)
    if failure:
        intents.fail(work, intent, method=method, code=failure, message=charge["failure_message"], charge=charge)
    else:
        intents.succeed(work, intent, charge)
    for session in work.books.list("checkout.session", [Condition("payment_intent", "=", intent["id"])]):
        lifecycle.settle(work, session, is_paid=not failure)
    return True


def is_at_bank(work: Work, session: Doc) -> bool:
    """Whether the session waits for the buyer's bank."""
    if session["payment_intent"] is None:
        return False
    intent = work.books.get("payment_intent", session["payment_intent"])
    return bool(intent["status"] == "requires_action")


def _intent_of(work: Work, session: Doc) -> tuple[Doc, Doc]:
    """The session's intent, made at the first attempt; it follows the session's total."""
    if session["payment_intent"] is None:
        wishes = work.books.private(session["id"])["payment_intent_data"]
        intent = intents.make_intent(work, session, wishes)
        session = session | {"payment_intent": intent["id"]}
        work.books.update(session)
        return session, intent
    intent = work.books.get("payment_intent", session["payment_intent"])
    return session, intent | {"amount": session["amount_total"], "currency": session["currency"]}


def _charge(work: Work, session: Doc, intent: Doc, *, method: Doc, card: Card, buyer: Buyer) -> Result:
    is_challenged = card.behavior is Behavior.CHALLENGE
    charge = charges.charge_card(work, intent, method, card, is_challenged=is_challenged)
    if not charge["paid"]:
        message = card.decline_message
        intents.fail(work, intent, method=method, code="card_declined", message=message, charge=charge)
        return Result(Step.DECLINED, message)
    intents.succeed(work, intent, charge)
    lifecycle.complete(work, session, buyer, payment_status="paid")
    if card.behavior is Behavior.DISPUTE:
        opening.open_dispute(work, work.books.get("charge", charge["id"]))
    return Result(Step.DONE)
