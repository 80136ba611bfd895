"""The UI font: Inter, taken from its package, cut down to what pages use and packed as WOFF2, once an environment."""

import sys
from importlib.resources import files
from io import BytesIO
from pathlib import Path

FOLDER = Path(sys.prefix) / "share" / "laurel" / "fonts"
FONT = FOLDER / "inter.woff2"
# European Latin, punctuation, currency signs, arrows, signs of arithmetic. Other scripts fall back to the system's font.
LETTERS = "U+0020-007E,U+00A0-017F,U+0218-021B,U+2010-2027,U+2030-203A,U+20AC,U+20B9,U+2122,U+2190-2193,U+2212,U+2248,U+2260,U+2264-2265"
FEATURES = ["kern", "liga", "calt", "ccmp", "locl", "mark", "mkmk", "tnum", "case"]


def make_font() -> Path:
    """Write the font if it is not there yet; returns where it is."""
    if FONT.exists():
        return FONT
    from fontTools.subset import Options, Subsetter, parse_unicodes
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    font = TTFont(str(files("fontpkg_inter") / "files" / "Inter[opsz,wght].ttf"))
    instantiateVariableFont(font, {"opsz": 14}, inplace=True)  # one optical size, every weight
    whole = BytesIO()
    font.save(whole)  # the subsetter wants its tables complete again
    font = TTFont(whole)
    subsetter = Subsetter(Options(layout_features=FEATURES))
    subsetter.populate(unicodes=parse_unicodes(LETTERS.replace("U+", "")))
    subsetter.subset(font)
    font.flavor = "woff2"
    FOLDER.mkdir(parents=True, exist_ok=True)
    draft = FOLDER / ".inter.woff2"
    font.save(str(draft))
    draft.replace(FONT)
    return FONT


if __name__ == "__main__":
    make_font()
