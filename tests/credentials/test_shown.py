"""What page, PDF and verdict show are the words that were signed; where the two differ, nothing is vouched for."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.core.db import Database
from laurel.credentials.models import AchievementVersion, Credential, CredentialVersion
from laurel.credentials.rules.document import AchievementFacts, CredentialFacts, HolderFacts, build_document, identity_hash
from laurel.credentials.rules.programs import Alignment
from laurel.credentials.rules.shown import ShownFacts, confirmed_address, shown_equals_signed, unsigned_words
from tests.credentials.test_audit import run
from tests.credentials.test_examining import ask
from tests.factories.credentials import ISSUER, make_achievement, make_credential

DAY = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
WHAT = AchievementFacts(slug="widgets", n=3, name="Widgeteer", description="Knows widgets.", criteria="Pass.", language="en", tags=())
SHOWN = ShownFacts(
    credential_id=UUID(int=1),
    number="LRL-7Q4M-KD2X-93ZZ",
    holder_name="Ada Lovelace",
    subject_id=UUID(int=2),
    achievement=WHAT,
    awarded_at=DAY,
    valid_from=DAY,
    valid_until=DAY + timedelta(days=365),
)


def signed(**changes: Any) -> Any:
    facts = CredentialFacts(
        credential_id=SHOWN.credential_id,
        number=SHOWN.number,
        achievement=WHAT,
        holder=HolderFacts(subject_id=SHOWN.subject_id, name=SHOWN.holder_name, email="ada@example.com", salt="00"),
        awarded_at=DAY,
        valid_from=DAY,
        valid_until=SHOWN.valid_until,
        started_at=None,
        status_list=1,
        status_index=7,
    )
    return {**build_document(ISSUER, facts), **changes}


def test_what_was_signed_is_what_is_shown() -> None:
    assert shown_equals_signed(ISSUER, SHOWN, signed())
    assert shown_equals_signed(ISSUER, replace(SHOWN, holder_name=" Ada Lovelace\r\n"), signed())


@pytest.mark.parametrize(
    ("shown", "word"),
    [
        (replace(SHOWN, credential_id=UUID(int=3)), "address"),
        (replace(SHOWN, number="LRL-0000-0000-0000"), "number"),
        (replace(SHOWN, holder_name="Mallory Crook"), "holder’s name"),
        (replace(SHOWN, subject_id=UUID(int=3)), "subject"),
        (replace(SHOWN, achievement=replace(WHAT, n=4)), "achievement"),
        (replace(SHOWN, achievement=replace(WHAT, description="Knows all.")), "description"),
        (replace(SHOWN, achievement=replace(WHAT, criteria="Pay.")), "criteria"),
        (replace(SHOWN, achievement=replace(WHAT, code="W-1")), "code"),
        (replace(SHOWN, achievement=replace(WHAT, alignments=(Alignment(name="Widgets", url="https://frame.example"),))), "alignments"),
        (replace(SHOWN, names_holder=False), "holder’s name"),
        (replace(SHOWN, awarded_at=DAY - timedelta(days=1)), "day of award"),
        (replace(SHOWN, valid_from=DAY - timedelta(seconds=1)), "beginning"),
        (replace(SHOWN, valid_until=None), "end"),
        (replace(SHOWN, valid_until=DAY + timedelta(days=366)), "end"),
    ],
)
def test_each_word_that_was_not_signed_is_found(shown: ShownFacts, word: str) -> None:
    assert list(unsigned_words(ISSUER, shown, signed())) == [word]


def test_a_title_must_be_that_of_the_credential_and_of_its_achievement() -> None:
    brain = replace(SHOWN, achievement=replace(WHAT, name="Brain Surgeon"))

    assert list(unsigned_words(ISSUER, brain, signed())) == ["title", "achievement’s title"]
    assert list(unsigned_words(ISSUER, brain, signed(name="Brain Surgeon"))) == ["achievement’s title"]


@pytest.mark.parametrize("document", [None, [], {}, {"credentialSubject": []}, {"credentialSubject": {"identifier": [7, {}]}}])
def test_what_is_no_credential_says_nothing_of_it(document: Any) -> None:
    assert not shown_equals_signed(ISSUER, SHOWN, document)


def test_two_names_are_none() -> None:
    document = signed()
    document["credentialSubject"]["identifier"].append(document["credentialSubject"]["identifier"][0])

    assert list(unsigned_words(ISSUER, SHOWN, document)) == ["holder’s name"]


def other_title(session: Session, _credential: Credential) -> None:
    session.execute(update(Credential).values(achievement_version_id=make_achievement(session, name="Brain Surgeon").id))


def reworded_title(session: Session, credential: Credential) -> None:
    session.execute(update(AchievementVersion).filter_by(id=credential.achievement_version_id).values(name="Brain Surgeon"))


TAMPERINGS: dict[str, Callable[[Session, Credential], object]] = {
    "another name": lambda session, _: session.execute(update(Credential).values(holder_name="Mallory Crook")),
    "another day": lambda session, _: session.execute(update(Credential).values(awarded_at=clock.now() - timedelta(days=900))),
    "a later end": lambda session, _: session.execute(update(CredentialVersion).values(valid_until=clock.now() + timedelta(days=9000))),
    "another achievement": other_title,
    "another title": reworded_title,
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_words_that_nobody_signed_are_called_so_and_never_printed(
    client: FlaskClient, database: Database, session: Session, tampering: str
) -> None:
    credential = make_credential(session)
    session.commit()
    signed_json = client.get(f"/credentials/{credential.id}.json").data
    TAMPERINGS[tampering](session, credential)
    session.commit()

    page = client.get(f"/credentials/{credential.id}", headers={"Accept": "text/html"})
    state = client.get(f"/api/v1/certificates/{credential.number}")
    files = [client.get(f"/credentials/{credential.id}/{name}") for name in ("certificate.pdf", "badge.png", "badge.svg")]

    assert "verdict-ok" not in page.text
    assert "Signature invalid" in page.text
    assert state.json["verdict"] == "signature invalid"
    assert {check["id"]: check["ok"] for check in state.json["checks"]}["not_altered"] is False
    assert [answer.status_code for answer in files] == [409] * 3
    assert client.get(f"/credentials/{credential.id}.json").data == signed_json  # that is what was signed
    assert any("is not the one that was signed" in detail for detail in run(database)[1])


def test_a_file_is_judged_by_the_dates_that_were_signed(client: FlaskClient, session: Session) -> None:
    with time_machine.travel(clock.now() - timedelta(days=800), tick=False):
        make_credential(session)
    text = session.scalars(select(CredentialVersion.signed_json)).one()
    session.execute(update(CredentialVersion).values(valid_until=None))
    session.commit()

    assert ask(client, text).json["verdict"] == "signature invalid"


def test_a_document_that_was_changed_along_with_its_columns_is_not_printed(client: FlaskClient, session: Session) -> None:
    credential = make_credential(session)
    forged = session.scalars(select(CredentialVersion.signed_json)).one().replace("Ada Lovelace", "Mallory Crook")
    session.execute(update(CredentialVersion).values(signed_json=forged))
    session.execute(update(Credential).values(holder_name="Mallory Crook"))
    session.commit()

    assert client.get(f"/credentials/{credential.id}/certificate.pdf").status_code == 409


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        (
            {"identifier": [{"identityType": "emailAddress", "salt": "00", "identityHash": identity_hash("ada@work.example", "00")}]},
            "ada@work.example",
        ),
        ({"identifier": [{"identityType": "emailAddress", "salt": "01", "identityHash": identity_hash("ada@work.example", "00")}]}, ""),
        ({"identifier": [{"identityType": "emailAddress"}]}, ""),
        ({"identifier": [{"identityType": "name", "identityHash": "ada@work.example"}, 7]}, None),
        ({"identifier": "ada@work.example"}, None),
        ([], None),
    ],
)
def test_which_address_a_document_confirms_is_found_by_comparing(subject: Any, said: str | None) -> None:
    assert confirmed_address({"credentialSubject": subject}, ["ada@example.com", "ada@work.example"]) == said
