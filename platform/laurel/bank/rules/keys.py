"""Keys of what a learner puts together. They stay with their text from version to version and say nothing about the answer.

Letters in the author's order would: the first item of an ordering is the first of the key. So a new key is made of the text
alone, which the page shows anyway.
"""

import hashlib
import re
from collections.abc import Container, Mapping
from typing import Any

from laurel.bank.rules.reading import refuse

KEY = re.compile(r"[a-z0-9]{1,12}\Z")
LENGTH = 8


def new_key(text: str, taken: Container[str]) -> str:
    """A key for `text` that is not taken; the same one every time."""
    found = text
    while True:
        found = hashlib.sha256(found.encode()).hexdigest()
        if found[:LENGTH] not in taken:
            return found[:LENGTH]


def read_key(row: Mapping[str, Any], *place: str | int) -> str:
    """The key that the row has, "" if it is new."""
    key = row.get("key", "")
    if not isinstance(key, str) or (key and not KEY.match(key)):
        refuse("A key is at most twelve lower-case letters and digits.", *place, "key")
    return key


def fill_in(keys: list[str], texts: list[str]) -> list[str]:
    """The keys with those of new rows made; raises InvalidInputError if one stands twice."""
    taken = {key for key in keys if key}
    if len(taken) < sum(map(bool, keys)):
        refuse("A key stands twice.")
    found = []
    for key, text in zip(keys, texts, strict=True):
        found.append(key or new_key(text, taken))
        taken.add(found[-1])
    return found
