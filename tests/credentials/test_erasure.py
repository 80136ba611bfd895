"""Erasing a certificate: nothing of the person stays, the world hears the truth without a name, and nothing brings it back."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Enum, String, select, update
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.commerce.queries import list_lines
from laurel.core import clock
from laurel.core.db import Base, Database
from laurel.core.errors import InvalidInputError
from laurel.core.events import EventRecord
from laurel.core.mail import Mail
from laurel.credentials import handlers
from laurel.credentials.events import CredentialAwarded, CredentialIssued, CredentialRevoked
from laurel.credentials.models import (
    AchievementVersion,
    BulkRow,
    Credential,
    CredentialVersion,
    ExpiryNotice,
    FeeRenewal,
    PointRenewal,
    StatusEntry,
)
from laurel.credentials.models.erasure import ErasedCredential
from laurel.credentials.models.weekly_views import WeeklyViews
from laurel.credentials.queries import list_history
from laurel.credentials.rules.baking import bake_png
from laurel.credentials.rules.bulk import RowState
from laurel.credentials.rules.erasure import ErasedError, ErasureReason
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services import erasing, issuing
from laurel.credentials.services.issuing import revoke
from laurel.web.browser_sessions import BrowserSession
from tests.conftest import SignIn
from tests.credentials import carriers
from tests.credentials.test_audit import run as run_audit
from tests.credentials.test_examining import resign, verdict_of
from tests.credentials.test_services_bulk import draft, finish, make_line, start
from tests.factories.accounts import make_user
from tests.factories.commerce import make_paid_order
from tests.factories.credentials import ISSUER, make_achievement, make_attempt, make_completion, make_credential
from tests.factories.credentials import make_revocation_job as make_job
from tests.factories.holders import apply_name, make_name_change, make_private, make_share_link
from tests.factories.points import make_activity
from tests.factories.renewals import make_holder
from tests.fakes import PlainVault

pytestmark = pytest.mark.usefixtures("app")
MARKER = "Marka Planted"
SAID = "erased at the holder’s request"
PAGE = {"Accept": "text/html"}


def erase(session: Session, credential: Credential) -> None:
    erasing.erase_own(session, credential.holder_id, credential.id, typed=credential.number, now=clock.now())
    session.commit()


def about_certificates() -> list[Any]:
    """The table of certificates and every one that points at it."""
    certificates = Base.metadata.tables["credentials"]
    return [
        table
        for table in Base.metadata.sorted_tables
        if table is certificates or any(key.column.table is certificates for key in table.foreign_keys)
    ]


def plant(session: Session, table: Any, credential_id: UUID) -> int:
    """Put the marker into every text of the rows about this certificate; returns how many rows there are."""
    at = table.c.id if table.name == "credentials" else table.c.credential_id
    texts = [column for column in table.c if isinstance(column.type, String) and not isinstance(column.type, Enum)]
    free = {column.name: MARKER for column in texts if not column.unique and (column.type.length or 99) >= len(MARKER)}
    rows = session.execute(select(table).where(at == credential_id)).all()
    if free:
        session.execute(update(table).where(at == credential_id).values(**free))
    return len(rows)


def dump(session: Session) -> str:
    """Every row of every table, in full: SQLAlchemy shortens what it prints."""
    return "\n".join(f"{table.name}: {tuple(row)}" for table in Base.metadata.sorted_tables for row in session.execute(select(table)))


def test_nothing_that_a_certificate_says_of_a_person_is_left_anywhere(session: Session, database: Database) -> None:
    """The marker stands in every text about it, in tables that are yet to come too: each must have a row here, and must be erased."""
    person = make_user(session, name="Ada Lovelace")
    achievement = make_achievement(session)
    finish(session, start(session, draft(session, make_line(person, achievement.slug))))
    credential = session.scalars(select(Credential)).one()
    make_share_link(session, make_private(session, credential))
    session.add(ExpiryNotice(credential_id=credential.id, ends_at=clock.now(), days=7, told_at=clock.now()))
    line = list_lines(session, make_paid_order(session, buyer=person).id)[0]
    session.add(FeeRenewal(credential_id=credential.id, order_line_id=line.id))
    session.add(PointRenewal(credential_id=credential.id, needed=3000, counted=3000))
    make_activity(session, credential)
    session.add(WeeklyViews(credential_id=credential.id, monday=clock.now().date(), views=9))
    apply_name(session, make_name_change(session, person, name="Ada Lovelaces"), at=clock.now() + timedelta(seconds=5))
    make_job(session, credential)
    handlers.email_holder(session, CredentialIssued(occurred_at=clock.now(), credential_id=credential.id, holder_id=person.id))
    secrets = [credential.subject_id.hex, str(credential.subject_id), credential.number]
    for text in session.scalars(select(CredentialVersion.signed_json)):
        identifiers = json.loads(text)["credentialSubject"]["identifier"]
        secrets += [entry[member] for entry in identifiers if entry["hashed"] for member in ("salt", "identityHash")]
        secrets.append(json.loads(text)["proof"]["proofValue"])
    assert [secret for secret in secrets[1:] if secret not in dump(session)] == []
    bare = [table.name for table in about_certificates() if not plant(session, table, credential.id)]
    session.execute(update(Mail).where(Mail.key.contains(str(credential.id))).values(text=MARKER, subject=MARKER))
    session.expire_all()
    assert bare == []
    assert dump(session).count(MARKER) > len(about_certificates())

    erase(session, credential)

    after = dump(session)
    assert MARKER not in after
    assert [secret for secret in secrets if secret in after] == []
    named = {line.split(":")[0] for line in after.splitlines() if str(credential.id) in line}
    assert named <= {"credential_events", "erased_credentials", "events"}  # by its id alone
    assert run_audit(database) == (0, [])


def test_its_place_on_the_status_list_stays_taken_and_is_set(session: Session) -> None:
    credential = make_credential(session)
    entry = session.scalars(select(StatusEntry)).one()

    erase(session, credential)

    assert session.scalars(select(StatusEntry.set_at).filter_by(id=entry.id)).one() is not None


def test_no_retry_of_what_happened_before_brings_it_back_or_fails(session: Session) -> None:
    completed = make_completion(session)
    holder_id = completed.learner_id
    handlers.award_credential(session, completed)
    pending = session.scalars(select(Credential)).one()
    about = {"occurred_at": clock.now(), "credential_id": pending.id, "holder_id": holder_id}
    erase(session, pending)

    handlers.award_credential(session, completed)
    handlers.issue_credential(session, CredentialAwarded(**about), issuer=ISSUER, keys=PlainVault())
    handlers.email_holder(session, CredentialIssued(**about))
    handlers.email_revocation(session, CredentialRevoked(**about), issuer=ISSUER)

    assert session.scalars(select(Credential)).all() == []
    assert [mail.key.split(":")[0] for mail in session.scalars(select(Mail))] == ["credential-erased"]
    with pytest.raises(ErasedError):
        issuing.issue(session, about["credential_id"], issuer=ISSUER, keys=PlainVault(), now=clock.now())


LINE = ["renew 0", "renew 1"]
AGAIN = ["renew 0", "renew 1", "revoke 1", "renew 0"]


@pytest.mark.parametrize(
    ("story", "erased", "left"),
    [
        (LINE, 0, {1: None, 2: 1}),
        (LINE, 1, {0: None, 2: 0}),
        (["renew 0", "revoke 1", "renew 0"], 0, {2: None, 1: 2}),
        (AGAIN, 0, {3: None, 1: 3, 2: 1}),
        (AGAIN, 1, {0: None, 3: 0, 2: 3}),
    ],
)
def test_what_renewed_it_stays_and_renews_what_it_had_renewed(
    session: Session, story: list[str], erased: int, left: dict[int, int | None]
) -> None:
    """Certificates are numbered as they were earned; each enrollment has one first, each certificate one renewal that counts."""
    chain = [make_credential(session)]
    for act, n in (step.split() for step in story):
        if act == "revoke":
            revoke(session, chain[int(n)].id, reason=RevocationReason.ISSUED_IN_ERROR, note="Why.", actor_id=None, now=clock.now())
        else:
            chain.append(make_renewal(session, chain[int(n)]))
    ids = [credential.id for credential in chain]

    erase(session, chain[erased])
    session.expire_all()

    found = {one.id: one.renewed_from_id for one in session.scalars(select(Credential))}
    assert found == {ids[n]: None if former is None else ids[former] for n, former in left.items()}


def make_renewal(session: Session, old: Credential) -> Credential:
    pending = issuing.add_pending(
        session,
        session.get_one(AchievementVersion, old.achievement_version_id),
        enrollment_id=old.enrollment_id,  # type: ignore[arg-type]
        holder_id=old.holder_id,
        attempt_id=make_attempt(session, learner=session.get_one(User, old.holder_id)).id,
        renewed_from_id=old.id,
        now=clock.now(),
    )
    return issuing.issue(session, pending.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())


def test_a_renewal_outlives_what_it_renewed_and_the_audit_bears_it(session: Session, database: Database) -> None:
    holder = make_holder(session, days_ago=300)
    holder.begin()
    holder.sit()
    [new] = holder.renewals()
    holder.sign(new)
    session.commit()
    assert run_audit(database) == (2, [])

    erase(session, session.get_one(Credential, holder.credential.id))

    assert run_audit(database) == (1, [])


def test_a_bulk_job_that_names_it_goes_on_with_the_others(session: Session) -> None:
    erased, other = make_credential(session), make_credential(session)
    job_id = start(session, make_job(session, erased, other))
    other_id = other.id
    erase(session, erased)

    finish(session, job_id)

    rows = session.scalars(select(BulkRow).filter_by(job_id=job_id)).all()
    assert {row.credential_id: row.state for row in rows} == {None: RowState.FAILED, other_id: RowState.DONE}


def test_the_history_goes_on_and_says_who_of_staff_did_it_but_not_whose_it_was(session: Session) -> None:
    admin = make_user(session, roles=["admin"])
    own, other = make_credential(session), make_credential(session)
    own_id, other_id, number = own.id, other.id, other.number
    erase(session, own)
    with pytest.raises(InvalidInputError):
        erasing.erase(session, other_id, reason=ErasureReason.LEGAL_DUTY, typed=number[:-1], actor_id=admin.id, now=clock.now())
    erasing.erase(session, other_id, reason=ErasureReason.LEGAL_DUTY, typed=number, actor_id=admin.id, now=clock.now())

    ends = [list_history(session, credential_id)[-1] for credential_id in (own_id, other_id)]
    assert [(end.actor_id, end.reason) for end in ends] == [(None, SAID), (admin.id, "erased because the law demands it")]
    facts = [event.facts for event in session.scalars(select(EventRecord).filter_by(name="CredentialErased"))]
    assert all(set(found) == {"occurred_at", "credential_id", "reason"} for found in facts)


def test_the_audit_tells_what_vanished_without_being_erased(session: Session, database: Database) -> None:
    kept, gone = make_credential(session), make_credential(session)
    session.execute(update(StatusEntry).values(set_at=None))
    session.execute(CredentialVersion.__table__.delete().where(CredentialVersion.credential_id == gone.id))  # type: ignore[attr-defined]
    session.execute(Credential.__table__.delete().where(Credential.id == gone.id))  # type: ignore[attr-defined]
    session.add(ErasedCredential(credential_id=kept.id, number_sha256="", reason=ErasureReason.LEGAL_DUTY, erased_at=clock.now()))
    session.commit()

    _count, details = run_audit(database)

    assert [detail.partition(",")[0] for detail in details if "entry" not in detail] == ["the history knows it", "it is said to be erased"]
    assert len([detail for detail in details if detail.endswith("has no document any more and is not set")]) == 1


@pytest.fixture
def erased(session: Session) -> Credential:
    """What was erased, as somebody remembers it who has a copy."""
    credential = make_credential(session, learner=make_user(session, name="Ada Lovelace"))
    session.commit()
    session.expunge(credential)
    erase(session, session.get_one(Credential, credential.id))
    return credential


FILES = ["", ".json", ".jwt", "/badge.png", "/badge.svg", "/certificate.pdf", "/holder"]


def test_every_address_of_it_says_that_it_was_erased_to_people_and_to_machines(client: FlaskClient, erased: Credential) -> None:
    """The question for a name leads to the page, as before."""
    for suffix in FILES:
        address = f"/credentials/{erased.id}{suffix}"
        page = client.get(address, headers=PAGE, follow_redirects=True)
        assert (page.status_code, SAID in page.text, "Lovelace" in page.text) == (410, True, False), address
        answer = client.get(address, headers={"Accept": "application/json"}, follow_redirects=True)
        assert (answer.status_code, answer.mimetype) == (410, "application/problem+json"), address
        assert (answer.json["verdict"], answer.json["revocationReason"]) == ("revoked", SAID)
    assert client.post(f"/credentials/{erased.id}/holder", data={"name": "Ada Lovelace"}, headers=PAGE).status_code == 410


def links_of(page: str) -> list[str]:
    """Where the page itself leads, without the site around it."""
    return re.findall(r'href="([^"]+)"', page.split('<div class="error-page', 1)[1].split("</main>", 1)[0])


def test_its_page_leads_on_to_what_who_came_for_a_certificate_may_want(
    client: FlaskClient, session: Session, erased: Credential, sign_in: SignIn
) -> None:
    assert links_of(client.get(f"/credentials/{erased.id}", headers=PAGE).text) == ["/verify", "/account/credentials"]
    holder = sign_in(session.get_one(User, erased.holder_id))
    assert links_of(holder.get(f"/account/credentials/{erased.id}", headers=PAGE).text) == ["/account/credentials", "/verify"]


def test_its_number_leads_to_the_truth_without_a_name(client: FlaskClient, erased: Credential) -> None:
    number = erased.number
    found = client.get(f"/verify?number={number.lower()}").text
    assert '<p class="verdict-word">Revoked</p>' in found
    assert SAID in found
    assert "Lovelace" not in found
    followed = client.get(f"/v/{number}", headers=PAGE, follow_redirects=True)
    assert (followed.status_code, SAID in followed.text) == (410, True)
    answer = client.get(f"/api/v1/certificates/{number}").json
    assert (answer["verdict"], answer["checks"]) == ("revoked", [])
    assert set(answer["credential"]) == {"id", "number", "issuer", "revokedAt", "revocationReason"}
    assert answer["credential"]["revocationReason"] == SAID


def test_an_old_copy_is_never_valid_again_and_an_altered_one_is_what_it_was(client: FlaskClient, session: Session) -> None:
    credential = make_credential(session, learner=make_user(session, name="Ada Lovelace"))
    carriers.add_token_key(session)
    text = session.scalars(select(CredentialVersion.signed_json)).one()
    document = json.loads(text)
    again = resign(session, document)
    erase(session, credential)

    copies = [(text, "application/vc"), (carriers.token(document), "application/jwt"), (bake_png(carriers.png(), text), "image/png")]
    for content, media in [*copies, (again, "application/vc")]:
        assert verdict_of(client, content, media) == (
            "revoked",
            {"issued_here": True, "not_altered": True, "not_revoked": False, "in_date": None},
        ), media
    assert verdict_of(client, text.replace("Ada Lovelace", "Eve Lovelace"))[0] == "signature invalid"

    shown = client.post("/verify", data={"pasted": text}).text
    assert SAID in shown
    assert "Lovelace" not in shown.replace("&#34;", '"').split("<textarea")[0]


def test_the_holder_types_the_number_and_it_is_gone_from_their_account(
    client: FlaskClient, session: Session, sign_in: SignIn, csrf: Callable[[], str]
) -> None:
    holder = make_user(session)
    credential = make_credential(session, learner=holder)
    address, number = f"/account/credentials/{credential.id}/erase", credential.number
    sign_in(holder)

    assert "cannot be called back" in client.get(address).text
    refused = client.post(address, data={"csrf_token": csrf(), "typed": "LRL-7Q4M-KD2X-93ZZ"})
    assert (refused.status_code, f"Type the number {number}" in refused.text) == (400, True)
    done = client.post(address, data={"csrf_token": csrf(), "typed": number.lower().replace("-", " ")})
    assert (done.status_code, done.location) == (303, "/account/credentials")

    assert number not in client.get(done.location).text
    assert client.post(address, data={"csrf_token": csrf(), "typed": number}).status_code == 410
    session.rollback()
    mails = select(Mail.subject).where(Mail.recipient == holder.email).order_by(Mail.id)
    assert session.scalars(mails).all()[-1].startswith("Your certificate was erased")


def test_a_session_that_was_left_open_is_not_enough_to_erase(
    client: FlaskClient, session: Session, sign_in: SignIn, csrf: Callable[[], str]
) -> None:
    holder = make_user(session)
    credential = make_credential(session, learner=holder)
    sign_in(holder)
    session.execute(update(BrowserSession).values(created_at=clock.now() - timedelta(minutes=11)))
    session.commit()
    address = f"/account/credentials/{credential.id}/erase"

    answer = client.post(address, data={"csrf_token": csrf(), "typed": credential.number})

    assert answer.location == f"/account/confirm-password?next={address}"
    assert session.scalars(select(Credential.id)).all() == [credential.id]


def test_staff_choose_why_and_type_the_number(client: FlaskClient, session: Session, sign_in: SignIn, csrf: Callable[[], str]) -> None:
    credential = make_credential(session)
    admin = make_user(session, roles=["admin"])
    address, number = f"/backoffice/credentials/{credential.id}", credential.number
    sign_in(admin)

    assert f"{address}/erase" in client.get(address).text
    unsaid = client.post(f"{address}/erase", data={"csrf_token": csrf(), "typed": number})
    assert (unsaid.status_code, "Choose why." in unsaid.text) == (400, True)
    done = client.post(f"{address}/erase", data={"csrf_token": csrf(), "typed": number, "reason": ErasureReason.LEGAL_DUTY.value})

    assert (done.status_code, done.location) == (303, "/backoffice/credentials")
    session.rollback()
    event = session.scalars(select(EventRecord).filter_by(name="CredentialErased")).one()
    assert event.actor_id == admin.id
    assert client.get(address, headers=PAGE).status_code == 410
    assert "law demands it" in client.get(f"/backoffice/credentials?q={number}").text
