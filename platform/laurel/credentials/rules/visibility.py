"""Who may see a certificate, and whether two people mean the same name."""

import unicodedata
from enum import StrEnum


class Visibility(StrEnum):
    """UNLISTED: whoever has the address. PUBLIC: search engines, too. PRIVATE: whoever the holder gives a link."""

    UNLISTED = "unlisted"
    PUBLIC = "public"
    PRIVATE = "private"


MAX_NAME_ASKED = 240


def is_same_name(asked: str, name: str) -> bool:
    """Whether `asked` is the holder’s name: all of it, but for capitals, accents, punctuation and spaces."""
    wanted = _bare(asked)
    return wanted != "" and wanted == _bare(name)


def _bare(name: str) -> str:
    """The letters and digits alone: without the marks that decomposition sets free, and folded as Unicode folds case."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    return "".join(character for character in decomposed if unicodedata.category(character)[0] in "LN")
