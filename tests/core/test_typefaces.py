"""What we print is set in our own typefaces, and what they lack is known before."""

import io
import json
from datetime import UTC, datetime

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laurel.core.typefaces import ORDER, can_be_set
from laurel.core.typesetting import UnsettableError, compile_document, set_pdf

NAMES = {
    "Latin": "Nguyễn Thị Ánh-Łukasiewicz",
    "Greek": "Ελένη Παπαδοπούλου",
    "Cyrillic": "Владимир Щербаков",
    "Arabic": "محمد بن عبد الله",
    "Hebrew": "שרה כהן",
    "Armenian": "Հայկ Սարգսյան",
    "Georgian": "გიორგი",
    "Devanagari": "राम कृष्णमूर्ति",
    "Bengali": "অনিন্দিতা বন্দ্যোপাধ্যায়",
    "Gujarati": "ગુજરાતી પટેલ",
    "Gurmukhi": "ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ",
    "Kannada": "ಕೃಷ್ಣ",
    "Malayalam": "കൃഷ്ണൻ",
    "Oriya": "ଓଡ଼ିଆ",
    "Sinhala": "ශ්‍රී",
    "Tamil": "கிருஷ்ணமூர்த்தி",
    "Telugu": "శ్రీకృష్ణ",
    "Thai": "ณัฐวุฒิ สิทธิ์",
    "Lao": "ລາວ",
    "Khmer": "សុខា ខ្មែរ",
    "Burmese": "မောင်မောင်",
    "Amharic": "አበበ ቢቂላ",
    "Chinese": "王小明",
    "Japanese": "山田 さくら",
    "Korean": "김철수",
}
PAGE = b"""#set document(title: "A list of names")
#set text(font: json(bytes(sys.inputs.fonts)), fallback: false)
#for name in json(bytes(sys.inputs.names)) [#text(name)\\ ]"""
DAY = datetime(2026, 11, 20, tzinfo=UTC)
SETTABLE = st.characters(exclude_categories=["C", "M"], exclude_characters="\u1680").filter(can_be_set)
UNSETTABLE = st.characters(min_codepoint=0x1000, exclude_categories=["Cc", "Cf", "Cn", "Cs", "M", "Z"]).filter(
    lambda letter: not can_be_set(letter)
)


def _set(*names: str) -> bytes:
    return set_pdf(PAGE, inputs={"names": json.dumps(names)}, dated=DAY)


def test_names_of_the_worlds_scripts_are_set_in_fonts_of_our_packages() -> None:
    assert [script for script, name in NAMES.items() if not can_be_set(name)] == []

    page = pypdf.PdfReader(io.BytesIO(_set(*NAMES.values()))).pages[0]

    used = {str(font["/BaseFont"]).partition("+")[2].partition("-")[0] for font in page["/Resources"]["/Font"].values()}  # type: ignore[index]
    ours = {family.replace(" ", "") for family in ORDER}
    assert {"EBGaramond", "NotoSansDevanagari", "NotoSansArabic"} <= used
    assert {name for name in used if not name.startswith("NotoSansCJK")} <= ours


@pytest.mark.parametrize(("written", "drawn"), [("क्ष", 1), ("त्रि", 2), ("ष्ण", 2)], ids=["ksha", "tri", "shna"])
def test_letters_that_grow_together_are_set_as_one(written: str, drawn: int) -> None:
    svg = compile_document(PAGE, {"names": json.dumps([written])}, format="svg").decode()

    assert svg.count("<use ") == drawn


@settings(max_examples=40, deadline=None)
@given(st.lists(SETTABLE, min_size=1, max_size=40))
def test_what_can_be_set_is_set(letters: list[str]) -> None:
    assert _set(*letters).startswith(b"%PDF")


@settings(max_examples=40, deadline=None)
@given(UNSETTABLE)
def test_what_cannot_be_set_is_refused_by_typst_too(letter: str) -> None:
    with pytest.raises(UnsettableError):
        _set(letter)


@pytest.mark.parametrize(
    ("text", "is_settable"),
    [
        ("", True),
        ("Ada\u00a0\u200bLovelace\u200d", True),  # spaces and joiners
        ("A\u0301da", True),
        ("x\u0331\u0301", True),  # marks with which no letter is one: from the next font
        ("❤\ufe0f", True),
        ("Ada \u1820", False),  # Mongolian
        ("Ada \U0010fffd", False),  # nobody's letter
        ("王\u0e34", False),  # a Thai vowel on a Chinese character
    ],
)
def test_a_letter_can_be_set_with_the_marks_on_it(text: str, is_settable: bool) -> None:
    assert can_be_set(text) is is_settable


def test_what_could_not_be_set_is_not_said_in_the_error() -> None:
    with pytest.raises(UnsettableError) as caught:
        _set("Ada \u1820")

    assert "\u1820" not in str(caught.value)
    assert "Ada" not in str(caught.value)
    assert str(caught.value).endswith("the text …")
