"""Taking a former name out of what somebody wrote."""

import re
import unicodedata

HIDDEN = "[former name]"
SHORTEST = 3
"""Letters of a part of a name that is looked for by itself. A shorter one stands in many sentences as a word."""
SPACED = ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "GEORGIAN", "ARABIC", "HEBREW", "DEVANAGARI")
"""Scripts that part words by spaces, so that a name inside a longer word is no name."""


def without_name(text: str, former: str, *, present: str) -> str:
    """The text without the former name, and without those parts of it that the present one does not have, in capitals or not."""
    kept = {part.casefold() for part in present.split()}
    parts = [part for part in former.split() if len(part) >= SHORTEST and part.casefold() not in kept]
    for wanted in (former, *sorted(parts, key=len, reverse=True)):
        if wanted.casefold() != present.casefold():
            text = re.sub(_pattern(wanted), HIDDEN, text, flags=re.IGNORECASE)
    return text


def _pattern(words: str) -> str:
    bare = r"\s+".join(re.escape(word) for word in words.split())
    is_spaced = all(unicodedata.name(letter, "").startswith(SPACED) for letter in words if letter.isalpha())
    return rf"(?<!\w){bare}(?!\w)" if is_spaced else bare
