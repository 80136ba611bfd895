import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurel.credentials.rules.text import UNSIGNABLE, sanitize_text


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("Ada\r\nLovelace", "Ada\nLovelace"),
        ("Ada\r\0\nLovelace", "Ada\nLovelace"),
        ("Ada\r\r\nLovelace", "Ada\nLovelace"),
        ("A\x00d\x08a\x1f", "Ada"),
        ("Ada\x7f\x85", "Ada"),
        ("\u202eecalevoL\u202c", "ecalevoL"),
        ("\u2066Ada\u2069", "Ada"),
        ("Ada\ufffe\U0001ffff\ufdd0", "Ada"),
        ("  Ada\t", "Ada"),
        ("A\u030a", "\u00c5"),
        ("tab\tstays, \u201cquotes\u201d and 李小龙 too", "tab\tstays, \u201cquotes\u201d and 李小龙 too"),
    ],
)
def test_text_keeps_what_can_be_signed(given_text: str, kept: str) -> None:
    assert sanitize_text(given_text) == kept


@given(st.text() | st.text(alphabet="\r\n\0\u202e \u030aA"))
def test_sanitized_text_is_normal_and_stays_as_it_is(text: str) -> None:
    clean = sanitize_text(text)

    assert clean == unicodedata.normalize("NFC", clean) == sanitize_text(clean)
    assert UNSIGNABLE.search(clean) is None
    clean.encode()
