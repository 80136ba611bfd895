"""Who may see a certificate: by its page, by its files, by its number, by a link."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core import clock
from laurel.credentials.models import Credential, CredentialEvent, ShareLink
from laurel.credentials.rules.history import HistoryKind, find_break
from laurel.credentials.rules.passes import Link, Pass, write_token
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.services.issuing import revoke
from laurel.credentials.services.visibility import withdraw_share_link
from laurel.credentials.views.guessing import WRONG_BY_ALL
from laurel.web.counters import Allowance, count_try
from tests.conftest import QueryCount, SignIn
from tests.credentials.carriers import add_token_key
from tests.factories.credentials import NAME, make_credential
from tests.factories.holders import make_private, make_share_link

BROWSER = {"Accept": "text/html"}
HOLDER = "Ada Lovelace"
NUMBERS = re.compile(r"LRL(?:-\w{4}){3}|LRL\w{12}|\d+ \w+ \d{4}, \d\d:\d\d")
"""What differs between any two: their numbers, and the moment of the look."""
FILES = ["{home}", "{home}.json", "{home}.jwt", "{home}/badge.png", "{home}/badge.svg", "{home}/certificate.pdf"]


@pytest.fixture
def credential(session: Session) -> Credential:
    add_token_key(session)
    issued = make_credential(session)
    make_private(session, issued)
    session.commit()
    return issued


@pytest.fixture
def home(credential: Credential) -> str:
    return f"/credentials/{credential.id}"


def token_of(app: Flask, link: ShareLink) -> str:
    return write_token(Link(link.id), app.extensions["laurel_settings"].secret_key)


def test_a_private_page_says_that_it_is_valid_and_nothing_of_whose_or_what(client: FlaskClient, credential: Credential, home: str) -> None:
    answer = client.get(home, headers=BROWSER)

    assert answer.status_code == 200
    assert credential.number in answer.text
    assert "This certificate is valid." in answer.text
    assert HOLDER not in answer.text
    assert NAME not in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers


def test_a_private_page_says_that_it_was_revoked(client: FlaskClient, session: Session, credential: Credential, home: str) -> None:
    revoke(session, credential.id, reason=RevocationReason.HOLDER_REQUEST, note="x", actor_id=None, now=clock.now())
    session.commit()

    assert "was revoked" in client.get(home, headers=BROWSER).text


@pytest.mark.parametrize("address", FILES)
def test_no_file_of_a_private_certificate_is_given_to_strangers(client: FlaskClient, home: str, address: str) -> None:
    answer = client.get(address.format(home=home))

    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert HOLDER not in answer.text
    assert NAME not in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_its_number_leads_to_its_page_and_says_no_name(client: FlaskClient, credential: Credential, home: str) -> None:
    found = client.get("/verify", query_string={"number": credential.number})

    assert client.get(f"/v/{credential.number}").location == home
    assert "This certificate is valid." in found.text
    assert HOLDER not in found.text
    assert NAME not in found.text


@pytest.mark.parametrize(
    ("asked", "answer"),
    [("ada  LOVELACE", "Yes, it belongs to ada LOVELACE"), ("Charles Babbage", "No, it does not belong to Charles Babbage")],
)
def test_who_asks_for_a_name_hears_yes_or_no(client: FlaskClient, home: str, asked: str, answer: str) -> None:
    said = client.post(f"{home}/holder", data={"name": asked})

    assert said.status_code == 200
    assert answer in said.text
    assert HOLDER not in said.text
    assert "Set-Cookie" not in said.headers


def test_a_machine_hears_by_the_number_that_it_is_valid_and_nothing_of_what(client: FlaskClient, credential: Credential) -> None:
    said = client.get(f"/api/v1/certificates/{credential.number}").get_json()

    assert said["verdict"] == "valid"
    assert set(said["credential"]) == {"id", "number", "issuer"}


@pytest.mark.parametrize("is_revoked", [False, True])
def test_page_number_and_machine_say_how_a_private_certificate_stands_and_nothing_by_which_two_could_be_told_apart(
    client: FlaskClient, session: Session, is_revoked: bool
) -> None:
    said = []
    for facts in ({"validity_months": 12}, {"validity_months": 0, "name": "Certified Diver", "description": "Dives."}):
        private = make_private(session, make_credential(session, **facts))
        if is_revoked:
            revoke(session, private.id, reason=RevocationReason.ISSUED_IN_ERROR, note="x", actor_id=None, now=clock.now())
        session.commit()
        answers = (
            client.get(f"/credentials/{private.id}", headers=BROWSER),
            client.get("/verify", query_string={"number": private.number}),
            client.get(f"/api/v1/certificates/{private.number}"),
        )
        said.append([NUMBERS.sub("", answer.text.replace(str(private.id), "")) for answer in answers])

    assert said[0] == said[1]
    machine = json.loads(said[0][2])
    assert (machine["verdict"], machine["checks"]) == ("revoked" if is_revoked else "valid", [])
    assert not any(RevocationReason.ISSUED_IN_ERROR in text for text in said[0])


@pytest.mark.parametrize("asked", ["", "  ", "\u202e", "x" * 5000])
def test_what_is_no_name_is_refused_beside_its_field(client: FlaskClient, home: str, asked: str) -> None:
    said = client.post(f"{home}/holder", data={"name": asked})

    assert said.status_code == 400
    assert 'id="name-error"' in said.text
    assert "it belongs to" not in said.text


def test_names_cannot_be_found_out_by_trying_many(client: FlaskClient, home: str) -> None:
    answers = [client.post(f"{home}/holder", data={"name": f"Name {n}"}).status_code for n in range(12)]

    assert answers == [200] * 10 + [429] * 2


def test_whoever_has_tried_ten_wrong_names_asks_no_more_that_day_and_keeps_nobody_else_from_asking(client: FlaskClient, home: str) -> None:
    def ask(name: str, network: str) -> tuple[int, bool]:
        said = client.post(f"{home}/holder", data={"name": name}, environ_base={"REMOTE_ADDR": network})
        return said.status_code, "Yes, it belongs" in said.text

    with time_machine.travel(clock.now(), tick=False) as moving:
        for n in range(10):
            assert ask(f"Name {n}", "10.0.0.1") == (200, False)
        moving.shift(timedelta(minutes=2))
        assert ask(HOLDER, "10.0.0.1")[0] == 429
        assert ask(HOLDER, "10.0.0.2") == (200, True)


def test_after_many_wrong_names_from_everywhere_the_day_is_asked_too_and_nobody_is_turned_away(
    client: FlaskClient, session: Session, credential: Credential, home: str
) -> None:
    tried = Allowance("wrong name by all", str(credential.id), *WRONG_BY_ALL)
    for _ in range(39):
        count_try(session, [tried], now=clock.now())
    session.commit()
    assert 'id="day"' not in client.get(home, headers=BROWSER).text
    client.post(f"{home}/holder", data={"name": "Charles Babbage"})
    awarded = credential.awarded_at.date()
    answers = [
        client.post(f"{home}/holder", data={"name": HOLDER, "day": day})
        for day in ("", "yesterday", str(awarded - timedelta(days=1)), str(awarded))
    ]

    assert 'id="day"' in client.get(home, headers=BROWSER).text
    assert [answer.status_code for answer in answers] == [400, 400, 200, 200]
    assert ["Yes, it belongs" in answer.text for answer in answers] == [False, False, False, True]
    assert 'id="day-error"' in answers[0].text


def test_a_name_is_asked_only_of_a_private_certificate(client: FlaskClient, session: Session) -> None:
    seen = make_credential(session)
    session.commit()

    answer = client.post(f"/credentials/{seen.id}/holder", data={"name": "x"})

    assert (answer.status_code, answer.location) == (303, f"/credentials/{seen.id}")
    assert client.post(f"/credentials/{uuid4()}/holder", data={"name": "x"}).status_code == 404


@pytest.mark.parametrize("address", FILES)
def test_a_link_of_the_holder_shows_all_of_it(
    app: Flask, client: FlaskClient, session: Session, credential: Credential, address: str
) -> None:
    token = token_of(app, make_share_link(session, credential))
    session.commit()

    answer = client.get(address.format(home=f"/credentials/{credential.id}"), query_string={"t": token})

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"


def test_the_page_that_a_link_shows_leads_to_files_by_the_same_link(
    app: Flask, client: FlaskClient, session: Session, credential: Credential, home: str
) -> None:
    token = token_of(app, make_share_link(session, credential))
    session.commit()

    shown = client.get(home, query_string={"t": token}, headers=BROWSER).text

    assert HOLDER in shown
    assert f"{home}/certificate.pdf?t={token}" in shown
    assert "Its holder shows it to you by this link" in shown


def test_what_its_holder_opens_from_their_account_is_no_link_for_others_and_says_so(
    session: Session, credential: Credential, sign_in: SignIn
) -> None:
    holder = sign_in(session.get_one(User, credential.holder_id))

    shown = holder.get(f"/account/credentials/{credential.id}/files/page", headers=BROWSER, follow_redirects=True).text

    assert HOLDER in shown
    assert "You opened it from an account" in shown
    assert "Its holder shows it to you" not in shown
    assert "Copy link" not in shown


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(
            lambda session, link: withdraw_share_link(session, *owner_of(session, link), link.id, now=clock.now()), id="withdrawn"
        ),
        pytest.param(lambda session, link: setattr(link, "ends_at", clock.now()), id="ended"),
        pytest.param(lambda session, link: setattr(link, "credential_id", make_credential(session).id), id="of another certificate"),
        pytest.param(lambda session, link: session.delete(link), id="of a row that is not there"),
    ],
)
def test_a_link_that_is_not_good_shows_nothing(
    app: Flask, client: FlaskClient, session: Session, credential: Credential, home: str, spoil: Callable[[Session, ShareLink], None]
) -> None:
    link = make_share_link(session, credential)
    token = token_of(app, link)
    spoil(session, link)
    session.commit()

    shown = client.get(home, query_string={"t": token}, headers=BROWSER)

    assert "This link shows nothing any more" in shown.text
    assert HOLDER not in shown.text
    assert client.get(f"{home}.json", query_string={"t": token}).status_code == 403


def owner_of(session: Session, link: ShareLink) -> tuple[object, object]:
    credential = session.get_one(Credential, link.credential_id)
    return credential.holder_id, credential.id


@pytest.mark.parametrize("token", ["x", "A" * 66, "../../etc", "%00", "\u202e", "A" * 5000, "TAAA", "null", "=", "é", "' OR 1=1 --"])
def test_hostile_tokens_show_nothing(client: FlaskClient, home: str, token: str) -> None:
    shown = client.get(home, query_string={"t": token}, headers=BROWSER)

    assert shown.status_code == 200
    assert HOLDER not in shown.text
    assert client.get(f"{home}.json", query_string={"t": token}).status_code == 403


def test_a_pass_is_good_for_an_hour_and_for_its_own_certificate(
    app: Flask, client: FlaskClient, session: Session, credential: Credential, home: str
) -> None:
    other = make_private(session, make_credential(session))
    session.commit()
    secret = app.extensions["laurel_settings"].secret_key
    good = write_token(Pass(credential.id, clock.now() + timedelta(minutes=1)), secret)
    over = write_token(Pass(credential.id, clock.now() - timedelta(seconds=2)), secret)

    assert client.get(f"{home}.json", query_string={"t": good}).status_code == 200
    assert client.get(f"{home}.json", query_string={"t": over}).status_code == 403
    assert client.get(f"/credentials/{other.id}.json", query_string={"t": good}).status_code == 403


def test_search_engines_list_what_is_public_and_nothing_else(client: FlaskClient, session: Session) -> None:
    unlisted, public = make_credential(session), make_credential(session)
    public.visibility = Visibility.PUBLIC
    session.commit()

    hidden, listed = (client.get(f"/credentials/{one.id}", headers=BROWSER) for one in (unlisted, public))

    assert hidden.headers["X-Robots-Tag"] == "noindex"
    assert '<meta name="robots" content="noindex">' in hidden.text
    assert "X-Robots-Tag" not in listed.headers
    assert "noindex" not in listed.text
    assert client.get(f"/credentials/{unlisted.id}/certificate.pdf").headers["X-Robots-Tag"] == "noindex"


def test_a_change_stands_in_the_chain(session: Session, credential: Credential) -> None:
    make_private(session, credential)

    chain = session.scalars(select(CredentialEvent).order_by(CredentialEvent.position)).all()
    told = [event for event in chain if event.kind is HistoryKind.VISIBILITY]
    assert [(event.actor_id, event.reason) for event in told] == [(credential.holder_id, "from unlisted to private")]
    assert find_break((event.link, event.hash) for event in chain) is None


def test_status_and_keys_of_a_private_certificate_stay_public(client: FlaskClient, credential: Credential) -> None:
    assert json.loads(client.get("/.well-known/did.json").data)["verificationMethod"]
    assert client.get("/status/revocation/1").status_code == 200


def test_the_pages_take_few_queries(
    app: Flask, client: FlaskClient, session: Session, credential: Credential, home: str, queries: QueryCount
) -> None:
    token = token_of(app, make_share_link(session, credential))
    session.commit()

    queries.clear()
    client.get(home, headers=BROWSER)
    assert queries.selects == 2  # the certificate, and whether the day is asked, too

    queries.clear()
    client.get(home, query_string={"t": token}, headers=BROWSER)
    assert queries.selects <= 4


@pytest.mark.parametrize("days", [30])
def test_a_link_ends_when_it_was_to_end(
    app: Flask, client: FlaskClient, session: Session, credential: Credential, home: str, days: int
) -> None:
    link = make_share_link(session, credential, days=days, at=clock.now() - timedelta(days=days, seconds=1))
    session.commit()

    assert client.get(f"{home}.json", query_string={"t": token_of(app, link)}).status_code == 403
