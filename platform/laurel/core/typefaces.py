"""The typefaces of all that we print: files of packages in the lock, never those of the machine. A document is the same everywhere."""

import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

SERIF = "EB Garamond"
ORDER = (
    SERIF,
    "Noto Sans",
    *(f"Noto Sans {script}" for script in "Arabic Armenian Bengali Devanagari Ethiopic Georgian Gujarati Gurmukhi Hebrew Kannada".split()),
    *(f"Noto Sans {script}" for script in "Khmer Lao Malayalam Myanmar Oriya Sinhala Tamil Telugu Thai Symbols".split()),
    "Noto Sans CJK SC",
    "Noto Emoji",
)
"""The families, by whom a letter is set: the first that has it."""
SUFFIXES = frozenset({".ttf", ".otf", ".ttc"})
CJK = "NotoSansCJK-VF.otf.ttc"
UNWRITABLE = frozenset({"Cn", "Co", "Cs"})
"""Nobody's letters: an archival PDF must not have them even if a font does."""


def folders() -> list[Path]:
    """Where the files of all families are."""
    return [Path(str(files("fontpkg_eb_garamond") / "files")), _noto(), Path(str(files("manimgx_fonts_cjk")))]


def can_be_set(text: str) -> bool:
    """Whether a text can be printed: each letter, with the marks on it, is in one of our fonts. Typst refuses what cannot."""
    return all(_is_one_of(cluster) for cluster in _clusters(text))


def _clusters(text: str) -> Iterator[str]:
    """A letter with the marks that stand on it; what is not seen by itself is left out."""
    cluster = ""
    for letter in unicodedata.normalize("NFC", text):
        if _is_unseen(letter):
            continue
        if cluster and not unicodedata.category(letter).startswith("M"):
            yield cluster
            cluster = ""
        cluster += letter
    if cluster:
        yield cluster


def _is_unseen(letter: str) -> bool:
    """Joiners, marks of direction, variation selectors and spaces, but for Ogham's, which is a stroke."""
    kind = unicodedata.category(letter)
    return kind in {"Cf", "Cc", "Zl", "Zp"} or (kind == "Zs" and letter != "\u1680") or "VARIATION SELECTOR" in unicodedata.name(letter, "")


@lru_cache(maxsize=4096)
def _is_one_of(cluster: str) -> bool:
    if any(unicodedata.category(letter) in UNWRITABLE for letter in cluster):
        return False
    return any(all(_has(letters, letter) for letter in cluster) for letters in map(_letters, ORDER))


def _has(letters: frozenset[int], letter: str) -> bool:
    """As shaping does it: a letter that is in no font as one may be there as its parts."""
    return ord(letter) in letters or (
        len(parts := unicodedata.normalize("NFD", letter)) > 1 and all(ord(part) in letters for part in parts)
    )


@cache
def _letters(family: str) -> frozenset[int]:
    """What a family has: read from its file once, and only if the ones before it did not do."""
    from fontTools.ttLib import TTFont

    with TTFont(_file(family), fontNumber=0, lazy=True) as font:
        return frozenset(font.getBestCmap())


def _file(family: str) -> Path:
    if family == SERIF:
        return folders()[0] / "EBGaramond[wght].ttf"
    return folders()[2] / CJK if "CJK" in family else _noto() / f"{family.replace(' ', '')}[wght].ttf"


def _noto() -> Path:
    return Path(str(files("manimgx_fonts")))
