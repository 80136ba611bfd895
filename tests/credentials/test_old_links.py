"""What a file, a link or a number from before a change of name leads to: never to the new name, until the holder chooses so."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core import clock
from laurel.core.mail import Mail
from laurel.credentials import handlers
from laurel.credentials.events import CredentialIssued
from laurel.credentials.models import Credential, CredentialEvent, NameChange
from laurel.credentials.queries import find_credential, get_credential, get_version, signed
from laurel.credentials.queries.staff import search_credentials
from laurel.credentials.rules.history import find_break
from laurel.credentials.rules.old_links import CODE_BITS, code_of, is_code
from laurel.credentials.rules.passes import Link, write_token
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.services import name_changes
from laurel.credentials.services.issuing import revoke
from laurel.credentials.services.old_links import change_old_links
from laurel.credentials.services.reinstating import reinstate
from laurel.credentials.services.visibility import change_visibility
from laurel.credentials.views.drawings import compose_certificate
from tests.conftest import SignIn
from tests.credentials.carriers import add_token_key
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_credential
from tests.factories.holders import apply_name, make_name_change, make_private, make_share_link, reverse_name
from tests.fakes import PlainVault

FORMER, NEW = "Zebulon Quince", "Augusta Ada King"
BROWSER = {"Accept": "text/html"}
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}
FILES = (".json", ".jwt", "/badge.png", "/badge.svg", "/card.png", "/certificate.pdf")
ASK_THE_HOLDER = "Ask the holder for the current version"


@pytest.fixture
def person(session: Session) -> User:
    return make_user(session, name=FORMER)


@pytest.fixture
def credential(session: Session, person: User) -> Credential:
    return make_credential(session, learner=person, at=clock.now() - timedelta(days=1))


def rename(session: Session, person: User, name: str = NEW, *, lead_on: bool = False, ago: int = 60) -> NameChange:
    at = clock.now() - timedelta(seconds=ago)
    change = make_name_change(session, person, name=name, lead_on=lead_on, now=at)
    if not change.is_automatic:
        name_changes.approve_name(session, change.id, actor_id=make_user(session, roles=["admin"]).id, now=at)
    apply_name(session, change, at=at)
    session.commit()
    return change


def page_of(client: FlaskClient, credential: Credential, code: str | None = None) -> str:
    return client.get(f"/v/{credential.number}{f'?t={code}' if code else ''}", headers=BROWSER, follow_redirects=True).text


def test_whatever_is_from_before_leads_to_no_name(client: FlaskClient, session: Session, person: User, credential: Credential) -> None:
    rename(session, person)
    home, number = f"/credentials/{credential.id}", credential.number

    for page in (page_of(client, credential), client.get(home, headers=BROWSER).text, client.get(f"/verify?number={number}").text):
        assert ASK_THE_HOLDER in page
        assert "Superseded" in page
        assert not any(word in page for word in (*FORMER.split(), *NEW.split(), "Prompt Engineer"))
    answers = [client.get(home), *(client.get(home + file) for file in FILES)]
    assert {answer.status_code for answer in answers} == {403}
    assert not any(b"Augusta" in answer.data for answer in answers)
    told = client.get(f"/api/v1/certificates/{number}").json
    assert (told["verdict"], set(told["credential"])) == ("superseded", {"id", "number", "issuer"})
    asked = client.post(f"{home}/holder", data={"name": NEW}, headers=FROM_HERE, follow_redirects=True)
    assert "Yes, it belongs" not in asked.text


def test_files_from_after_the_change_lead_to_the_certificate(
    app: Flask, client: FlaskClient, session: Session, person: User, credential: Credential
) -> None:
    old = get_version(session, credential.id, 1).signed_json
    rename(session, person)
    session.refresh(credential)
    code, home = credential.address_token, f"/credentials/{credential.id}"
    found = signed(get_credential(session, credential.id))
    assert code is not None
    assert found is not None

    with app.app_context():
        printed = compose_certificate(ISSUER, found).text
    assert printed.address == f"{ISSUER.number_url(credential.number)}?t={code}"
    assert NEW in page_of(client, credential, code)
    assert NEW in page_of(client, credential, code.lower())
    assert client.get(f"{home}.json?t={code}").text == found.version.signed_json
    pasted = client.get(
        "/verify", query_string={"number": f"{client.get('/verify').request.host}/v/{credential.number}?t={code}"}, headers=BROWSER
    )
    assert pasted.location.endswith(f"/v/{credential.number}?t={code}")
    sent = client.post("/verify", data={"pasted": found.version.signed_json}, headers=FROM_HERE).text
    assert f"{credential.id}?t={code}" in sent
    sent = client.post("/verify", data={"pasted": old}, headers=FROM_HERE).text
    assert ASK_THE_HOLDER in sent
    assert not any(word in sent for word in (NEW, code))


def as_seen(client: FlaskClient, credential: Credential, code: str = "") -> dict[str, tuple[int, str | None, str | None]]:
    """Status, caching and what search engines are told, of its page and each of its files."""
    home, query = f"/credentials/{credential.id}", f"?t={code}" if code else ""
    answers = {file: client.get(f"{home}{file}{query}") for file in ("", *FILES)}
    answers["page"] = client.get(f"{home}{query}", headers=BROWSER)
    return {
        what: (answer.status_code, answer.headers.get("Cache-Control"), answer.headers.get("X-Robots-Tag"))
        for what, answer in answers.items()
    }


@pytest.mark.parametrize("visibility", [Visibility.PUBLIC, Visibility.UNLISTED])
def test_whoever_brings_its_code_finds_it_kept_and_listed_as_any_other_and_nobody_keeps_what_is_said_without(
    client: FlaskClient, session: Session, person: User, credential: Credential, visibility: Visibility
) -> None:
    add_token_key(session)
    change_visibility(session, person.id, credential.id, wanted=visibility, now=clock.now())
    session.commit()
    before = as_seen(client, credential)
    rename(session, person)
    session.refresh(credential)

    assert as_seen(client, credential, credential.address_token or "") == before
    assert {robots for _status, _caching, robots in before.values()} == {None if visibility is Visibility.PUBLIC else "noindex"}
    by_number = client.get(f"/api/v1/certificates/{credential.number}?t={credential.address_token}")
    assert by_number.headers["Cache-Control"] == "public, max-age=60"
    for code in ("", "0" * 12):
        closed = as_seen(client, credential, code)
        assert {(caching, robots) for _status, caching, robots in closed.values()} == {("private, no-store", "noindex")}
        assert {what for what, seen in closed.items() if seen[0] == 200} == {"page"}


def test_its_page_gives_networks_and_programs_addresses_that_lead_to_it(
    client: FlaskClient, session: Session, person: User, credential: Credential
) -> None:
    add_token_key(session)
    change_visibility(session, person.id, credential.id, wanted=Visibility.PUBLIC, now=clock.now())
    rename(session, person)
    session.refresh(credential)
    code = credential.address_token or ""
    page = client.get(f"/credentials/{credential.id}?t={code.lower()}", headers=BROWSER).text

    told = dict(re.findall(r'<meta (?:property|name)="([a-z:]+)" content="([^"]*)">', page))
    alternates = re.findall(r'<link rel="alternate" type="([^"]*)" href="([^"]*)"', page)
    home = f"{ISSUER.public_url}/credentials/{credential.id}"
    assert (told["og:url"], told["og:image"]) == (f"{home}?t={code}", f"{home}/card.png?t={code}")
    assert told["twitter:card"] == "summary_large_image"
    assert "robots" not in told
    assert alternates == [("application/vc", f"{home}.json?t={code}"), ("application/jwt", f"{home}.jwt?t={code}")]
    answers = {address: client.get(address) for address in (told["og:url"], told["og:image"], *(href for _type, href in alternates))}
    assert {answer.status_code for answer in answers.values()} == {200}


def test_the_holder_lets_old_links_lead_on_and_closes_them_again(
    app: Flask, client: FlaskClient, session: Session, person: User, credential: Credential, sign_in: SignIn
) -> None:
    rename(session, person)
    holder = sign_in(person, client=app.test_client())
    home = f"/account/credentials/{credential.id}"
    page = holder.get(home).text
    assert "Let them lead here" in page
    assert f"/credentials/{credential.id}?t=" in page
    token = page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]

    assert holder.post(f"{home}/old-links/open", data={"csrf_token": token}, headers=FROM_HERE).status_code == 303
    assert NEW in page_of(client, credential)
    assert holder.post(f"{home}/old-links/close", data={"csrf_token": token}, headers=FROM_HERE).status_code == 303
    assert NEW not in page_of(client, credential)
    chain = session.scalars(select(CredentialEvent).order_by(CredentialEvent.position)).all()
    assert [event.reason for event in chain[-2:]] == [
        "links from before a change of name lead on",
        "links from before a change of name are closed",
    ]
    assert find_break((event.link, event.hash) for event in chain) is None


def test_who_chose_so_when_asking_keeps_every_link(client: FlaskClient, session: Session, person: User, credential: Credential) -> None:
    rename(session, person, lead_on=True)

    assert NEW in page_of(client, credential)
    session.refresh(credential)
    assert (credential.address_code, credential.old_links_closed_at) == (None, None)


def test_a_choice_for_a_slip_of_the_pen_opens_nothing_from_before_an_earlier_change(
    client: FlaskClient, session: Session, person: User, credential: Credential
) -> None:
    rename(session, person)
    session.refresh(credential)
    code = credential.address_token
    rename(session, person, "Augusta Ada Kingsley", lead_on=True, ago=30)

    assert "Kingsley" in page_of(client, credential, code)
    assert "Kingsley" not in page_of(client, credential)


def test_each_change_makes_a_new_code_and_taking_it_back_restores_the_one_before(
    client: FlaskClient, session: Session, person: User, credential: Credential
) -> None:
    rename(session, person)
    session.refresh(credential)
    first = credential.address_token
    second = rename(session, person, "Third Name", ago=30)
    assert "Third" not in page_of(client, credential, first)

    name_changes.ask_to_reverse(session, person.id, second.id, now=clock.now())
    reverse_name(session, second)
    session.commit()

    assert NEW in page_of(client, credential, first)
    assert NEW not in page_of(client, credential)


def test_links_to_a_private_one_end_and_only_whoever_has_a_newer_file_may_ask_for_its_name(
    app: Flask, client: FlaskClient, session: Session, person: User, credential: Credential
) -> None:
    make_private(session, credential)
    link = make_share_link(session, credential)
    token = write_token(Link(link.id), app.extensions["laurel_settings"].secret_key)
    rename(session, person)
    session.refresh(credential)
    home, code = f"/credentials/{credential.id}", credential.address_token

    assert NEW not in client.get(f"{home}?t={token}", headers=BROWSER).text
    assert "Does it belong to" not in client.get(home, headers=BROWSER).text
    assert "Does it belong to" in client.get(f"{home}?t={code}", headers=BROWSER).text
    assert "Yes, it belongs" in client.post(f"{home}/holder?t={code}", data={"name": NEW}, headers=FROM_HERE).text
    assert client.get(f"{home}.json?t={code}").status_code == 403
    assert client.get(f"{home}/holder?t={code}").location == f"{home}?t={code}"  # a reload of the answer


def test_a_former_name_on_what_had_ended_is_neither_said_nor_confirmed_nor_found(
    app: Flask, client: FlaskClient, session: Session, person: User, credential: Credential, sign_in: SignIn
) -> None:
    revoke(session, credential.id, reason=RevocationReason.HOLDER_REQUEST, note="Asked for.", actor_id=None, now=clock.now())
    change = rename(session, person)
    home = f"/credentials/{credential.id}"

    assert "Does it belong to" not in client.get(home, headers=BROWSER).text
    asked = client.post(f"{home}/holder", data={"name": FORMER}, headers=FROM_HERE, follow_redirects=True)
    assert "Yes, it belongs" not in asked.text
    holder = sign_in(person, client=app.test_client())
    staff = sign_in(make_user(session, name="Sam Staff", roles=["admin"]), client=app.test_client())
    pages = [holder.get(f"/account{home}"), holder.get(f"/account{home}/erase"), holder.get("/account/credentials")]
    pages += [staff.get(f"/backoffice{home}"), staff.get("/backoffice/credentials"), staff.get(f"/backoffice{home}/erase")]
    assert not any("Quince" in page.text for page in pages)
    assert session.execute(search_credentials("quince")).all() == []

    name_changes.ask_to_reverse(session, person.id, change.id, now=clock.now())
    reverse_name(session, change)
    session.expire_all()
    restored = find_credential(session, credential.id)
    assert restored is not None
    assert restored.shown_name == FORMER


def test_what_is_reinstated_after_a_change_carries_the_new_name_and_its_old_links_stay_closed(
    client: FlaskClient, session: Session, person: User, credential: Credential
) -> None:
    at = clock.now() - timedelta(minutes=5)
    revoke(session, credential.id, reason=RevocationReason.HOLDER_REQUEST, note="Asked for.", actor_id=None, now=at)
    rename(session, person)
    staff = make_user(session, roles=["admin"])
    reinstate(session, credential.id, reason="A mistake.", actor_id=staff.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())
    session.commit()

    assert (credential.shown_name, credential.former_name_since) == (NEW, None)
    assert NEW not in page_of(client, credential)


def test_where_no_name_changed_there_is_nothing_to_choose(session: Session, credential: Credential) -> None:
    with pytest.raises(Exception, match="every link to it works"):
        change_old_links(session, credential.holder_id, credential.id, lead_on=True, now=clock.now())


@pytest.mark.parametrize(
    ("text", "fits"), [("0000000000ZZ", True), ("oooooooooozz", True), (" 0000000000ZZ ", True), ("", False), ("ü", False)]
)
def test_a_code_is_read_as_people_write_it(text: str, fits: bool) -> None:
    code = code_of((1 << CODE_BITS) - (1 << CODE_BITS - 10))
    assert code == "0000000000ZZ"
    assert is_code(text, code) is fits
    assert not is_code(text, None)


@pytest.mark.parametrize("is_private", [False, True])
def test_mails_lead_their_holder_to_what_others_do_not_see_any_more(
    session: Session, person: User, credential: Credential, sign_in: SignIn, is_private: bool
) -> None:
    make_private(session, credential) if is_private else rename(session, person)
    told = CredentialIssued(occurred_at=clock.now(), credential_id=credential.id, holder_id=person.id)
    handlers.email_holder(session, told)
    session.commit()

    mail = session.scalars(select(Mail).where(Mail.key == f"credential:{credential.id}")).one()
    ways = set(re.findall(rf"http[^\s\"<]*/credentials/{credential.id}[^\s\"<]*", mail.text + (mail.html or "")))
    assert len(ways) == 2
    client = sign_in(person)
    for way in ways:
        answer = client.get(urlsplit(way).path, follow_redirects=True)
        assert (answer.status_code, ASK_THE_HOLDER.encode() in answer.data) == (200, False)
    assert "To show it to anyone, send" not in mail.text
