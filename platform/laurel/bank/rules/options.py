"""Options to choose from, as single choice and multiple response have them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from laurel.bank.rules.findings import Finding, error, warning
from laurel.bank.rules.kinds import Json, OptionReview, Part, Renderers, ShownOption, plain_text
from laurel.bank.rules.reading import MAX_LINE, read_fraction, read_html, read_rows, read_text, refuse, write_number, write_percent

KEYS = "abcdefghij"
DIGITS = re.compile(r"([0-9]{1,30})|([^0-9]+)")
MAX_OPTIONS = len(KEYS)
CATCH_ALL = ("all of the above", "none of the above", "all of these", "none of these")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option; `fraction` is what choosing it is worth, 1 for a key and 0 for a distractor unless an author weighs it."""

    key: str
    text: str
    fraction: Decimal
    feedback: str = ""
    html: str = ""
    feedback_html: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "text": self.text,
            "html": self.html,
            "fraction": write_number(self.fraction),
            "feedback": self.feedback,
            "feedback_html": self.feedback_html,
        }

    @property
    def words(self) -> str:
        """The option as plain text."""
        return plain_text(self.html) or self.text


def read_options(data: Json) -> tuple[Option, ...]:
    """The options of a body; those without a key get the letter of their place."""
    rows = read_rows(data, "options", most=MAX_OPTIONS, noun="options")
    options = tuple(_read_option(row, index) for index, row in enumerate(rows))
    if len({option.key for option in options}) < len(options):
        refuse("Two options have the same key.", "options")
    return options


def _read_option(row: Mapping[str, Any], index: int) -> Option:
    place = ("options", index)
    key = row.get("key", KEYS[index])
    if not isinstance(key, str) or len(key) != 1 or key not in KEYS:
        refuse("The key of an option is a letter from a to j.", *place, "key")
    text = read_text(row, "text", *place, limit=MAX_LINE)
    if not text:
        refuse(f"Write the text of option {index + 1}, or remove it.", *place, "text")
    return Option(
        key=key,
        text=text,
        fraction=read_fraction(row, "fraction", *place, least=-1, default="0"),
        feedback=read_text(row, "feedback", *place),
        html=read_html(row, "html"),
        feedback_html=read_html(row, "feedback_html"),
    )


def render_options(options: Iterable[Option], render: Renderers) -> tuple[Option, ...]:
    return tuple(replace(option, html=render.inline(option.text), feedback_html=render.block(option.feedback)) for option in options)


def show_options(options: Iterable[Option]) -> tuple[ShownOption, ...]:
    return tuple(ShownOption(option.key, option.html) for option in options)


def review_options(options: Iterable[Option], *, right: frozenset[str], chosen: frozenset[str]) -> dict[str, OptionReview]:
    return {option.key: OptionReview(option.key in right, option.key in chosen, option.feedback_html) for option in options}


def option_parts(options: Sequence[Option]) -> list[Part]:
    """The options by their keys, which stay when they are moved, and their order."""
    found = [Part("Order of the options", " ".join(option.key.upper() for option in options), is_prose=False)]
    for option in sorted(options, key=lambda option: option.key):
        name = option.key.upper()
        found.append(Part(f"Option {name}", option.text))
        found.append(Part(f"Credit of option {name}", write_percent(option.fraction), is_prose=False))
        found.append(Part(f"Feedback on option {name}", option.feedback))
    return found


def check_options(options: Sequence[Option]) -> list[Finding]:
    """What is wrong with a list of options whatever their kind."""
    found = []
    if len(options) < 2:
        found.append(error("A question to choose from needs two options at least.", "options"))
    seen: set[str] = set()
    for index, option in enumerate(options):
        if option.text.casefold() in seen:
            found.append(error(f"Option {index + 1} says the same as another one.", f"options-{index}-text"))
        seen.add(option.text.casefold())
        if not option.feedback:
            found.append(warning(f"Option {index + 1} does not say why it is right or wrong.", f"options-{index}-feedback"))
        if option.text.casefold().rstrip(".") in CATCH_ALL:
            found.append(warning(f"“{option.text}” tests reading more than knowing.", f"options-{index}-text"))
    return found


def by_words(options: Iterable[ShownOption]) -> tuple[ShownOption, ...]:
    """The options in the order of the dictionary, numbers by their value: an order that says nothing about the key."""

    def rank(option: ShownOption) -> tuple[list[tuple[bool, int, str]], str]:
        runs = DIGITS.findall(option.words.casefold())
        return [(not digits, int(digits or 0), text) for digits, text in runs], option.key

    return tuple(sorted(options, key=rank))
