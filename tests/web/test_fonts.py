"""The fonts of pages come with the environment, and have the letters of names."""

import re

from fontTools.ttLib import TTFont

from laurel.web import fonts
from laurel.web.static import FOLDER, bundle_css


def test_every_font_that_the_styles_name_is_there() -> None:
    named = re.findall(r"/fonts/([\w.-]+)", bundle_css(FOLDER / "css"))

    assert sorted(named) == sorted(cut.name for cut in fonts.CUTS)
    assert all(cut.path.is_file() and cut.path.stat().st_size < 100_000 for cut in fonts.CUTS)


def test_the_certificates_face_has_the_letters_of_european_names() -> None:
    assert {ord(letter) for letter in "ÅßłőễțĀȘ™’"} <= _letters("eb-garamond.woff2")
    assert {ord(letter) for letter in "ΏωЩїѓ"} <= _letters("eb-garamond-more.woff2")


def _letters(name: str) -> set[int]:
    with TTFont(fonts.FOLDER / name, lazy=True) as font:
        return set(font.getBestCmap())
