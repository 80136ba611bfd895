"""Reading what somebody else wrote: strict about types and sizes, and exact about the place of what is wrong.

A place is written like a form field, `options-2-feedback`, so that a message finds its field and an importer its line.
"""

import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from laurel.bank.rules.numbers import parse_number
from laurel.core.errors import InvalidInputError

Choice = TypeVar("Choice", bound=StrEnum)

MAX_TEXT = 20_000
MAX_LINE = 2_000
PLACES = Decimal("1e-10")
"""The database keeps ten places; a fraction with more could not come back as it went in."""


def refuse(message: str, *place: str | int) -> NoReturn:
    raise InvalidInputError(message, field="-".join(str(part) for part in place) or None)


def clean_text(text: str, *place: str | int, limit: int = MAX_TEXT) -> str:
    """`text` in NFC, its line ends as `\\n`, without space around it. Refuses control characters and what is too long."""
    if len(text) > limit:
        refuse(f"This is too long: {limit:,} characters are allowed.", *place)
    if any(_is_unwanted(character) for character in text):
        refuse("This contains characters that cannot be stored. Type the text again or paste it as plain text.", *place)
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _is_unwanted(character: str) -> bool:
    """Control characters (NUL among them) but tab and line ends, and halves of surrogate pairs."""
    return unicodedata.category(character) in {"Cc", "Cs"} and character not in "\t\n\r"


def read_text(data: Mapping[str, Any], key: str, *prefix: str | int, limit: int = MAX_TEXT) -> str:
    """The text under `key`, "" if it is absent."""
    value = data.get(key, "")
    if not isinstance(value, str):
        refuse("This must be text.", *prefix, key)
    return clean_text(value, *prefix, key, limit=limit)


def read_html(data: Mapping[str, Any], key: str) -> str:
    """HTML that our own renderer wrote; "" if there is none yet."""
    value = data.get(key, "")
    if not isinstance(value, str):
        refuse("This must be text.", key)
    return value


def read_flag(data: Mapping[str, Any], key: str, *prefix: str | int, default: bool = False) -> bool:
    value = data.get(key, default)
    if not isinstance(value, bool):
        refuse("This must be true or false.", *prefix, key)
    return value


def read_rows(data: Mapping[str, Any], key: str, *, most: int, noun: str) -> list[Mapping[str, Any]]:
    """The list of objects under `key`, empty if it is absent."""
    value = data.get(key, [])
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        refuse(f"This must be a list of {noun}.", key)
    if len(value) > most:
        refuse(f"There are {len(value)} {noun}; at most {most} are allowed.", key)
    return value


def read_choice(data: Mapping[str, Any], key: str, kind: type[Choice], *prefix: str | int, default: Choice) -> Choice:
    value = data.get(key, default)
    try:
        return kind(value)
    except ValueError:
        refuse(f"This must be one of {', '.join(kind)}.", *prefix, key)


def read_number(data: Mapping[str, Any], key: str, *prefix: str | int, default: str = "0") -> Decimal:
    """The number under `key`, written as text or as a whole number; never a float. Blank is `default`."""
    value = data.get(key, default)
    if isinstance(value, bool) or not isinstance(value, str | int):
        refuse("Write the number as text, for example “0.5”.", *prefix, key)
    number = parse_number(str(value).strip() or default)
    if number is None:
        refuse("This is not a number. Write it like 0.5 or 1,500.", *prefix, key)
    return number


def read_fraction(data: Mapping[str, Any], key: str, *prefix: str | int, least: int, default: str) -> Decimal:
    """A share of the mark between `least` (0 or −1) and 1, with ten places at most."""
    number = read_number(data, key, *prefix, default=default)
    if not least <= number <= 1:
        refuse(f"The credit lies between {least * 100} % and 100 %.", *prefix, key)
    if number != number.quantize(PLACES):
        refuse("The credit has too many decimal places.", *prefix, key)
    return number


def write_number(number: Decimal) -> str:
    """The number as `read_number` understands it again: plain digits unless they would be many."""
    return format(number, "f") if -30 < number.adjusted() < 30 else str(number)


def write_percent(fraction: Decimal) -> str:
    """`33.33333 %` for 0.3333333."""
    return f"{write_number((fraction * 100).normalize())} %"
