"""The test cards, as on https://docs.stripe.com/testing. No other number is ever looked at."""

from dataclasses import dataclass
from enum import StrEnum


class Behavior(StrEnum):
    """What a payment with the card does. The last three show only after the payment."""

    PAY = "pay"
    DECLINE = "decline"
    CHALLENGE = "challenge"
    DISPUTE = "dispute"
    REFUND_FAILS = "refund_fails"
    REFUND_PENDS = "refund_pends"


@dataclass(frozen=True, slots=True)
class Card:
    number: str
    behavior: Behavior
    told: str
    decline_code: str = ""
    decline_message: str = ""

    @property
    def last4(self) -> str:
        return self.number[-4:]

    @property
    def spaced(self) -> str:
        return " ".join(self.number[start : start + 4] for start in range(0, 16, 4))


CARDS = (
    Card("4242424242424242", Behavior.PAY, "Pays"),
    Card(
        "4000000000000002",
        Behavior.DECLINE,
        "Is declined",
        "generic_decline",
        "Your card was declined.",
    ),
    Card(
        "4000000000009995",
        Behavior.DECLINE,
        "Has insufficient funds",
        "insufficient_funds",
        "Your card has insufficient funds.",
    ),
    Card("4000002500003155", Behavior.CHALLENGE, "Asks the bank first (3-D Secure)"),
    Card("4000000000000259", Behavior.DISPUTE, "Pays, then is disputed"),
    Card("4000000000005126", Behavior.REFUND_FAILS, "Pays; a refund fails later"),
    Card("4000000000007726", Behavior.REFUND_PENDS, "Pays; a refund waits, then succeeds"),
)
BY_NUMBER = {card.number: card for card in CARDS}


def find_card(number: str) -> Card | None:
    return BY_NUMBER.get("".join(number.split()).replace("-", ""))
