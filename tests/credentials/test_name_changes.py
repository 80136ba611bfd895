"""Another name on all certificates at once, and the former one nowhere."""

import io
import zipfile
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core import clock
from laurel.core.bus import deliver, list_due
from laurel.core.db import Database
from laurel.core.errors import ConflictError, ForbiddenError, InvalidInputError
from laurel.core.events import EventRecord
from laurel.core.mail import Mail
from laurel.credentials.models import BulkRow, Credential, CredentialEvent, CredentialVersion, NameChange, RenamedCredential, StatusEntry
from laurel.credentials.queries import holding
from laurel.credentials.rules.bulk import RowState
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.name_changes import NameChangeState
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services import name_changes
from laurel.credentials.services.correcting import correct
from laurel.credentials.services.forgetting import forget_former_names
from laurel.credentials.services.issuing import revoke
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_credential, make_pending, make_revocation_job
from tests.factories.holders import apply_name, make_name_change, make_share_link, reverse_name
from tests.fakes import PlainVault

FORMER, NEW = "Zebulon Quince", "Augusta Ada King"
BROWSER = {"Accept": "text/html"}
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def person(session: Session) -> User:
    return make_user(session, name=FORMER)


@pytest.fixture
def credentials(session: Session, person: User) -> list[Credential]:
    """Two that are valid, each signed a while ago."""
    ago = clock.now() - timedelta(days=1)
    return [make_credential(session, learner=person, at=ago) for _ in range(2)]


def names_on(session: Session, person: User) -> set[str]:
    return set(session.scalars(select(Credential.holder_name).where(Credential.holder_id == person.id)))


def test_a_slip_of_the_pen_needs_no_staff(session: Session, person: User, credentials: list[Credential]) -> None:
    change = make_name_change(session, person, name="Zebulon Quinze")

    assert (change.state, change.is_automatic) == (NameChangeState.APPROVED, True)
    apply_name(session, change)
    assert names_on(session, person) == {"Zebulon Quinze"}


def test_another_name_waits_for_staff_and_changes_nothing_yet(session: Session, person: User, credentials: list[Credential]) -> None:
    change = make_name_change(session, person, name=NEW)
    apply_name(session, change)

    assert (change.state, change.is_automatic) == (NameChangeState.WAITING, False)
    assert names_on(session, person) == {FORMER}


def test_small_steps_do_not_lead_to_another_person(session: Session, person: User, credentials: list[Credential]) -> None:
    apply_name(session, make_name_change(session, person, name="Zebulon Quinze"))

    again = make_name_change(session, person, name="Zebulom Quinze")

    assert again.state is NameChangeState.WAITING


def test_each_certificate_must_be_confirmed(session: Session, person: User, credentials: list[Credential]) -> None:
    with pytest.raises(InvalidInputError) as refused:
        make_name_change(session, person, confirmed=[credentials[0].id])

    assert refused.value.field == "confirmed"
    assert session.scalars(select(NameChange)).all() == []


def test_one_change_at_a_time(session: Session, person: User, credentials: list[Credential]) -> None:
    make_name_change(session, person)

    with pytest.raises(ConflictError, match="under way"):
        make_name_change(session, person, name="Somebody Else")


def test_the_name_that_is_there_already_is_no_change(session: Session, person: User, credentials: list[Credential]) -> None:
    with pytest.raises(InvalidInputError, match="already"):
        make_name_change(session, person, name=FORMER)


def approved(session: Session, person: User) -> NameChange:
    change = make_name_change(session, person, name=NEW)
    name_changes.approve_name(session, change.id, actor_id=make_user(session, roles=["admin"]).id, now=clock.now())
    return change


def test_all_that_are_valid_are_corrected_in_one_go(session: Session, person: User, credentials: list[Credential]) -> None:
    gone = make_credential(session, learner=person, at=clock.now() - timedelta(days=1))
    revoke(session, gone.id, reason=RevocationReason.HOLDER_REQUEST, note="Why.", actor_id=None, now=clock.now())
    waiting = make_pending(session, learner=person)
    numbers = {credential.id: credential.number for credential in credentials}
    change = approved(session, person)

    apply_name(session, change)
    apply_name(session, change)

    assert change.state is NameChangeState.APPLIED
    for credential in credentials:
        assert (credential.holder_name, credential.number, credential.current_n) == (NEW, numbers[credential.id], 2)
    assert (waiting.holder_name, gone.holder_name) == (NEW, FORMER)
    assert (person.name, person.certificate_name) == (NEW, NEW)
    old = session.scalars(select(StatusEntry.set_at).join(CredentialVersion).where(CredentialVersion.n == 1)).all()
    assert None not in old
    told = session.scalars(select(CredentialEvent).filter_by(kind=HistoryKind.CORRECTED)).all()
    assert {event.actor_id for event in told} == {person.id}


def test_the_former_name_is_shown_nowhere_afterwards(
    app: Flask, client: FlaskClient, session: Session, person: User, credentials: list[Credential], sign_in: SignIn
) -> None:
    apply_name(session, approved(session, person))
    session.commit()
    holder = sign_in(person, client=app.test_client())
    staff = sign_in(make_user(session, name="Sam Staff", roles=["admin"]), client=app.test_client())
    change_id = session.scalars(select(NameChange.id)).one()

    shown: list[tuple[str, str]] = []
    for one in credentials:
        public = f"/credentials/{one.id}"
        open_to_all = (public, f"{public}.json", f"{public}/badge.svg", f"{public}/badge.png", f"/verify?number={one.number}")
        shown += [(address, client.get(address, headers=BROWSER).get_data().decode(errors="replace")) for address in open_to_all]
        archive = zipfile.ZipFile(io.BytesIO(holder.get(f"/account{public}/everything.zip").data))
        shown += [(name, archive.read(name).decode(errors="replace")) for name in archive.namelist()]
        shown += [
            (address, holder.get(address).text)
            for address in (f"/account{public}", "/account/credentials", "/account/certificate-name", "/account")
        ]
        shown += [
            (address, staff.get(address).text)
            for address in (f"/backoffice{public}", "/backoffice/credentials", f"/backoffice/learners/{person.id}")
        ]
    for_staff = ("/backoffice/name-changes?state=applied", f"/backoffice/name-changes/{change_id}")
    shown += [(address, staff.get(address).text) for address in for_staff]

    assert [address for address, text in shown if "Zebulon" in text or "Quince" in text] == []
    session.expire_all()
    assert all(NEW in client.get(f"/credentials/{one.id}?t={one.address_token}", headers=BROWSER).text for one in credentials)
    logged = " ".join(str(event.facts) for event in session.scalars(select(EventRecord)) if event.name.startswith("Name"))
    assert "Quince" not in logged


def test_the_person_takes_it_back_within_seven_days(session: Session, person: User, credentials: list[Credential]) -> None:
    change = approved(session, person)
    apply_name(session, change)
    later = clock.now() + timedelta(days=6)

    with time_machine.travel(later):
        name_changes.ask_to_reverse(session, person.id, change.id, now=later)
        reverse_name(session, change, at=later)
        reverse_name(session, change, at=later)

    assert change.state is NameChangeState.REVERSED
    assert names_on(session, person) == {FORMER}
    assert (person.name, person.certificate_name) == (FORMER, FORMER)
    assert {credential.current_n for credential in credentials} == {3}


def test_after_seven_days_it_cannot_be_taken_back_and_the_former_name_is_forgotten(
    session: Session, person: User, credentials: list[Credential]
) -> None:
    change = approved(session, person)
    apply_name(session, change)
    forget_former_names(session, now=clock.now() + timedelta(days=6))
    assert set(session.scalars(select(RenamedCredential.former_name))) == {FORMER}
    later = clock.now() + timedelta(days=7, seconds=1)

    with pytest.raises(ConflictError, match="seven days"):
        name_changes.ask_to_reverse(session, person.id, change.id, now=later)
    forget_former_names(session, now=later)

    session.expire_all()
    assert set(session.scalars(select(RenamedCredential.former_name))) == {None}
    assert (change.former_account_name, change.words) == (None, "")


def test_staff_refuse_with_a_reason_only_and_never_decide_about_themselves(session: Session, person: User) -> None:
    make_credential(session, learner=person)
    change = make_name_change(session, person, name=NEW)
    staff = make_user(session, roles=["admin"])

    with pytest.raises(InvalidInputError):
        name_changes.refuse_name(session, change.id, reason="  ", actor_id=staff.id, now=clock.now())
    with pytest.raises(ForbiddenError):
        name_changes.approve_name(session, change.id, actor_id=person.id, now=clock.now())
    name_changes.refuse_name(session, change.id, reason="Show us the papers.", actor_id=staff.id, now=clock.now())
    with pytest.raises(ConflictError):
        name_changes.approve_name(session, change.id, actor_id=staff.id, now=clock.now())

    assert (change.state, change.refusal) == (NameChangeState.REFUSED, "Show us the papers.")


def test_the_worker_applies_it_and_the_mail_says_no_former_name(app: Flask, database: Database) -> None:
    with database.session(writes=True) as session:
        person = make_user(session, name=FORMER)
        make_credential(session, learner=person, at=clock.now() - timedelta(days=1))
        make_name_change(session, person, name="Zebulon Quinze")
        session.commit()

    for _ in range(3):
        with database.session(writes=False) as session:
            due = list_due(session, now=clock.now())
        for delivery_id in due:
            deliver(lambda: database.session(writes=True), delivery_id, clock=clock.now)

    with database.session(writes=False) as session:
        assert session.scalars(select(Credential.holder_name)).all() == ["Zebulon Quinze"]
        [mail] = [mail for mail in session.scalars(select(Mail)) if "new name" in mail.subject]
        assert "Quince" not in mail.text + (mail.html or "")
        assert [mail.subject for mail in session.scalars(select(Mail)) if "corrected" in mail.subject] == []


def csrf_of(client: FlaskClient, page: str) -> str:
    return client.get(page).text.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]


def test_the_person_sees_it_first_confirms_and_sends(
    session: Session, person: User, credentials: list[Credential], sign_in: SignIn
) -> None:
    client = sign_in(person)
    data = {"csrf_token": csrf_of(client, "/account/certificate-name"), "new_name": NEW, "words": "I married."}

    preview = client.post("/account/certificate-name/preview", data=data, headers=FROM_HERE)
    assert all(f"“{NEW}” on" in preview.text and one.number in preview.text for one in credentials)
    unconfirmed = client.post("/account/certificate-name", data=data, headers=FROM_HERE)
    assert unconfirmed.status_code == 400
    assert 'id="confirmed-error"' in unconfirmed.text
    assert session.scalars(select(NameChange)).all() == []

    confirmed = {**data, "confirmed": [str(one.id) for one in credentials]}
    sent = client.post("/account/certificate-name", data=confirmed, headers=FROM_HERE)
    assert sent.status_code == 303
    assert "Staff are looking at" in client.get("/account/certificate-name").text


def test_a_name_that_cannot_be_printed_is_told_before_it_is_sent(session: Session, person: User, sign_in: SignIn) -> None:
    client = sign_in(person)
    token = csrf_of(client, "/account/certificate-name")

    told = [
        "cannot be printed on the PDF"
        in client.post("/account/certificate-name/preview", data={"csrf_token": token, "new_name": name}, headers=FROM_HERE).text
        for name in ("\u1810\u1820\u1828", "राम कृष्णमूर्ति")  # Mongolian, and Devanagari
    ]

    assert told == [True, False]


@pytest.mark.parametrize("name", ["", "   ", "12345", "x" * 300])
def test_what_is_no_name_is_refused_beside_its_field(session: Session, person: User, sign_in: SignIn, name: str) -> None:
    client = sign_in(person)
    data = {"csrf_token": csrf_of(client, "/account/certificate-name"), "new_name": name}

    sent = client.post("/account/certificate-name/preview", data=data, headers=FROM_HERE)

    assert sent.status_code == 400
    assert "new_name-error" in sent.text


def test_before_the_first_certificate_the_name_is_set_freely_and_afterwards_asked_for(
    session: Session, person: User, sign_in: SignIn
) -> None:
    client = sign_in(person)
    data = {"csrf_token": csrf_of(client, "/account/certificate-name"), "new_name": NEW}
    assert "until the first one you set it freely" in client.get("/account/certificate-name").text

    assert client.post("/account/certificate-name", data=data, headers=FROM_HERE).status_code == 303
    session.refresh(person)
    assert (person.name, person.name_on_certificates) == (FORMER, NEW)
    first = make_credential(session, learner=person)
    session.commit()
    other = {**data, "new_name": "Mallory Evil", "confirmed": [str(first.id)]}
    client.post("/account/certificate-name", data=other, headers=FROM_HERE)

    session.refresh(person)
    assert (first.holder_name, person.name_on_certificates) == (NEW, NEW)
    assert session.scalars(select(NameChange.state)).all() == [NameChangeState.WAITING]


def test_the_page_says_what_stands_on_the_certificates_and_not_how_the_account_is_called(
    session: Session, person: User, credentials: list[Credential], sign_in: SignIn
) -> None:
    credentials[0].holder_name = "王小明"
    session.commit()
    client = sign_in(person)
    client.post("/account/name", data={"csrf_token": csrf_of(client, "/account/name"), "name": "Zeb"}, headers=FROM_HERE)

    page = client.get("/account/certificate-name").text

    assert f"At present: <b>{FORMER}</b>, <b>王小明</b>" in page
    assert f"The next certificate will carry: <b>{FORMER}</b>" in page


def test_staff_see_both_names_while_it_waits(session: Session, person: User, credentials: list[Credential], sign_in: SignIn) -> None:
    change = make_name_change(session, person, name=NEW)
    staff = sign_in(make_user(session, roles=["admin"]))

    assert NEW in staff.get("/backoffice/name-changes").text
    page = staff.get(f"/backoffice/name-changes/{change.id}").text
    assert FORMER in page
    assert "I married." in page

    address = f"/backoffice/name-changes/{change.id}"
    token = csrf_of(staff, address)
    empty = staff.post(f"{address}/refuse", data={"csrf_token": token, "reason": ""}, headers=FROM_HERE)
    assert (empty.status_code, "reason-error" in empty.text) == (400, True)
    assert staff.post(f"{address}/approve", data={"csrf_token": token}, headers=FROM_HERE).status_code == 303
    session.refresh(change)
    assert change.state is NameChangeState.APPROVED


def test_what_cannot_be_signed_anew_is_closed_and_not_linked_with_the_new_name(
    client: FlaskClient, session: Session, person: User, credentials: list[Credential]
) -> None:
    gone, kept = credentials
    revoke(session, gone.id, reason=RevocationReason.HOLDER_REQUEST, note="Why.", actor_id=None, now=clock.now())
    kept.renewed_from_id = gone.id
    link = make_share_link(session, gone)
    apply_name(session, approved(session, person))
    session.commit()

    for address in (f"/credentials/{gone.id}", f"/credentials/{gone.id}.json", f"/verify?number={gone.number}"):
        assert "Quince" not in client.get(address, headers=BROWSER).text
    assert client.get(f"/credentials/{gone.id}/badge.png").status_code == 403
    assert holding.list_kin(session, kept) == holding.list_kin(session, gone) == []
    session.refresh(link)
    assert link.withdrawn_at is not None


def test_bulk_jobs_keep_no_former_name(session: Session, person: User, credentials: list[Credential]) -> None:
    job = make_revocation_job(session, *credentials)
    done, waiting = session.scalars(select(BulkRow).filter_by(job_id=job.id).order_by(BulkRow.n))
    done.state = RowState.DONE
    apply_name(session, approved(session, person))

    session.expire_all()
    assert (done.name, waiting.name) == ("", NEW)


def test_earlier_changes_and_such_as_were_taken_back_name_nobody(session: Session, person: User, credentials: list[Credential]) -> None:
    first = approved(session, person)
    apply_name(session, first)
    second = make_name_change(session, person, name="Third Name", now=clock.now())
    name_changes.approve_name(session, second.id, actor_id=make_user(session, roles=["admin"]).id, now=clock.now())
    with time_machine.travel(clock.now() + timedelta(minutes=1)):
        apply_name(session, second)
    session.expire_all()
    assert (first.new_name, first.words) == ("", "")

    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        name_changes.ask_to_reverse(session, person.id, second.id, now=clock.now())
        correct(
            session, credentials[0].id, holder_name="By Staff", reason="r", actor_id=None, issuer=ISSUER, keys=PlainVault(), now=clock.now()
        )
    with time_machine.travel(clock.now() + timedelta(minutes=3)):
        reverse_name(session, second)
    assert (second.new_name, second.words) == ("", "")
    assert names_on(session, person) == {"By Staff", NEW}


def test_what_was_refused_is_forgotten_after_seven_days(session: Session, person: User, credentials: list[Credential]) -> None:
    change = make_name_change(session, person, name=NEW)
    name_changes.refuse_name(session, change.id, reason="No.", actor_id=make_user(session, roles=["admin"]).id, now=clock.now())
    forget_former_names(session, now=clock.now() + timedelta(days=6))
    session.expire_all()
    assert change.words != ""
    forget_former_names(session, now=clock.now() + timedelta(days=8))
    session.expire_all()
    assert (change.new_name, change.words) == ("", "")
