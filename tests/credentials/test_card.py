"""The picture that goes with a shared link: it says what the page says, and its stamp leaves name and title readable."""

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from PIL import Image, ImageChops
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.credentials import artwork
from laurel.credentials.models import Credential, IssuerKey
from laurel.credentials.rules.keys import KeyState
from laurel.credentials.rules.verdicts import RevocationReason, Verdict
from laurel.credentials.services.holds import put_on_hold
from laurel.credentials.services.issuing import revoke
from laurel.credentials.typst_gateway import CardText, render_card
from laurel.credentials.views import drawings
from tests.factories.accounts import make_user
from tests.factories.credentials import make_credential

SEAL = (76, 0, 440, 630)
"""Where the seal stands: between the frame and the words, in pixels."""
PAGE = {"Accept": "text/html"}
SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8"/></svg>'


def revoked(session: Session, credential: Credential) -> None:
    revoke(session, credential.id, reason=RevocationReason.HOLDER_REQUEST, note="Why.", actor_id=None, now=clock.now())


def on_hold(session: Session, credential: Credential) -> None:
    put_on_hold(session, credential.id, note="Why.", actor_id=make_user(session, roles=["admin"]).id, now=clock.now())


def signed_by_a_stolen_key(session: Session, _credential: Credential) -> None:
    session.scalars(select(IssuerKey)).one().state = KeyState.COMPROMISED


def nothing(_session: Session, _credential: Credential) -> None:
    """Time passes, or has not passed yet."""


def picture_of(client: FlaskClient, credential: Credential) -> Image.Image:
    return Image.open(io.BytesIO(client.get(f"/credentials/{credential.id}/card.png").data)).convert("RGB")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("happened", "after", "word"),
    [
        (revoked, timedelta(), "Revoked"),
        (on_hold, timedelta(), "On hold"),
        (signed_by_a_stolen_key, timedelta(), "Temporarily unknown"),
        (nothing, timedelta(days=370), "Expired"),
        (nothing, timedelta(days=-1), "Not yet valid"),
    ],
)
def test_what_is_not_valid_has_a_stamp_on_its_picture_over_the_seal_alone(
    client: FlaskClient, session: Session, happened: Callable[[Session, Credential], None], after: timedelta, word: str
) -> None:
    credential = make_credential(session)
    session.commit()
    valid = picture_of(client, credential)
    happened(session, credential)
    session.commit()

    with time_machine.travel(clock.now() + after):
        assert f'<p class="verdict-word">{word}</p>' in client.get(f"/credentials/{credential.id}", headers=PAGE).text
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
