"""What answers that are typed have in common: text in, the first answer that matches out."""

from typing import Any

from laurel.bank.rules.kinds import Answer
from laurel.bank.rules.reading import clean_text, refuse


def parse_text(raw: Any, *, limit: int) -> Answer:
    """`{"text": …}` as it was typed but for the space around it, None if there is nothing in it."""
    if raw is None:
        return None
    if not isinstance(raw, dict) or raw.keys() != {"text"} or not isinstance(raw["text"], str | None):
        refuse("An answer to this question is a text.")
    if raw["text"] is None:
        return None
    text = clean_text(raw["text"], limit=limit)
    return {"text": text} if text else None
