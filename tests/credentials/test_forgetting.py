"""Seven days after a change of name the former one is forgotten, and a file with it is still known as superseded."""

import json
import re
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.accounts.services import make_first
from laurel.core import clock
from laurel.core.db import Database
from laurel.core.mail import Mail, MailStatus, queue_mail
from laurel.credentials import handlers
from laurel.credentials.events import CredentialIssued
from laurel.credentials.models import Credential, CredentialVersion
from laurel.credentials.queries import get_version
from laurel.credentials.rules.former_names import without_name
from laurel.credentials.services.correcting import correct
from laurel.credentials.services.forgetting import forget_former_names
from laurel.credentials.services.holds import put_on_hold, release
from laurel.credentials.services.name_changes import approve_name, ask_to_reverse
from tests.credentials import carriers
from tests.credentials.test_audit import run
from tests.credentials.test_erasure import dump
from tests.factories.accounts import make_further_address, make_user
from tests.factories.credentials import ISSUER, make_credential, make_revocation_job
from tests.factories.holders import apply_name, make_name_change, reverse_name
from tests.fakes import PlainVault

pytestmark = pytest.mark.usefixtures("shared_app")
FORMER, NEW = "Zebulon Quince", "Augusta Ada King"
AGO = timedelta(days=8)


@pytest.fixture
def credential(session: Session) -> Credential:
    """Signed before, and spoken of wherever staff and mails can name its holder; the name changed eight days ago."""
    carriers.add_token_key(session)
    with time_machine.travel(clock.now() - AGO - timedelta(hours=1)):
        person = make_user(session, name="Zebulon Quinze")
        one = make_credential(session, learner=person)
    with time_machine.travel(clock.now() - AGO - timedelta(minutes=30)):
        facts = {"holder_name": FORMER, "reason": "Zebulon Quince wrote that it was wrong.", "actor_id": None, "now": clock.now()}
        correct(session, one.id, issuer=ISSUER, keys=PlainVault(), **facts)
        put_on_hold(session, one.id, note="Ask Mr Quince for his papers.", actor_id=person.id, now=clock.now())
        release(session, one.id, note="Mr QUINCE is who he says.", actor_id=person.id, now=clock.now())
        make_revocation_job(session, one)
        handlers.email_holder(session, CredentialIssued(occurred_at=clock.now(), credential_id=one.id, holder_id=person.id))
        queue_mail(session, "name_restored", key="x", recipient=person.email, now=clock.now())
        session.execute(update(Mail).where(Mail.key != "x").values(status=MailStatus.SENT, sent_at=clock.now()))
        session.execute(update(Mail).where(Mail.key == "x").values(status=MailStatus.FAILED, text=FORMER))
    with time_machine.travel(clock.now() - AGO):
        change = make_name_change(session, person, name=NEW, words="I was called Zebulon Quince.")
        approve_name(session, change.id, actor_id=make_user(session, roles=["admin"]).id, now=clock.now())
        apply_name(session, change)
    session.commit()
    return one


def forget(session: Session) -> None:
    forget_former_names(session, now=clock.now())
    session.commit()
    session.expire_all()


def lines_with_the_former_name(dumped: str) -> list[str]:
    """In any spelling that it had. Fewer letters would now and then be found in a signature or a key, by chance."""
    return [line[:60] for line in dumped.splitlines() if re.search("quin[cz]e", line.casefold())]


def test_the_former_name_is_nowhere_in_the_database_any_more(session: Session, database: Database, credential: Credential) -> None:
    assert dump(session).count("Quince") > 3

    forget(session)

    left = dump(session)
    assert lines_with_the_former_name(left) == []
    assert NEW in left
    assert run(database) == (1, [])


def test_mails_to_an_address_that_is_not_the_first_one_any_more_forget_it_too(session: Session, credential: Credential) -> None:
    further = make_further_address(session, session.get_one(User, credential.holder_id))
    make_first(session, credential.holder_id, further.id, now=clock.now())
    session.commit()

    forget(session)

    assert lines_with_the_former_name(dump(session)) == []


def test_a_file_with_the_former_name_is_superseded_still_and_nothing_like_it_is(
    client: FlaskClient, session: Session, credential: Credential
) -> None:
    old = get_version(session, credential.id, 2).signed_json
    document = json.loads(old)
    present = get_version(session, credential.id, 3).signed_json
    forget(session)

    def verdict(content: str, media: str = "application/vc") -> tuple[str, object]:
        said = client.post("/api/v1/verify", data=content.encode(), content_type=media).json
        return said["verdict"], said["credential"]

    assert verdict(old) == ("superseded", None)
    assert verdict(json.dumps(document, indent=2, sort_keys=True)) == ("superseded", None)
    assert verdict(carriers.token(document), "application/jwt") == ("superseded", None)
    assert verdict(present)[0] == "valid"
    assert verdict(old.replace(FORMER, "Zebulon Quance"))[0] == "signature invalid"
    assert verdict(json.dumps({**document, "validFrom": "2026-01-01T00:00:00Z"}))[0] == "signature invalid"
    assert verdict(json.dumps({**document, "@unsigned": "more words"}))[0] == "signature invalid"


def test_a_mail_that_was_on_its_way_when_the_name_changed_is_emptied_too(session: Session, credential: Credential) -> None:
    session.execute(update(Mail).where(Mail.status == MailStatus.SENT).values(sent_at=clock.now() - AGO + timedelta(hours=1)))
    session.execute(update(Mail).where(Mail.status == MailStatus.FAILED).values(due_at=clock.now() - AGO + timedelta(hours=2)))

    forget(session)

    assert lines_with_the_former_name(dump(session)) == []


def test_the_audit_tells_if_what_is_in_force_was_forgotten(session: Session, database: Database, credential: Credential) -> None:
    forget(session)
    session.execute(update(CredentialVersion).where(CredentialVersion.n == 3).values(signed_json="", settled_sha256="0" * 64))
    session.commit()

    assert "version 3: its words were forgotten, and it is the current one" in run(database)[1]


def test_a_name_that_was_taken_back_is_forgotten_at_once(session: Session) -> None:
    with time_machine.travel(clock.now() - timedelta(hours=1)):
        person: User = make_user(session, name=FORMER)
        one = make_credential(session, learner=person)
    with time_machine.travel(clock.now() - timedelta(minutes=30)):
        change = make_name_change(session, person, name=NEW)
        approve_name(session, change.id, actor_id=make_user(session, roles=["admin"]).id, now=clock.now())
        apply_name(session, change)
    ask_to_reverse(session, person.id, change.id, now=clock.now())
    reverse_name(session, change)

    assert "Augusta" not in dump(session)
    texts = session.execute(select(CredentialVersion.n, CredentialVersion.signed_json).filter_by(credential_id=one.id)).all()
    assert {n: FORMER in text for n, text in texts} == {1: True, 2: False, 3: True}


@pytest.mark.parametrize(
    ("text", "former", "present", "left"),
    [
        ("Ask ADA LOVELACE or Ms Lovelace.", "Ada Lovelace", "Ada King", "Ask [former name] or Ms [former name]."),
        ("Ada wrote.", "Ada Lovelace", "Ada King", "Ada wrote."),
        ("Li likes lilies.", "Li Wu", "Bo Wu", "Li likes lilies."),
        ("Li  Wu likes lilies.", "Li Wu", "Bo Wu", "[former name] likes lilies."),
        ("证书给王小明了", "王小明", "李娜", "证书给[former name]了"),
        ("A. B. (c) wrote.", "A. B. (c)", "A. B. (d)", "[former name] wrote."),
        ("The same.", "The Same", "the same", "The same."),
    ],
)
def test_a_note_loses_the_former_name_and_what_is_left_of_it_alone(text: str, former: str, present: str, left: str) -> None:
    assert without_name(text, former, present=present) == left
