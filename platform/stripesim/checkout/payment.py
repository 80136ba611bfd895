"""The moment of paying: a session, a card, and what the card's bank says."""

from dataclasses import dataclass
from enum import Enum, auto

from stripesim.checkout import lifecycle
from stripesim.payments import charges, intents
from stripesim.payments.cards import BY_NUMBER, Behavior, Card
from stripesim.payments.methods import Buyer, make_method
from stripesim.store import Doc
from stripesim.work import Work

NOT_PROVEN = "payment_intent_authentication_failure"


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
    lifecycle.complete(work, session, buyer)
    return Result(Step.DONE)


def pay(work: Work, session: Doc, card: Card, buyer: Buyer) -> Result:
    """Try the card once on an open session."""
    session, intent = _intent_of(work, session)
    method = make_method(work, card, buyer)
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
    return _charge(work, session, intent, method=method, card=card, buyer=buyer_of(method))


def buyer_of(method: Doc) -> Buyer:
    """Who gave this payment method, as its billing details tell."""
    billing, card = method["billing_details"], method["card"]
    return Buyer(
        email=billing["email"],
        name=billing["name"],
        country=billing["address"]["country"],
        exp_month=card["exp_month"],
        exp_year=card["exp_year"],
    )


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
    return session, intent | {"amount": session["amount_total"]}


def _charge(work: Work, session: Doc, intent: Doc, *, method: Doc, card: Card, buyer: Buyer) -> Result:
    is_challenged = card.behavior is Behavior.CHALLENGE
    charge = charges.make_charge(work, intent, method, card, is_challenged=is_challenged)
    if not charge["paid"]:
        message = card.decline_message
        intents.fail(work, intent, method=method, code="card_declined", message=message, charge=charge)
        return Result(Step.DECLINED, message)
    intents.succeed(work, intent, charge)
    lifecycle.complete(work, session, buyer)
    return Result(Step.DONE)
