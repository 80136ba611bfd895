"""Organizations certify in their own name, with keys and lists of their own; what was issued never changes."""

import json
from dataclasses import replace
from datetime import timedelta
from functools import partial

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from openbadgeslib.ob3 import OB3LdpVerifier, OB3VerificationError, resolve_did, verify_data_integrity_proof
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from laurel.app import Ports
from laurel.core import clock
from laurel.core.db import Database
from laurel.credentials import queries
from laurel.credentials.models import AchievementVersion, Credential, CredentialVersion, IssuerKey, StatusList, VersionCause
from laurel.credentials.models.organizations import Organization
from laurel.credentials.queries.keys import find_active_key
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services import keys
from laurel.credentials.services.achievements import award_in_name_of
from laurel.credentials.services.auditing import Audit
from laurel.credentials.services.correcting import correct
from laurel.credentials.services.issuers import in_name_of, list_issuers
from laurel.credentials.services.issuing import issue, revoke
from laurel.credentials.services.organizations import change_organization
from laurel.credentials.services.trouble import find_trouble
from laurel.settings import Settings
from laurel.worker import Chores
from tests.credentials.conftest import Download
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_achievement, make_course, make_credential, make_pending
from tests.factories.organizations import FACTS, make_acme, make_credential_of, make_pending_of, png
from tests.fakes import PlainVault
from tests.printed import words_of

DID = "did:web:laurel.test:orgs:acme"


@pytest.fixture
def credential(session: Session, acme: Organization) -> Credential:
    made = make_credential_of(session, acme)
    session.commit()
    return made


@pytest.fixture
def chores(app: Flask, settings: Settings, database: Database, ports: Ports) -> Chores:
    return Chores(settings, database, ports)


def issuer_in(session: Session, credential: Credential, member: str = "id") -> str:
    """What the current document says of its issuer."""
    return str(json.loads(queries.get_version(session, credential.id, credential.current_n).signed_json)["issuer"][member])


def test_an_independent_verifier_accepts_it_and_refuses_it_once_it_is_revoked(
    origin: Download, session: Session, credential: Credential, chores: Chores
) -> None:
    verifier = OB3LdpVerifier.for_issuer_did(DID)
    served = origin(f"http://laurel.test/credentials/{credential.id}")
    document = json.loads(served)
    lists = json.loads(origin(document["credentialStatus"]["statusListCredential"]))

    verifier.verify(served, check_status=True, download=origin, verify_status_list=False)
    with pytest.raises(OB3VerificationError):
        OB3LdpVerifier.for_issuer_did("did:web:laurel.test").verify(served, download=origin)
    verify_data_integrity_proof(lists, resolve_did(DID, download=origin))
    assert (document["issuer"]["id"], lists["issuer"]) == (DID, DID)
    assert document["issuer"] | {"type": 0} == {
        "id": DID,
        "type": 0,
        "name": "Acme Academy",
        "url": "https://acme.example",
        "email": "certificates@acme.example",
        "description": "Trains people who work with anvils.",
        "image": {"id": "http://laurel.test/orgs/acme/logo.png", "type": "Image", "caption": "Acme Academy logo"},
    }

    revoke(session, credential.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Why.", actor_id=None, now=clock.now())
    session.execute(update(StatusList).values(changed_at=clock.now() - timedelta(minutes=6)))  # a mark ago
    session.commit()
    chores.refresh_lists()
    with pytest.raises(OB3VerificationError, match="is set at index"):
        verifier.verify(served, check_status=True, download=origin, verify_status_list=False)


def test_house_and_organization_share_neither_keys_nor_lists(session: Session, credential: Credential) -> None:
    make_credential(session)
    houses = find_active_key(session, ISSUER.did)
    acmes = find_active_key(session, DID)

    assert houses is not None
    assert acmes is not None
    assert (houses.fragment, houses.public_key) != (acmes.fragment, acmes.public_key)
    for found, key in session.execute(select(StatusList, IssuerKey).join(IssuerKey, IssuerKey.id == StatusList.key_id)):
        assert found.did == key.did
        assert json.loads(found.signed_json)["issuer"] == found.did


def test_the_site_knows_it_by_number_by_file_and_by_token(
    client: FlaskClient, session: Session, acme: Organization, chores: Chores
) -> None:
    credential = make_credential_of(session, acme)
    make_credential(session)
    session.commit()
    chores.make_first_keys()

    page = client.get(f"/credentials/{credential.id}", headers={"Accept": "text/html"}).text
    assert "This certificate is valid." in page
    assert f'for_issuer_did("{DID}")' in page
    assert "http://laurel.test/orgs/acme/did.json" in page
    assert '<img src="http://laurel.test/orgs/acme/logo.png"' in page
    assert "Acme Academy" in client.get(f"/verify?number={credential.number}").text.split("Issued by")[1][:200]
    status = client.get(f"/api/v1/certificates/{credential.number}").get_json()
    assert (status["verdict"], status["credential"]["issuer"]) == ("valid", DID)
    for path, media in ((".json", "application/json"), (".jwt", "application/jwt"), ("/badge.png", "image/png")):
        content = client.get(f"/credentials/{credential.id}{path}").data
        answer = client.post("/api/v1/verify", data=content, content_type=media).get_json()
        assert (answer["verdict"], answer["credential"]["issuer"]) == ("valid", DID), path

    token = client.get(f"/credentials/{credential.id}.jwt").text
    kid = jwt.get_unverified_header(token)["kid"]
    assert kid.startswith("http://laurel.test/orgs/acme/keys/jwt-")
    claims = jwt.decode(token, jwt.PyJWK(client.get(kid).get_json(force=True)), algorithms=["RS256"])
    assert claims["iss"] == DID
    keys_of_all = client.get("/.well-known/jwks.json").get_json(force=True)["keys"]
    assert {key["iss"]: key["kid"] == kid for key in keys_of_all} == {ISSUER.did: False, DID: True}


def test_paper_carries_its_name_and_its_logo(client: FlaskClient, credential: Credential) -> None:
    words = words_of(client.get(f"/credentials/{credential.id}/certificate.pdf").data)

    assert "Acme Academy" in words
    assert "Laurel" not in words
    assert client.get("/orgs/acme/logo.png").data == png()


def test_paper_with_another_logo_is_another_file(client: FlaskClient, session: Session, acme: Organization, credential: Credential) -> None:
    address = f"/credentials/{credential.id}/certificate.pdf"
    first = client.get(address)
    change_organization(session, acme.id, FACTS, logo=png(64, 96), actor_id=make_user(session).id, now=clock.now())
    session.commit()
    after = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    again = client.get(address, headers={"If-None-Match": after.headers["ETag"]})

    assert after.status_code == 200
    assert after.data != first.data
    assert after.headers["ETag"] != first.headers["ETag"]
    assert (again.status_code, again.data) == (304, b"")


def test_what_an_organization_calls_itself_later_changes_nothing_that_was_issued(
    client: FlaskClient, session: Session, acme: Organization, credential: Credential
) -> None:
    before = client.get(f"/credentials/{credential.id}.json").data
    later = replace(FACTS, name="Acme University", email="new@acme.example")
    change_organization(session, acme.id, later, logo=None, actor_id=make_user(session).id, now=clock.now())
    next_one = make_credential_of(session, acme)
    session.commit()

    assert client.get(f"/credentials/{credential.id}.json").data == before
    page = client.get(f"/credentials/{credential.id}", headers={"Accept": "text/html"}).text
    assert "Acme University" not in page
    assert "This certificate is valid." in page
    assert issuer_in(session, next_one, "name") == "Acme University"


def test_an_achievement_that_goes_to_another_issuer_takes_nothing_with_it(session: Session, acme: Organization) -> None:
    """What was earned before is the house's, also if it is signed or corrected later; saying again what is certified changes no issuer."""
    course = make_course(session)
    earned, waiting = make_credential(session, course=course), make_pending(session, course=course)
    version = session.get_one(AchievementVersion, earned.achievement_version_id)

    moved = award_in_name_of(session, version.achievement_id, acme.id, actor_id=make_user(session).id, now=clock.now())
    again = make_achievement(session, course=course)
    correct(session, earned.id, holder_name="Ada King", reason="x", actor_id=None, issuer=ISSUER, keys=PlainVault(), now=clock.now())
    issue(session, waiting.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())
    newest = make_pending(session, course=course)
    issue(session, newest.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())

    assert (moved.n, again.id, moved.organization_id) == (version.n + 1, moved.id, acme.id)
    assert [issuer_in(session, one) for one in (earned, waiting, newest)] == [ISSUER.did, ISSUER.did, DID]


def test_the_worker_looks_after_the_keys_and_lists_of_each(chores: Chores, session: Session, acme: Organization) -> None:
    ours, theirs = make_credential(session), make_credential_of(session, acme)
    session.commit()
    chores.look_after_credentials()
    stolen = find_active_key(session, DID)
    assert stolen is not None
    own = in_name_of(ISSUER, acme)
    keys.compromise(session, own, stolen.fragment, reason="stolen", actor_id=None, now=clock.now())
    fresh = keys.stage(session, own, PlainVault(), purpose=stolen.purpose, reason="", actor_id=None, now=clock.now())
    keys.activate(session, own, PlainVault(), fresh.fragment, reason="", actor_id=None, now=clock.now(), is_emergency=True)
    session.commit()

    chores.look_after_credentials()

    session.expire_all()
    causes = {version.credential_id: version.cause for version in session.scalars(select(CredentialVersion).order_by(CredentialVersion.n))}
    assert causes == {ours.id: VersionCause.ISSUED, theirs.id: VersionCause.SIGNATURE_RENEWED}
    lists = session.execute(select(StatusList.did, IssuerKey.fragment).join(IssuerKey, IssuerKey.id == StatusList.key_id)).all()
    assert {fragment for did, fragment in lists if did == DID} == {fresh.fragment}
    audit = Audit(read=partial(chores.database.session, writes=False), issuer=ISSUER, now=clock.now())
    assert (list(audit.differences()), audit.credentials) == ([], 2)


def test_trouble_is_told_of_whom_it_concerns(session: Session, acme: Organization, credential: Credential) -> None:
    make_credential(session)
    make_pending_of(session, acme)

    own = in_name_of(ISSUER, acme)
    key = find_active_key(session, DID)
    assert key is not None
    keys.retire(session, own, key.fragment, reason="lost", actor_id=None, now=clock.now(), is_lost=True)

    assert find_trouble(session, ISSUER, PlainVault(), now=clock.now()) == [
        "Acme Academy: No key is active that signs certificates.",
        "Acme Academy: 1 certificate waits for being signed. Nothing is lost.",
    ]


@pytest.mark.parametrize("path", ["/orgs/nobody/did.json", "/orgs/nobody/keys/jwt-2026-01.jwk", "/orgs/nobody/logo.png", "/orgs//did.json"])
def test_an_organization_that_is_not_there_has_nothing(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_an_organization_without_keys_has_an_empty_document_that_nobody_keeps(client: FlaskClient, session: Session) -> None:
    make_acme(session)
    session.commit()

    answer = client.get("/orgs/acme/did.json")

    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert answer.get_json()["id"] == DID


def test_organizations_follow_the_house_in_the_list_of_issuers(session: Session, acme: Organization) -> None:
    assert [issuer.did for issuer in list_issuers(session, ISSUER)] == [ISSUER.did, DID]
