"""A saved answer in words, for those who look at how an attempt went."""

from collections.abc import Mapping
from typing import Any

from laurel.bank.rules import Answer, Body, plain_text, write_form_value

MAX_WORDS = 400


def in_words(body: Body, answer: Answer) -> str:
    """The answer as its learner would say it: options by their text, the rest as it was written."""
    if answer is None:
        return "No answer"
    texts = {option.key: " ".join(plain_text(option.html).split()) for option in body.shown_options()}
    said = "; ".join(texts.get(part, part) for part in _parts(write_form_value(body.kind, answer)))
    return said if len(said) <= MAX_WORDS else f"{said[:MAX_WORDS]} …"


def _parts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [f"{key}: {part}" for key, inner in value.items() for part in _parts(inner)]
    if isinstance(value, list | tuple):
        return [part for inner in value for part in _parts(inner)]
    return [str(value)]
