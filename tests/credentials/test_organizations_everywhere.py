"""Whatever happens to a certificate of an organization happens in its name: mails, files, pictures, renewals, and what is left of it."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import BytesIO
from zipfile import ZipFile

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.app import Ports
from laurel.core import clock
from laurel.core.db import Database
from laurel.core.mail import Mail
from laurel.credentials import queries
from laurel.credentials.models import Achievement, AchievementVersion, Credential
from laurel.credentials.models.organizations import Organization
from laurel.credentials.queries.keys import find_active_key
from laurel.credentials.rules.verdicts import CredentialState, RevocationReason, Verdict
from laurel.credentials.services import keys
from laurel.credentials.services.achievements import award_in_name_of
from laurel.credentials.services.auditing import Audit
from laurel.credentials.services.erasing import erase_own
from laurel.credentials.services.holds import put_on_hold
from laurel.credentials.services.issuers import in_name_of
from laurel.credentials.services.issuing import revoke
from laurel.credentials.services.organizations import change_organization
from laurel.credentials.services.reinstating import reinstate
from laurel.credentials.views.drawings import compose_card
from laurel.credentials.views.printing import issued_by
from laurel.settings import Settings
from laurel.worker import Chores
from tests.backoffice.test_credential_acts import run_due
from tests.conftest import SignIn
from tests.credentials.bulk_jobs import draft, finish, make_line, start
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_credential, make_pending
from tests.factories.organizations import FACTS, make_credential_of, make_pending_of
from tests.factories.renewals import make_holder
from tests.fakes import PlainVault
from tests.printed import words_of

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
DID = "did:web:laurel.test:orgs:acme"


@pytest.fixture
def credential(session: Session, acme: Organization) -> Credential:
    made = make_credential_of(session, acme)
    session.commit()
    return made


def test_mails_and_pages_say_its_address_and_not_the_houses(
    session: Session, credential: Credential, database: Database, sign_in: SignIn
) -> None:
    put_on_hold(session, credential.id, note="We look into it.", actor_id=make_user(session).id, now=clock.now())
    session.commit()
    page = sign_in(session.get_one(User, credential.holder_id)).get(f"/account/credentials/{credential.id}").text
    revoke(session, credential.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Why.", actor_id=None, now=clock.now())
    session.commit()
    run_due(database)

    assert "mailto:certificates@acme.example" in page
    told = [mail.text for mail in session.scalars(select(Mail)) if "on hold" in mail.subject or "revoked" in mail.subject]
    assert ["certificates@acme.example" in text for text in told] == [True, True]
    assert not [text for text in told if ISSUER.email in text]


def test_linkedin_is_told_its_digits_also_of_what_was_issued_before_they_were_known_and_never_the_houses(
    app: Flask, session: Session, acme: Organization, credential: Credential, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "laurel_settings", replace(app.extensions["laurel_settings"], linkedin_organization_id="42"))
    own = make_credential(session, learner=session.get_one(User, credential.holder_id))
    session.commit()
    holder, page = sign_in(session.get_one(User, credential.holder_id)), "/account/credentials/{}"

    before = holder.get(page.format(credential.id)).text
    facts = replace(FACTS, linkedin_id="1337")
    change_organization(session, acme.id, facts, logo=None, actor_id=make_user(session).id, now=clock.now())
    session.commit()

    assert ("organizationName=Acme%20Academy&amp;" in before, "organizationId=" in before) == (True, False)
    assert "organizationId=1337&amp;" in holder.get(page.format(credential.id)).text
    assert "organizationId=42&amp;" in holder.get(page.format(own.id)).text


def test_what_is_left_of_an_erased_one_is_still_its_own(client: FlaskClient, session: Session, credential: Credential) -> None:
    file, number = client.get(f"/credentials/{credential.id}.json").data, credential.number
    erase_own(session, credential.holder_id, credential.id, typed=number, now=clock.now())
    session.commit()

    status = client.get(f"/api/v1/certificates/{number}").get_json()
    examined = client.post("/api/v1/verify", data=file, content_type="application/json").get_json()

    assert (status["verdict"], status["credential"]["issuer"]) == ("revoked", DID)
    assert examined["verdict"] == "revoked"


def test_the_picture_of_a_link_and_the_files_of_a_bulk_run_name_it(
    app: Flask, session: Session, acme: Organization, sign_in: SignIn, csrf: Callable[..., str]
) -> None:
    slug = session.get_one(AchievementVersion, make_credential_of(session, acme).achievement_version_id).slug
    admin = make_user(session, roles=["admin"])
    job = draft(session, make_line(make_user(session), slug), actor=admin)
    session.commit()
    dry_run = sign_in(admin).get(f"/backoffice/credentials/bulk/{job.id}").text
    finish(session, start(session, job))
    session.commit()
    made = queries.signed(queries.get_credential(session, session.scalars(select(Credential.id).filter_by(source="import")).one()))
    assert made is not None

    sent = sign_in(admin).post(f"/backoffice/credentials/bulk/{job.id}/certificates.zip", data={"csrf_token": csrf()})
    archive = ZipFile(BytesIO(sent.data))

    text = words_of(archive.read(f"{made.credential.number}/certificate.pdf"))
    assert ("Acme Academy" in text, "Laurel" in text) == (True, False)
    assert "signed in the name of Acme Academy, with a number of its own" in dry_run
    with app.test_request_context():
        assert compose_card(issued_by(ISSUER, made), made, Verdict.VALID).issuer == "Acme Academy"


def test_who_has_no_key_holds_up_nobody_else(
    app: Flask, settings: Settings, database: Database, ports: Ports, session: Session, acme: Organization
) -> None:
    chores = Chores(settings, database, ports)
    theirs = make_pending_of(session, acme)
    ours = make_pending(session)
    session.commit()
    chores.make_first_keys()
    key = find_active_key(session, DID)
    assert key is not None
    keys.retire(session, in_name_of(ISSUER, acme), key.fragment, reason="lost", actor_id=None, now=clock.now(), is_lost=True)
    session.commit()

    assert chores.issue_pending() == 1

    session.expire_all()
    assert (ours.state, theirs.state) == (CredentialState.ISSUED, CredentialState.PENDING)


def test_one_that_counts_again_is_its_own_again(session: Session, credential: Credential) -> None:
    revoke(session, credential.id, reason=RevocationReason.ISSUED_IN_ERROR, note="A mistake.", actor_id=None, now=clock.now())

    actor = make_user(session)
    reinstate(session, credential.id, reason="It was right.", actor_id=actor.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())

    document = json.loads(queries.get_version(session, credential.id, credential.current_n).signed_json)
    assert (credential.current_n, document["issuer"]["id"], document["issuer"]["name"]) == (2, DID, "Acme Academy")


def test_the_audit_tells_of_one_that_another_issuer_signed(database: Database, session: Session, credential: Credential) -> None:
    session.execute(update(AchievementVersion).values(organization_id=None))
    session.commit()

    audit = Audit(read=partial(database.session, writes=False), issuer=ISSUER, now=clock.now())
    found = [difference.detail for difference in audit.differences()]

    assert f"version 1: its issuer is {DID}, and {ISSUER.did} is stored" in found
    assert any(f"which is not a key of {ISSUER.did}" in detail for detail in found)


def test_who_renews_reads_in_whose_name_the_new_one_would_be(session: Session, acme: Organization, sign_in: SignIn) -> None:
    holder = make_holder(session, days_ago=300)
    client, address = sign_in(holder.room.learner), f"/account/credentials/{holder.credential.id}/renewal"
    before = client.get(address).text
    achievement_id = session.scalars(select(Achievement.id).filter_by(course_id=holder.room.course.id)).one()
    award_in_name_of(session, achievement_id, acme.id, actor_id=make_user(session).id, now=clock.now())
    session.commit()

    after = client.get(address).text

    assert ("by Laurel Academy" in before, "Acme Academy" in before) == (True, False)
    assert "The new one is issued by" in after
    assert "Acme Academy" in after
