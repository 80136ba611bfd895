"""A certificate says the score of its exam only if its holder agreed; everywhere the same, and never longer than they wish."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.core.db import Database
from laurel.core.errors import ConflictError, NotFoundError
from laurel.credentials.models import AchievementVersion, Credential, CredentialEvent, CredentialVersion
from laurel.credentials.rules.programs import ProgramOptions
from laurel.credentials.rules.scores import score_in
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.correcting import correct
from laurel.credentials.services.issuing import issue, revoke
from laurel.credentials.services.renewal import renew_signature
from laurel.credentials.services.scores import NoScoreError, OtherScoreError, hide_score, show_score
from laurel.quizzes.models import Attempt
from tests.conftest import SignIn
from tests.credentials.rotation import compromise, rotate
from tests.credentials.test_audit import run
from tests.credentials.test_examining import ask
from tests.credentials.test_holding import token_in
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_credential, make_pending
from tests.factories.holders import make_private
from tests.factories.scores import agree, give_score
from tests.fakes import PlainVault

WORDS = "91.67 %, passed with 70 % or better"


def make_scored(session: Session, **facts: Any) -> Credential:
    """A signed certificate whose exam came to eleven of twelve."""
    credential = make_credential(session, **facts)
    give_score(session, credential)
    return credential


def signed(session: Session, credential: Credential) -> Any:
    found = session.scalars(select(CredentialVersion).filter_by(credential_id=credential.id, n=credential.current_n)).one()
    return json.loads(found.signed_json)


def take_off(session: Session, credential: Credential) -> Credential:
    later = clock.now() + timedelta(seconds=2)
    return hide_score(session, credential.holder_id, credential.id, issuer=ISSUER, keys=PlainVault(), now=later)


def test_unless_its_holder_agrees_nothing_of_the_exam_is_signed(session: Session) -> None:
    document = signed(session, make_scored(session))

    assert "evidence" not in document
    assert "result" not in document["credentialSubject"]
    assert "resultDescription" not in document["credentialSubject"]["achievement"]


def test_agreed_to_afterwards_it_is_a_correction_with_the_score_as_text(session: Session) -> None:
    credential = make_scored(session)

    agree(session, credential)

    document, subject = (found := signed(session, credential)), found["credentialSubject"]
    [described] = subject["achievement"]["resultDescription"]
    assert credential.current_n == 2
    assert (described["requiredValue"], described["valueMax"]) == ("70", "100")
    assert subject["result"] == [
        {"type": ["Result"], "resultDescription": described["id"], "value": "91.67", "status": "Completed"},
    ]
    assert document["evidence"] == [
        {
            "id": f"http://laurel.test/credentials/{credential.id}/evidence",
            "type": ["Evidence"],
            "name": "Exam record",
            "genre": "Assessment",
            "narrative": "A graded exam: 2 questions; 90 minutes.",  # not the time that this learner had
        }
    ]
    event = session.scalars(
        select(CredentialEvent).filter_by(credential_id=credential.id).order_by(CredentialEvent.position.desc())
    ).first()
    assert event is not None
    assert (event.reason, event.actor_id) == ("the exam’s score", None)


def test_agreed_to_before_the_signature_it_is_in_the_first_document(session: Session) -> None:
    pending = make_pending(session)
    give_score(session, pending)
    agree(session, pending)

    issue(session, pending.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())

    assert pending.current_n == 1
    assert score_in(signed(session, pending)) is not None


def test_taken_back_it_is_signed_without_and_saying_either_twice_changes_nothing(session: Session) -> None:
    credential = make_scored(session)
    for _ in range(2):
        agree(session, credential)
    assert credential.current_n == 2

    for _ in range(2):
        take_off(session, credential)

    assert credential.current_n == 3
    assert score_in(signed(session, credential)) is None
    assert "evidence" not in signed(session, credential)


def test_a_score_that_was_taken_off_is_in_no_document_of_ours_and_its_file_is_known_as_superseded(
    client: FlaskClient, session: Session, database: Database
) -> None:
    credential = make_scored(session)
    agree(session, credential)
    facts: dict[str, Any] = {"holder_name": "Ada King", "reason": "She married.", "actor_id": None}
    correct(session, credential.id, issuer=ISSUER, keys=PlainVault(), now=clock.now() + timedelta(seconds=1), **facts)
    files = [found.signed_json for found in list_documents(session, credential)]
    with time_machine.travel(clock.now() + timedelta(seconds=2)):
        take_off(session, credential)
    session.commit()
    session.expire_all()

    left = [found.signed_json for found in list_documents(session, credential)]
    assert [bool(text) for text in left] == [True, False, False, True]
    assert "91.67" not in "".join(left)
    said = [ask(client, text).json for text in files]
    assert [(found["verdict"], found["credential"]) for found in said if found] == [("superseded", None)] * 3
    with time_machine.travel(clock.now() + timedelta(seconds=5)):
        assert run(database) == (1, [])


def list_documents(session: Session, credential: Credential) -> Sequence[CredentialVersion]:
    return session.scalars(select(CredentialVersion).filter_by(credential_id=credential.id).order_by(CredentialVersion.n)).all()


def test_corrections_and_renewed_signatures_keep_what_was_agreed_to(session: Session) -> None:
    credential = make_scored(session)
    agree(session, credential)

    later = clock.now() + timedelta(seconds=3)
    facts: dict[str, Any] = {"holder_name": "Ada King", "reason": "She married.", "actor_id": None}
    correct(session, credential.id, issuer=ISSUER, keys=PlainVault(), now=later, **facts)
    assert score_in(signed(session, credential)) is not None

    first = signed(session, credential)["proof"]["verificationMethod"].partition("#")[2]
    rotate(session)
    compromise(session, first)
    renew_signature(session, credential.id, issuer=ISSUER, keys=PlainVault(), now=later)
    assert (credential.current_n, score_in(signed(session, credential)) is not None) == (4, True)


def test_what_was_not_seen_cannot_be_agreed_to_nor_what_nobody_measured(session: Session) -> None:
    scored, bare, without = make_scored(session), make_credential(session), make_scored(session, options=ProgramOptions(offers_score=False))

    for credential, seen, error in ((scored, "92", OtherScoreError), (bare, "", NoScoreError), (without, "91.67", NoScoreError)):
        with pytest.raises(error):
            agree(session, credential, seen=seen)
    with pytest.raises(NotFoundError):
        show_score(session, make_user(session).id, scored.id, seen="91.67", issuer=ISSUER, keys=PlainVault(), now=clock.now())


def test_what_was_revoked_is_not_signed_again(session: Session) -> None:
    credential = make_scored(session)
    agree(session, credential)
    revoke(session, credential.id, reason=RevocationReason.HOLDER_REQUEST, note="Asked for.", actor_id=None, now=clock.now())

    with pytest.raises(ConflictError):
        take_off(session, credential)


def test_page_api_and_evidence_say_it_and_say_nothing_without_consent(client: FlaskClient, session: Session) -> None:
    credential = make_scored(session)
    session.commit()
    page, evidence = f"/credentials/{credential.id}", f"/credentials/{credential.id}/evidence"
    html, number = {"Accept": "text/html"}, f"/api/v1/certificates/{credential.number}"
    assert client.get(evidence).status_code == 404
    assert "91.67" not in client.get(page, headers=html).text
    assert "score" not in json.loads(client.get(number).data)["credential"]

    agree(session, credential)
    session.commit()

    assert WORDS in client.get(page, headers=html).text
    assert WORDS in client.get(f"/verify?number={credential.number}").text
    assert json.loads(client.get(number).data)["credential"]["score"] == {"value": "91.67", "requiredValue": "70"}
    verified = ask(client, client.get(f"{page}.json").data)
    assert verified.json is not None
    assert verified.json["credential"]["score"]["value"] == "91.67"
    found = client.get(evidence)
    assert (found.mimetype, json.loads(found.data)["narrative"]) == ("application/ld+json", "A graded exam: 2 questions; 90 minutes.")
    assert "91.67 %" in client.get(evidence, headers=html).text

    make_private(session, credential)
    session.commit()
    assert client.get(evidence).status_code == 403


def test_the_holder_sees_exactly_what_will_be_signed_then_agrees_then_takes_it_back(session: Session, sign_in: SignIn) -> None:
    ada = make_user(session)
    credential = make_scored(session, learner=ada)
    session.commit()
    client, address = sign_in(ada), f"/account/credentials/{credential.id}/score"
    shown = client.get(address).text
    preview = json.loads(unescape(shown.split("<code>", 1)[1].split("</code>", 1)[0]))
    token = token_in(client, address)
    assert "Signed copies cannot be called back" in shown
    assert client.get(f"/account/credentials/of-attempt/{credential.attempt_id}/score").location == address

    stale = client.post(address, data={"csrf_token": token, "wish": "show", "seen": "100"})
    agreed = client.post(address, data={"csrf_token": token, "wish": "show", "seen": "91.67"})

    assert (stale.status_code, agreed.status_code) == (409, 303)
    session.expire_all()
    document = signed(session, credential)
    subject = document["credentialSubject"]
    assert preview == {
        "credentialSubject": {
            "achievement": {"resultDescription": subject["achievement"]["resultDescription"]},
            "result": subject["result"],
        },
        "evidence": document["evidence"],
    }
    assert client.post(address, data={"csrf_token": token, "wish": "dance"}).status_code == 400
    assert "Take my score off the certificate" in client.get(address).text


def test_what_cannot_be_signed_is_said_on_the_page_and_changes_nothing(session: Session, sign_in: SignIn) -> None:
    ada = make_user(session)
    credential = make_scored(session, learner=ada)
    session.execute(update(AchievementVersion).values(criteria="x" * 300_000))
    session.commit()
    client, address = sign_in(ada), f"/account/credentials/{credential.id}/score"

    with time_machine.travel(clock.now() + timedelta(seconds=2)):
        answer = client.post(address, data={"csrf_token": token_in(client, address), "wish": "show", "seen": "91.67"})

    assert (answer.status_code, "We cannot sign this certificate as it is" in answer.text) == (409, True)
    session.expire_all()
    assert (credential.score_consented_at, credential.current_n) == (None, 1)


DAMAGES: list[tuple[Callable[[Session], object], str]] = [
    (lambda session: session.execute(update(Attempt).values(earned=10)), "its score is not what follows"),
    (lambda session: session.execute(update(Attempt).values(earned=None)), "no passed attempt has one"),
    (lambda session: session.execute(update(Credential).values(score_consented_at=None)), "its holder has not agreed to that"),
]


@pytest.mark.parametrize(("damage", "words"), DAMAGES)
def test_the_audit_holds_the_score_against_the_attempt_and_the_consent(
    database: Database, damage: Callable[[Session], object], words: str
) -> None:
    with database.session(writes=True) as session:
        agree(session, make_scored(session))
        session.commit()
    assert run(database) == (1, [])

    with database.session(writes=True) as session:
        damage(session)
        session.commit()

    [detail] = run(database)[1]
    assert words in detail
