"""The credential inside the badge, as Pillow, an XML parser and openbadgeslib find it."""

import io
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from openbadgeslib import baking as foreign_baking
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.credentials.models import CredentialVersion
from laurel.credentials.rules.baking import bake_png, bake_svg, find_in_png, find_in_svg
from laurel.credentials.rules.foreign import Cause, UnreadableError
from tests.credentials import carriers
from tests.factories.credentials import make_credential

DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><title>A badge</title><rect width="8" height="8"/></svg>'


def test_the_badge_that_is_handed_out_carries_the_stored_bytes(client: FlaskClient, session: Session) -> None:
    credential = make_credential(session)
    session.commit()
    stored = session.scalars(select(CredentialVersion.signed_json)).one()

    png, svg = (client.get(f"/credentials/{credential.id}/badge.{kind}") for kind in ("png", "svg"))

    picture = Image.open(io.BytesIO(png.data))
    picture.load()
    assert picture.size == (512, 512)
    assert picture.text["openbadgecredential"] == stored  # type: ignore[attr-defined]
    assert foreign_baking.extract_png(png.data, keyword=foreign_baking.ITXT_KEYWORD_OB3) == stored
    assert foreign_baking.extract_svg(svg.data, element=foreign_baking.SVG_ELEMENT_OB3, text_fallback=True) == stored
    root = ElementTree.fromstring(svg.data)  # noqa: S314 (our own drawing)
    assert (root[0].tag, root[0].text) == ("{https://purl.imsglobal.org/ob/v3p0}credential", stored)


def test_a_picture_that_is_baked_again_has_exactly_one_credential() -> None:
    plain = carriers.png()
    twice = bake_png(bake_png(plain, '{"first": 1}'), '{"second": 2}')

    assert twice.count(b"openbadgecredential") == twice.count(b"iTXt") == 1
    assert find_in_png(twice) == '{"second": 2}'
    Image.open(io.BytesIO(twice)).load()
    assert bake_png(twice, "{}").replace(carriers.carrier(b"{}"), b"") == plain


def test_a_drawing_that_is_baked_again_has_exactly_one_credential() -> None:
    twice = bake_svg(bake_svg(DRAWING, '{"first": 1}'), '{"second": 2}')

    assert twice.count("<openbadges:credential") == 1
    assert find_in_svg(twice.encode()) == '{"second": 2}'
    assert "<title>A badge</title>" in twice


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1).map(
    lambda text: f"{{{text}}}"
)


@given(TEXT)
@settings(max_examples=80)
def test_whatever_is_baked_is_found_again(text: str) -> None:
    assert find_in_png(bake_png(carriers.png(), text)) == text
    assert find_in_svg(bake_svg(DRAWING, text).encode()) == text


@given(st.integers(0, 400), st.integers(1, 255))
@settings(max_examples=80)
def test_a_picture_with_a_changed_byte_is_damaged(place: int, change: int) -> None:
    picture = bytearray(bake_png(carriers.png(), '{"a": "' + "x" * 400 + '"}'))
    picture[place] ^= change

    with pytest.raises(UnreadableError) as caught:
        find_in_png(bytes(picture))

    assert caught.value.cause is Cause.PNG_DAMAGED
