"""Who may see a certificate, and whether two people mean the same name."""

import unicodedata
from enum import StrEnum

from laurel.credentials.rules.correcting import LONGEST


class Visibility(StrEnum):
    """UNLISTED: whoever has the address. PUBLIC: search engines, too. PRIVATE: whoever the holder gives a link."""

    UNLISTED = "unlisted"
    PUBLIC = "public"
    PRIVATE = "private"


MAX_NAME_ASKED = LONGEST
MARKS_ARE_LEFT_OUT = ("LATIN", "GREEK", "CYRILLIC", "ARABIC", "HEBREW")
"""The scripts of which people write names without their marks. Elsewhere a mark is a vowel: राम and रीमा are two names."""


def is_same_name(asked: str, name: str) -> bool:
    """Whether `asked` is the holder’s name: all of it, but for capitals, accents, points, punctuation and spaces."""
    wanted = _bare(asked)
    return wanted != "" and wanted == _bare(name)


def _bare(name: str) -> str:
    """The letters and digits, folded as Unicode folds case, with the marks of those scripts only that cannot do without them."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    kept, takes_marks = [], False
    for character in decomposed:
        kind, called = unicodedata.category(character)[0], unicodedata.name(character, "")
        if kind in "LN":
            kept.append(character)
            takes_marks = not called.startswith(MARKS_ARE_LEFT_OUT)
        elif kind == "M" and takes_marks and "VARIATION SELECTOR" not in called:
            kept.append(character)
    return "".join(kept)
