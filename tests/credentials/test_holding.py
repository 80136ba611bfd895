"""The holder's own page: files, who may see it, links, one file of all, the calendar."""

import io
import json
import zipfile

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.accounts.queries import list_further_addresses
from laurel.accounts.services import make_first, remove_address
from laurel.core import clock
from laurel.credentials.models import Credential, CredentialVersion, ShareLink
from laurel.credentials.rules.baking import find_in_png, find_in_svg
from laurel.credentials.rules.visibility import Visibility
from tests.conftest import QueryCount, SignIn
from tests.credentials.carriers import add_token_key
from tests.factories.accounts import make_further_address, make_user
from tests.factories.credentials import NAME, make_credential, make_pending
from tests.factories.holders import make_private, make_share_link


@pytest.fixture
def ada(session: Session) -> User:
    return make_user(session, name="Ada Lovelace")


@pytest.fixture
def credential(session: Session, ada: User) -> Credential:
    return make_credential(session, learner=ada)


@pytest.fixture
def holder(ada: User, credential: Credential, sign_in: SignIn) -> FlaskClient:
    return sign_in(ada)


@pytest.fixture
def home(credential: Credential) -> str:
    return f"/account/credentials/{credential.id}"


BROWSER = {"Accept": "text/html"}


def token_in(client: FlaskClient, home: str) -> str:
    text = client.get(home).text
    return text.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]


def test_the_holder_finds_all_files_and_ways_to_show_it(holder: FlaskClient, credential: Credential, home: str) -> None:
    shown = holder.get(home).text

    public = f"/credentials/{credential.id}"
    for address in (f"{public}/certificate.pdf", f"{public}/badge.png", f"{public}/badge.svg", f"{public}.json", f"{public}.jwt"):
        assert f"{address}?download=1" in shown
    assert f'value="http://laurel.test{public}"' in shown
    assert "https://www.linkedin.com/profile/add?startTask=CERTIFICATION_NAME&amp;name=" in shown
    assert "https://www.linkedin.com/sharing/share-offsite/?url=http%3A%2F%2Flaurel.test%2F" in shown


def test_one_that_is_not_yet_signed_has_a_page_without_files(session: Session, ada: User, sign_in: SignIn) -> None:
    pending = make_pending(session, learner=ada)
    client = sign_in(ada)

    shown = client.get(f"/account/credentials/{pending.id}")

    assert shown.status_code == 200
    assert "certificate.pdf" not in shown.text
    assert client.get(f"/account/credentials/{pending.id}/everything.zip").status_code == 404


def test_somebody_elses_does_not_exist(session: Session, credential: Credential, home: str, sign_in: SignIn) -> None:
    stranger = sign_in(make_user(session))

    for address in (home, f"{home}/everything.zip", f"{home}/expiry.ics"):
        assert stranger.get(address).status_code == 404


def test_the_holder_decides_who_sees_it(holder: FlaskClient, session: Session, credential: Credential, home: str) -> None:
    sent = holder.post(f"{home}/visibility", data={"csrf_token": token_in(holder, home), "visibility": "private"}, headers=FROM_HERE)

    assert (sent.status_code, sent.location) == (303, home)
    session.refresh(credential)
    assert credential.visibility is Visibility.PRIVATE
    assert "Nobody has a link" in holder.get(home).text


FROM_HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.mark.parametrize(
    ("part", "field", "value"), [("visibility", "visibility", "secret"), ("share-links", "days", "36500"), ("visibility", "visibility", "")]
)
def test_what_makes_no_sense_changes_nothing(
    holder: FlaskClient, session: Session, credential: Credential, home: str, part: str, field: str, value: str
) -> None:
    make_private(session, credential)
    session.commit()

    sent = holder.post(f"{home}/{part}", data={"csrf_token": token_in(holder, home), field: value}, headers=FROM_HERE)

    assert sent.status_code == 400
    assert "error-summary" in sent.text
    session.refresh(credential)
    assert credential.visibility is Visibility.PRIVATE
    assert session.scalars(select(ShareLink)).all() == []


def test_links_are_made_shown_and_withdrawn(holder: FlaskClient, session: Session, credential: Credential, home: str) -> None:
    make_private(session, credential)
    session.commit()
    token = token_in(holder, home)

    holder.post(f"{home}/share-links", data={"csrf_token": token, "label": "Acme", "days": "7"}, headers=FROM_HERE)
    shown = holder.get(home).text
    address = shown.split('aria-label="Address of the link Acme"', 1)[0].rsplit('value="http://laurel.test', 1)[1].split('"', 1)[0]
    assert "Ada Lovelace" in holder.get(address, headers={"Accept": "text/html"}).text

    link = session.scalars(select(ShareLink)).one()
    holder.post(f"{home}/share-links/{link.id}/withdraw", data={"csrf_token": token}, headers=FROM_HERE)
    assert "Acme" not in holder.get(home).text
    assert "Ada Lovelace" not in holder.get(address, headers={"Accept": "text/html"}).text


OPEN = [Visibility.UNLISTED, Visibility.PUBLIC]


@pytest.mark.parametrize("visibility", OPEN)
@pytest.mark.parametrize("days", ["7", "36500"])
def test_a_certificate_that_anybody_sees_by_its_address_gets_no_link_from_a_page_that_was_open_since(
    holder: FlaskClient, session: Session, credential: Credential, home: str, visibility: Visibility, days: str
) -> None:
    credential.visibility = visibility
    session.commit()

    sent = holder.post(f"{home}/share-links", data={"csrf_token": token_in(holder, home), "days": days}, headers=FROM_HERE)

    assert (sent.status_code, sent.location) == (303, f"{home}#share")
    shown = holder.get(sent.location).text
    assert "The link is made" not in shown
    assert f"No link was made: this certificate is {visibility} now, so whoever has its address sees it." in shown
    assert 'id="share"' in shown
    assert session.scalars(select(ShareLink)).all() == []


@pytest.mark.parametrize("visibility", OPEN)
def test_a_link_that_is_withdrawn_from_what_anybody_sees_is_not_said_to_show_nothing(
    holder: FlaskClient, session: Session, credential: Credential, home: str, visibility: Visibility
) -> None:
    link = make_share_link(session, make_private(session, credential))
    credential.visibility = visibility
    session.commit()

    sent = holder.post(f"{home}/share-links/{link.id}/withdraw", data={"csrf_token": token_in(holder, home)}, headers=FROM_HERE)

    assert (sent.status_code, sent.location) == (303, f"{home}#share")
    assert f"That link is withdrawn. This certificate is {visibility} now, so whoever has its address sees it." in holder.get(home).text


def test_there_are_not_more_than_twenty_links(holder: FlaskClient, session: Session, credential: Credential, home: str) -> None:
    make_private(session, credential)
    for _ in range(20):
        make_share_link(session, credential)
    session.commit()

    sent = holder.post(f"{home}/share-links", data={"csrf_token": token_in(holder, home), "days": "7"}, headers=FROM_HERE)

    assert sent.status_code == 409
    assert "Withdraw one of them first" in sent.text.split('class="error-summary"')[1].split("</div>")[0]
    assert sent.text.count("Address of the link") == 20


@pytest.mark.parametrize("file", ["page", "json", "pdf"])
def test_the_files_of_a_private_certificate_open_from_a_page_however_long_it_was_open(
    holder: FlaskClient, sign_in: SignIn, session: Session, credential: Credential, home: str, file: str
) -> None:
    make_private(session, credential)
    session.commit()
    link = f"{home}/files/{file}"  # without a token: that would have an end
    assert f'href="{link}"' in holder.get(home).text

    answer = holder.get(link, follow_redirects=True, headers={"Accept": "text/html, */*"})

    assert (answer.status_code, credential.number in answer.request.full_path) == (200, False)
    assert file == "pdf" or "Ada Lovelace" in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert sign_in(make_user(session)).get(link).status_code == 404


def test_one_file_holds_everything(holder: FlaskClient, session: Session, credential: Credential, home: str) -> None:
    add_token_key(session)
    session.commit()
    answer = holder.get(f"{home}/everything.zip")
    stored = session.scalars(select(CredentialVersion.signed_json)).one()

    assert answer.mimetype == "application/zip"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{credential.number}.zip"'
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    files = {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}
    assert set(files) == {"README.txt", "certificate.pdf", "credential.json", "credential.jwt", "badge.png", "badge.svg"}
    assert files["credential.jwt"].decode() == holder.get(f"/credentials/{credential.id}.jwt").text
    assert files["credential.json"] == stored.encode()
    assert find_in_png(files["badge.png"]) == find_in_svg(files["badge.svg"]) == stored
    assert files["certificate.pdf"].startswith(b"%PDF")
    assert NAME in files["README.txt"].decode()


def test_a_name_that_our_fonts_cannot_print_leaves_the_pdf_out_and_nothing_else(session: Session, sign_in: SignIn) -> None:
    person = make_user(session, name="\U00013000\U00013001")
    credential = make_credential(session, learner=person)

    holder = sign_in(person)
    archive = zipfile.ZipFile(io.BytesIO(holder.get(f"/account/credentials/{credential.id}/everything.zip").data))
    pages = [holder.get(f"{place}/{credential.id}", headers=BROWSER).text for place in ("/credentials", "/account/credentials")]

    assert {name.split("/", 1)[1] for name in archive.namelist()} == {"README.txt", "credential.json", "badge.png", "badge.svg"}
    assert "certificate.pdf" not in archive.read(f"{credential.number}/README.txt").decode()
    for page in pages:
        assert "There is no PDF of it" in page
        assert "certificate.pdf" not in page


def test_the_end_goes_into_a_calendar(holder: FlaskClient, session: Session, credential: Credential, home: str) -> None:
    ends_at = session.scalars(select(CredentialVersion.valid_until)).one()
    assert ends_at is not None

    answer = holder.get(f"{home}/expiry.ics")

    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert f"DTSTART;VALUE=DATE:{ends_at:%Y%m%d}" in answer.text


def test_without_an_end_there_is_nothing_for_a_calendar(session: Session, ada: User, sign_in: SignIn) -> None:
    lasting = make_credential(session, learner=ada, validity_months=0)

    assert sign_in(ada).get(f"/account/credentials/{lasting.id}/expiry.ics").status_code == 404


def test_the_holder_reads_which_address_it_confirms_after_another_one_became_the_first(
    holder: FlaskClient, session: Session, ada: User, home: str
) -> None:
    signed_for, further = ada.email, make_further_address(session, ada, "ada@work.example")
    session.commit()
    make_first(session, ada.id, further.id, now=clock.now())
    session.commit()

    assert f"It confirms your address {signed_for} to whoever knows that address." in holder.get(home).text

    former = list_further_addresses(session, ada.id)[0]
    remove_address(session, ada.id, former.id, now=clock.now())
    session.commit()
    assert "It confirms an e-mail address that is not one of yours any more." in holder.get(home).text


def test_one_signed_before_an_address_was_confirmed_confirms_none(session: Session, sign_in: SignIn) -> None:
    person = make_user(session, confirmed=False)
    unconfirmed = make_credential(session, learner=person)
    session.commit()

    assert "It confirms no e-mail address." in sign_in(person).get(f"/account/credentials/{unconfirmed.id}").text


def test_the_page_takes_few_queries(holder: FlaskClient, session: Session, credential: Credential, home: str, queries: QueryCount) -> None:
    make_private(session, credential)
    for _ in range(5):
        make_share_link(session, credential)
    session.commit()
    queries.clear()

    holder.get(home)

    assert queries.selects <= 7


def test_the_public_page_of_a_renewal_says_what_it_renews(client: FlaskClient, session: Session, credential: Credential, ada: User) -> None:
    newer = make_credential(session, learner=ada)
    newer.renewed_from_id = credential.id
    session.commit()
    browser = {"Accept": "text/html"}

    assert f"/credentials/{newer.id}" in client.get(f"/credentials/{credential.id}", headers=browser).text
    assert f"/credentials/{credential.id}" in client.get(f"/credentials/{newer.id}", headers=browser).text.replace("og:url", "")

    make_private(session, newer)
    session.commit()
    assert str(newer.id) not in client.get(f"/credentials/{credential.id}", headers=browser).text
    assert json.loads(client.get(f"/credentials/{credential.id}.json").data)["id"].endswith(str(credential.id))
    assert clock.now() > credential.awarded_at
