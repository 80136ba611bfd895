"""The fonts of pages: Inter, and EB Garamond for certificates. Taken from their packages, cut down to what pages use and packed as WOFF2,
once an environment."""

import sys
from dataclasses import dataclass, field
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

FOLDER = Path(sys.prefix) / "share" / "laurel" / "fonts"
# European Latin, punctuation, currency signs, arrows, signs of arithmetic. Other scripts fall back to the system's font.
LETTERS = "0020-007E,00A0-017F,0218-021B,2010-2027,2030-203A,20AC,20B9,2122,2190-2193,2212,2248,2260,2264-2265"
# What names need besides, in Latin letters: Vietnamese, Pinyin, languages of Africa, marks that stand by themselves.
NAMES = "0180-0217,021C-024F,02B0-02FF,0300-0323,0326-0328,1E00-1EFF"
GREEK_AND_CYRILLIC = "0370-03FF,0400-052F,1F00-1FFF"
FEATURES = ["kern", "liga", "calt", "ccmp", "locl", "mark", "mkmk", "tnum", "case"]


@dataclass(frozen=True)
class Cut:
    """A file that pages load: some letters of a font in a package, its axes that are named here fixed."""

    name: str
    package: str
    file: str
    letters: str
    axes: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        return FOLDER / self.name


CUTS = (
    Cut("inter.woff2", "fontpkg_inter", "Inter[opsz,wght].ttf", LETTERS, {"opsz": 14}),  # one optical size, every weight
    Cut("eb-garamond.woff2", "fontpkg_eb_garamond", "EBGaramond[wght].ttf", f"{LETTERS},{NAMES}"),
    Cut("eb-garamond-more.woff2", "fontpkg_eb_garamond", "EBGaramond[wght].ttf", GREEK_AND_CYRILLIC),
    Cut("eb-garamond-italic.woff2", "fontpkg_eb_garamond", "EBGaramond-Italic[wght].ttf", LETTERS, {"wght": 400}),
)


def make_fonts() -> None:
    """Write those that are not there yet."""
    for cut in CUTS:
        if not cut.path.exists():
            _make(cut)


def _make(cut: Cut) -> None:
    from fontTools.subset import Options, Subsetter, parse_unicodes
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    font = TTFont(str(files(cut.package) / "files" / cut.file))
    subsetter = Subsetter(Options(layout_features=FEATURES))
    subsetter.populate(unicodes=parse_unicodes(cut.letters))
    subsetter.subset(font)
    if cut.axes:
        smaller = BytesIO()
        font.save(smaller)  # only what is left has to be worked out
        font = instantiateVariableFont(TTFont(smaller), cut.axes)
    font.flavor = "woff2"
    FOLDER.mkdir(parents=True, exist_ok=True)
    draft = FOLDER / f".{cut.name}"
    font.save(str(draft))
    draft.replace(cut.path)


if __name__ == "__main__":
    make_fonts()
