"""Money: whole minor units and a lower-case ISO 4217 currency. No floats, ever."""

import re
from dataclasses import dataclass
from decimal import Decimal

from laurel.core.errors import InvalidInputError

ZERO_DECIMAL = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
THREE_DECIMAL = frozenset("bhd jod kwd omr tnd".split())
CODE = re.compile("[a-z]{3}")
WRITTEN = re.compile(r"(?P<whole>[0-9]*)\.?(?P<decimals>[0-9]*)")
MAX_DIGITS = 12
"""More than anything costs; what is larger is a slip of the keyboard or an attack on the arithmetic."""
SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "inr": "₹"}


def exponent(currency: str) -> int:
    """How many decimals a currency has (Stripe's list of zero- and three-decimal currencies)."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def step(currency: str) -> int:
    """The smallest amount that can be charged, in minor units: three-decimal currencies move in tens."""
    return 10 if currency in THREE_DECIMAL else 1


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units (cents for USD) of one currency."""

    currency: str
    amount: int

    def __post_init__(self) -> None:
        if not CODE.fullmatch(self.currency):
            raise ValueError(f"Not a currency code: {self.currency!r}")

    def __str__(self) -> str:
        return format_money(self.amount, self.currency)

    @property
    def is_free(self) -> bool:
        return self.amount == 0


def parse_amount(text: str, currency: str) -> int:
    """Minor units of a written amount such as `195.00`; more decimals than the currency has are refused."""
    written = WRITTEN.fullmatch(text.strip().removeprefix("-"))
    if written is None or not (written["whole"] or written["decimals"]):
        raise InvalidInputError("Write an amount such as 195.00.")
    if text.strip().startswith("-"):
        raise InvalidInputError("An amount is zero or more.")
    if len(written["whole"].lstrip("0")) > MAX_DIGITS:
        raise InvalidInputError("That is more than anything costs here.")
    places = exponent(currency)
    minor = int(written["whole"] + written["decimals"].ljust(places, "0"))
    if len(written["decimals"]) > places or minor % step(currency):
        raise InvalidInputError(f"{currency.upper()} has {places} decimals at most. Write thousands without a separator.")
    return minor


def format_money(amount: int, currency: str) -> str:
    """`$195`, `$195.50`, `€0.99`, `CHF 20`; whole amounts without decimals."""
    places = exponent(currency)
    sign = "−" if amount < 0 else ""
    value = Decimal(abs(amount)).scaleb(-places)
    whole = value == value.to_integral_value()
    number = f"{value:,.0f}" if whole else f"{value:,.{places}f}"
    symbol = SYMBOLS.get(currency)
    return f"{sign}{symbol}{number}" if symbol else f"{sign}{currency.upper()} {number}"
