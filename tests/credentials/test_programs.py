"""What a program decides about its credentials: a code, what they meet elsewhere, and whether signed files name their holders."""

import json

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core import clock
from laurel.core.db import Database
from laurel.core.errors import InvalidInputError
from laurel.credentials.models import Achievement
from laurel.credentials.queries import find_achievement_of_course
from laurel.credentials.rules.programs import Alignment, ProgramOptions, read_alignments
from laurel.credentials.services.achievements import award_in_name_of
from laurel.credentials.services.correcting import correct
from tests.conftest import SignIn
from tests.credentials.test_audit import run
from tests.credentials.test_holding import token_in
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_achievement, make_course, make_credential
from tests.factories.organizations import make_acme
from tests.fakes import PlainVault

OPTIONS = ProgramOptions(alignments=[Alignment(name="Prompting", url="https://frame.example/p")], names_holder=False)


def test_other_options_are_another_version_and_whoever_issues_it_keeps_them(session: Session) -> None:
    course = make_course(session)
    first, same = make_achievement(session, course=course), make_achievement(session, course=course)
    second = make_achievement(session, course=course, code="PE-101", options=OPTIONS)
    third = award_in_name_of(
        session,
        second.achievement_id,
        make_acme(session).id,
        actor_id=make_user(session).id,
        now=clock.now(),
    )

    fourth = make_achievement(session, course=course, code="PE-101", name="Prompter")

    assert (first.n, same.n, second.n, third.n, fourth.n) == (1, 1, 2, 3, 4)
    assert (fourth.names_holder, fourth.organization_id) == (False, third.organization_id)  # what was decided stays
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


@pytest.fixture
def author(session: Session) -> User:
    return make_user(session, roles=["author"])


def test_an_author_types_what_the_next_certificates_say(session: Session, sign_in: SignIn, author: User) -> None:
    program = make_achievement(session, course=make_course(session, owner=author), code="PE-101")
    session.commit()
    client, address = sign_in(author), f"/studio/credentials/{program.achievement_id}"
    typed = {"csrf_token": token_in(client, address), "offers_score": "y", "seen_n": "1"}
    assert program.name in client.get("/studio/credentials").text

    wrong = client.post(address, data={**typed, "alignments": "Prompting | http://frame.example"})
    saved = client.post(address, data={**typed, "alignments": "\nPrompting | https://frame.example/p | Frame || CFItem\n"})
    stale = client.post(address, data={**typed, "alignments": ""})

    assert (wrong.status_code, saved.status_code, stale.status_code) == (400, 303, 409)
    assert "begins with https://" in wrong.text
    latest = find_achievement_of_course(session, session.get_one(Achievement, program.achievement_id).course_id)
    assert latest is not None
    assert (latest.n, latest.code, latest.offers_score, latest.names_holder) == (2, "PE-101", True, False)
    assert latest.facts.alignments == (Alignment(name="Prompting", url="https://frame.example/p", framework="Frame", type="CFItem"),)
    assert "Prompting | https://frame.example/p | Frame |  | CFItem" in client.get(address).text
    assert client.get(f"/achievements/{latest.slug}/v2", headers={"Accept": "text/html"}).status_code == 200


@pytest.mark.parametrize("text", ["Prompting", "a | https://x.example | b | c | d | e"])
def test_a_line_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(InvalidInputError, match="Line 2"):
        read_alignments(f"A | https://a.example\n{text}")
