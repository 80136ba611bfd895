"""What goes along when a certificate is shared: the picture of its link, paper, a wallet, and what staff take out of the house."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from playwright.sync_api import BrowserContext
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.credentials.models import CredentialVersion
from laurel.credentials.queries import list_history
from laurel.credentials.rules.history import HistoryKind
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.credentials import make_credential
from tests.factories.holders import make_private
from tests.quizzes.browsing import SITE

PAGE = {"Accept": "text/html"}
LONG = "Maximiliane Freifrau von Droste zu Hülshoff-Wolfenbüttel auf Schwarzburg-Sondershausen"


@pytest.mark.parametrize(("name", "size"), [("Ada Lovelace", (1200, 630)), ("𓀀𓀁 Ada", (512, 512))])
def test_a_link_has_a_picture_with_the_name_or_the_badge_if_no_font_has_its_letters(
    client: FlaskClient, session: Session, name: str, size: tuple[int, int]
) -> None:
    credential = make_credential(session, learner=make_user(session, name=name))
    session.commit()

    page = client.get(f"/credentials/{credential.id}", headers=PAGE).text
    assert f'<meta property="og:image" content="http://laurel.test/credentials/{credential.id}/card.png">' in page
    picture = client.get(f"/credentials/{credential.id}/card.png")
    assert (picture.mimetype, Image.open(io.BytesIO(picture.data)).size) == ("image/png", size)


def test_a_private_certificate_has_no_picture_with_a_name(client: FlaskClient, session: Session) -> None:
    private = make_private(session, make_credential(session))
    session.commit()

    assert client.get(f"/credentials/{private.id}/card.png", headers=PAGE).status_code == 403


def test_staff_open_the_files_of_a_private_certificate_and_each_time_is_written_down(
    client: FlaskClient, session: Session, sign_in: SignIn, csrf: Callable[[], str]
) -> None:
    private = make_private(session, make_credential(session))
    stored = session.scalars(select(CredentialVersion)).one()
    support = make_user(session, roles=["support"])
    sign_in(support)
    address = f"/backoffice/credentials/{private.id}/files"

    assert client.post(address, data={"csrf_token": csrf(), "file": "exe"}).status_code == 400
    answers = {file: client.post(address, data={"csrf_token": csrf(), "file": file}, follow_redirects=True) for file in ("json", "svg")}

    assert [answer.status_code for answer in answers.values()] == [200, 200]
    assert answers["json"].data == stored.signed_json.encode()
    assert client.get(f"/credentials/{private.id}.json").status_code == 403
    session.rollback()
    taken = [link for link in list_history(session, private.id) if link.kind is HistoryKind.DOWNLOADED]
    assert [(link.reason, link.actor_id, link.document_sha256) for link in taken] == [
        (file, support.id, stored.sha256) for file in ("json", "svg")
    ]


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_page_prints_on_one_sheet_whatever_its_paper_and_however_long_the_name(
    visit: Callable[..., BrowserContext], session: Session, sign_in: SignIn
) -> None:
    holder = make_user(session, name=LONG)
    credential = make_credential(session, learner=holder)
    sign_in(holder)
    page = visit(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(f"{SITE}/credentials/{credential.id}")

    def sheets(**paper: Any) -> int:
        return len(PdfReader(io.BytesIO(page.pdf(**paper))).pages)

    assert (sheets(prefer_css_page_size=True), sheets(format="A4"), sheets(format="Letter")) == (1, 1, 1)
