"""The picture that goes with a shared link: it says what the page says, and its stamp leaves name and title readable."""

import io

import pytest
from flask.testing import FlaskClient
from PIL import Image, ImageChops
from sqlalchemy.orm import Session

from laurel.credentials import artwork
from laurel.credentials.models import Credential
from laurel.credentials.rules.verdicts import Verdict
from laurel.credentials.typst_gateway import CardText, render_card
from laurel.credentials.views import drawings
from tests.credentials.fates import FATES, Fate
from tests.factories.credentials import make_credential

SEAL = (76, 0, 440, 630)
"""Where the seal stands: between the frame and the words, in pixels."""
PAGE = {"Accept": "text/html"}
SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8"/></svg>'


def picture_of(client: FlaskClient, credential: Credential) -> Image.Image:
    return Image.open(io.BytesIO(client.get(f"/credentials/{credential.id}/card.png").data)).convert("RGB")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("fate", FATES, ids=lambda fate: fate.word)
def test_what_is_not_valid_has_a_stamp_on_its_picture_over_the_seal_alone(client: FlaskClient, session: Session, fate: Fate) -> None:
    credential = make_credential(session)
    session.commit()
    valid = picture_of(client, credential)

    with fate.of(session, credential):
        stamped = picture_of(client, credential)

    changed = ImageChops.difference(valid, stamped).getbbox()
    assert changed is not None
    left, _top, right, _bottom = changed
    assert SEAL[0] <= left < right <= SEAL[2]


def draw(text: CardText) -> Image.Image:
    return Image.open(io.BytesIO(render_card(text, badge=SQUARE, frame=artwork.frame(*drawings.CARD)))).convert("RGB")


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.VALID])
def test_every_word_fits_on_the_seal(verdict: Verdict) -> None:
    words = {"language": "en", "issuer": "Laurel", "holder": "Ada", "line": "holds", "achievement": "Level 1", "address": "laurel.example"}
    plain, stamped = (draw(CardText(**words, stamp=stamp)) for stamp in ("", verdict.upper()))

    box = ImageChops.difference(plain, stamped).getbbox()
    assert box is not None
    assert SEAL[0] <= box[0] < box[2] <= SEAL[2]
