"""What a program decides about its credentials: a code, what they meet elsewhere, and whether signed files name their holders."""

import json

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.core.db import Database
from laurel.credentials.rules.programs import Alignment, ProgramOptions
from laurel.credentials.services.achievements import award_in_name_of
from laurel.credentials.services.correcting import correct
from tests.credentials.test_audit import run
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_achievement, make_course, make_credential
from tests.factories.organizations import make_acme
from tests.fakes import PlainVault

OPTIONS = ProgramOptions(code="PE-101", alignments=[Alignment(name="Prompting", url="https://frame.example/p")], names_holder=False)


def test_other_options_are_another_version_and_whoever_issues_it_keeps_them(session: Session) -> None:
    course = make_course(session)
    first, same = make_achievement(session, course=course), make_achievement(session, course=course)
    second = make_achievement(session, course=course, options=OPTIONS)
    third = award_in_name_of(
        session,
        second.achievement_id,
        make_acme(session).id,
        actor_id=make_user(session).id,
        now=clock.now(),
    )

    assert (first.n, same.n, second.n, third.n) == (1, 1, 2, 3)
    assert (third.facts.code, third.facts.alignments, third.names_holder) == ("PE-101", tuple(OPTIONS.alignments), False)


def test_a_name_that_is_kept_out_of_files_stands_on_our_pages_and_is_called_so(
    client: FlaskClient, session: Session, database: Database
) -> None:
    credential = make_credential(session, options=OPTIONS)
    facts = {"holder_name": "Ada King", "reason": "She married.", "actor_id": None}
    correct(session, credential.id, issuer=ISSUER, keys=PlainVault(), now=clock.now(), **facts)  # type: ignore[arg-type]
    session.commit()
    address = f"/credentials/{credential.id}"

    text = client.get(f"{address}.json").text
    page = client.get(address, headers={"Accept": "text/html"}).text
    examined = client.post("/verify", data={"pasted": text}).text

    assert "Ada" not in text
    assert [entry["identityType"] for entry in json.loads(text)["credentialSubject"]["identifier"]] == ["emailAddress"]
    assert "Ada King" in page
    assert "The signed file does not say the holder’s name" in page
    assert "Not named in the signed file; its page says who it is" in examined
    assert client.get(f"{address}/certificate.pdf").status_code == 200
    assert run(database) == (1, [])
