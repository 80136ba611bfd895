"""Revoked by mistake: the same certificate counts again by a new document, and what was revoked stays revoked for good."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.commerce.rules import EntitlementStatus
from laurel.core import clock
from laurel.core.db import Database
from laurel.core.mail import Mail
from laurel.credentials import queries
from laurel.credentials.models import Credential, CredentialVersion, NameChange, StatusEntry
from laurel.credentials.rules.erasure import ErasedError, ErasureReason
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.verdicts import CredentialState, RevocationReason
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.services import name_changes
from laurel.credentials.services.auditing import Audit
from laurel.credentials.services.erasing import erase
from laurel.credentials.services.forgetting import forget_former_names
from laurel.credentials.services.issuing import revoke
from laurel.credentials.services.reinstating import NotReinstatableError, reinstate, why_not
from laurel.credentials.services.status_lists import refresh_status_lists
from laurel.quizzes.models import Attempt
from tests.backoffice.test_credential_acts import run_due
from tests.commerce.racing import TOGETHER, at_once
from tests.conftest import SignIn
from tests.credentials.test_examining import verdict_of
from tests.credentials.test_holds import grant, lose
from tests.credentials.test_on_hold import words_of
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_course, make_credential, make_pending
from tests.factories.holders import apply_name, make_name_change, reverse_name
from tests.factories.renewals import Holder, make_holder
from tests.fakes import PlainVault

on_one = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WHY = "We had mixed up two people."


@pytest.fixture(autouse=True)
def a_moment(app: object) -> None:
    """A site, and documents that are signed a second apart (`later`)."""


def later(seconds: int = 2) -> datetime:
    return clock.now() + timedelta(seconds=seconds)


def revoke_it(session: Session, credential: Credential) -> None:
    revoke(session, credential.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Help.", actor_id=None, now=clock.now())


def bring_back(session: Session, credential: Credential, *, now: datetime | None = None) -> Credential:
    staff = make_user(session, roles=["admin"])
    facts = {"issuer": ISSUER, "keys": PlainVault(), "now": now or later()}
    return reinstate(session, credential.id, reason=WHY, actor_id=staff.id, **facts)  # type: ignore[arg-type]


def places(session: Session) -> list[bool]:
    """Of each document of the only certificate, the oldest first, whether its place on a status list is set."""
    rows = select(StatusEntry.set_at).join(CredentialVersion, CredentialVersion.status_entry_id == StatusEntry.id)
    return [set_at is not None for set_at in session.scalars(rows.order_by(CredentialVersion.n))]


def test_it_counts_again_with_a_new_document_and_the_revoked_one_stays_revoked(
    client: FlaskClient, session: Session, database: Database
) -> None:
    credential = make_credential(session)
    number, old = credential.number, queries.get_version(session, credential.id, 1)
    revoke_it(session, credential)
    bring_back(session, credential)
    session.commit()

    new = queries.get_version(session, credential.id, 2)
    assert (credential.number, credential.state, credential.revoked_at, credential.revocation_note) == (
        number,
        CredentialState.ISSUED,
        None,
        "",
    )
    assert (new.valid_until, new.valid_from > old.valid_from, new.note) == (old.valid_until, True, WHY)
    assert places(session) == [True, False]
    kinds = [link.kind for link in queries.list_history(session, credential.id)]
    assert kinds == [HistoryKind.ISSUED, HistoryKind.REVOKED, HistoryKind.REINSTATED]
    with time_machine.travel(later(600)):
        refresh_status_lists(session, ISSUER, PlainVault(), now=clock.now())
        session.commit()
        assert list(Audit(read=partial(database.session, writes=False), issuer=ISSUER, now=clock.now()).differences()) == []
        assert words_of(client, credential) == ("valid", "Valid", True)
        assert verdict_of(client, old.signed_json)[0] == "superseded"
        assert verdict_of(client, new.signed_json)[0] == "valid"


def test_it_can_be_revoked_and_reinstated_again(session: Session) -> None:
    credential = make_credential(session)
    for n in (1, 2):
        revoke_it(session, credential)
        bring_back(session, credential, now=later(5 * n))

    assert places(session) == [True, True, False]
    assert credential.state is CredentialState.ISSUED


@on_one
def test_what_was_revoked_before_it_was_signed_is_signed(session: Session) -> None:
    pending = make_pending(session)
    revoke_it(session, pending)

    bring_back(session, pending)

    assert (pending.state, pending.current_n, pending.issued_at is not None) == (CredentialState.ISSUED, 1, True)
    assert places(session) == [False]


def test_many_reinstate_it_at_once_and_one_document_comes_of_it(session: Session, database: Database) -> None:
    credential = make_credential(session)
    revoke_it(session, credential)
    session.commit()
    moment = later()

    results = at_once(database, [lambda other: bring_back(other, credential, now=moment) and None] * TOGETHER)

    assert [type(result) for result in results].count(NotReinstatableError) == TOGETHER - 1
    assert places(session) == [True, False]


def not_revoked(_session: Session, _credential: Credential) -> None:
    pass


def payment_away(session: Session, credential: Credential) -> None:
    course_id = session.scalars(select(queries.Achievement.course_id)).one()
    lose(session, grant(session, credential.holder_id, course_id, EntitlementStatus.REVOKED), "lost")


def attempt_voided(session: Session, credential: Credential) -> None:
    revoke_it(session, credential)
    session.execute(update(Attempt).values(is_counted=False))


@on_one
@pytest.mark.parametrize(
    ("happened", "words"),
    [(not_revoked, "is not revoked"), (payment_away, "taken back"), (attempt_voided, "does not count as passed")],
)
def test_what_stands_against_it_is_said_and_nothing_is_signed(
    session: Session, happened: Callable[[Session, Credential], None], words: str
) -> None:
    credential = make_credential(session)
    happened(session, credential)
    session.expire_all()

    assert words in (why_not(session, credential.id, now=later()) or "")
    with pytest.raises(NotReinstatableError, match=words):
        bring_back(session, credential)
    assert session.scalar(select(func.count()).select_from(CredentialVersion)) == 1


@on_one
def test_who_pays_again_after_a_lost_dispute_can_have_it_back(session: Session) -> None:
    credential = make_credential(session)
    payment_away(session, credential)
    course_id = session.scalars(select(queries.Achievement.course_id)).one()
    grant(session, credential.holder_id, course_id, EntitlementStatus.ACTIVE)

    assert bring_back(session, credential).state is CredentialState.ISSUED


@on_one
def test_what_would_have_ended_and_what_was_erased_stays_as_it_is(session: Session) -> None:
    credential = make_credential(session)
    revoke_it(session, credential)
    assert "expired" in (why_not(session, credential.id, now=later(400 * 86400)) or "")

    staff = make_user(session, roles=["admin"])
    erase(session, credential.id, reason=ErasureReason.HOLDER_REQUEST, typed=credential.number, actor_id=staff.id, now=clock.now())
    with pytest.raises(ErasedError):
        bring_back(session, credential)


@on_one
def test_of_two_renewals_of_one_certificate_the_revoked_one_does_not_come_back_beside_the_other(session: Session) -> None:
    """What it renews is no hindrance: that has always stood beside it."""
    holder = make_holder(session)
    holder.begin()
    holder.sit()
    [first] = holder.renewals()
    holder.sign(first)
    revoke_it(session, first)
    assert why_not(session, first.id, now=later()) is None
    holder.begin()
    holder.sit()
    [second] = (found for found in holder.renewals() if found.id != first.id)

    assert second.number in (why_not(session, first.id, now=later()) or "")
    revoke_it(session, holder.credential)
    assert why_not(session, holder.credential.id, now=later()) is None


@on_one
def test_a_former_name_does_not_come_back_with_it(session: Session) -> None:
    person = make_user(session, name="Ada Lovelace")
    credential = make_credential(session, learner=person)
    revoke_it(session, credential)
    change = name_changes.ask_for_name(session, person.id, new_name="Grace Hopper", words="", confirmed=[], now=later())
    name_changes.approve_name(session, change.id, actor_id=make_user(session, roles=["admin"]).id, now=later())
    name_changes.apply_name(session, change.id, issuer=ISSUER, keys=PlainVault(), now=later())

    bring_back(session, credential, now=later(9))

    assert credential.holder_name == "Grace Hopper"
    assert "Grace Hopper" in queries.get_version(session, credential.id, 2).signed_json


def renamed(session: Session, person: User, *, at: datetime) -> NameChange:
    """Their new name, Grace Hopper, on whatever counts."""
    change = make_name_change(session, person, name="Grace Hopper", now=at)
    name_changes.approve_name(session, change.id, actor_id=make_user(session, roles=["admin"]).id, now=at)
    apply_name(session, change, at=at)
    return change


@on_one
@pytest.mark.parametrize("days", [1, 9])
def test_the_former_name_in_its_old_document_is_forgotten_too(session: Session, database: Database, days: int) -> None:
    person = make_user(session, name="Ada Lovelace")
    credential = make_credential(session, learner=person)
    revoke_it(session, credential)
    at = later()
    renamed(session, person, at=at)

    forget_former_names(session, now=at + timedelta(days=days - 1))
    bring_back(session, credential, now=at + timedelta(days=days))
    forget_former_names(session, now=at + timedelta(days=9))

    texts = session.scalars(select(CredentialVersion.signed_json).order_by(CredentialVersion.n)).all()
    assert ["Lovelace" in text for text in texts] == [False, False]
    assert "Grace Hopper" in texts[1]
    session.commit()
    assert list(Audit(read=partial(database.session, writes=False), issuer=ISSUER, now=at + timedelta(days=9)).differences()) == []


@on_one
def test_who_takes_their_change_of_name_back_has_the_former_one_on_what_was_reinstated_since(session: Session) -> None:
    person = make_user(session, name="Ada Lovelace")
    credential = make_credential(session, learner=person)
    revoke_it(session, credential)
    change = renamed(session, person, at=later())
    bring_back(session, credential, now=later(9))
    name_changes.ask_to_reverse(session, person.id, change.id, now=later(20))
    reverse_name(session, change, at=later(30))

    session.expire_all()
    assert (credential.holder_name, credential.address_token) == ("Ada Lovelace", None)
    texts = session.scalars(select(CredentialVersion.signed_json).order_by(CredentialVersion.n)).all()
    assert ["Hopper" in text for text in texts] == [False, False, False]


@on_one
def test_a_name_that_was_taken_back_stays_hidden_on_what_was_revoked_meanwhile_and_does_not_come_back_with_it(session: Session) -> None:
    person = make_user(session, name="Ada Lovelace")
    credential = make_credential(session, learner=person)
    change = renamed(session, person, at=later())
    revoke(session, credential.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Help.", actor_id=None, now=later(10))
    name_changes.ask_to_reverse(session, person.id, change.id, now=later(20))
    reverse_name(session, change, at=later(30))
    session.expire_all()
    assert (credential.shown_name, credential.visibility) == ("A former name", Visibility.PRIVATE)

    bring_back(session, credential, now=later(40))

    session.expire_all()
    assert credential.shown_name == "Ada Lovelace"
    texts = session.scalars(select(CredentialVersion.signed_json).order_by(CredentialVersion.n)).all()
    assert ["Hopper" in text for text in texts] == [False, False, False]


@on_one
def test_a_name_that_was_taken_back_stays_on_nothing_that_was_issued_meanwhile(session: Session) -> None:
    person = make_user(session, name="Ada Lovelace")
    make_credential(session, learner=person)
    change = renamed(session, person, at=later())
    with time_machine.travel(later(5), tick=False):
        new, ended = (make_credential(session, course=make_course(session), learner=person) for _ in range(2))
    assert {new.holder_name, ended.holder_name} == {"Grace Hopper"}
    revoke(session, ended.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Help.", actor_id=None, now=later(10))
    name_changes.ask_to_reverse(session, person.id, change.id, now=later(20))
    reverse_name(session, change, at=later(30))

    session.expire_all()
    assert (new.shown_name, ended.shown_name, ended.visibility) == ("Ada Lovelace", "A former name", Visibility.PRIVATE)
    texts = session.scalars(select(CredentialVersion.signed_json).filter_by(credential_id=new.id).order_by(CredentialVersion.n)).all()
    assert ["Hopper" in text for text in texts] == [False, False]


@on_one
def test_staff_read_what_it_does_and_why_it_cannot_be_and_the_holder_hears_of_it(
    client: FlaskClient, session: Session, sign_in: SignIn, csrf: Callable[[], str], database: Database
) -> None:
    holder = make_user(session)
    credential, good = make_credential(session, learner=holder), make_credential(session, course=make_course(session))
    revoke_it(session, credential)
    sign_in(make_user(session, roles=["admin"]))
    address = f"/backoffice/credentials/{credential.id}"

    assert "Reinstate …" in client.get(address).text
    assert "Version 2 is signed" in client.get(f"{address}/reinstate").text
    assert "is not revoked" in client.get(f"/backoffice/credentials/{good.id}/reinstate").text
    empty = client.post(f"{address}/reinstate", data={"csrf_token": csrf(), "reason": " \u200b"})
    assert (empty.status_code, "Say why" in empty.text) == (400, True)
    with time_machine.travel(later()):
        assert client.post(f"{address}/reinstate", data={"csrf_token": csrf(), "reason": WHY}).location == address
        again = client.post(f"{address}/reinstate", data={"csrf_token": csrf(), "reason": WHY})
        assert (again.status_code, "somebody was faster" in again.text) == (409, True)
        run_due(database)

    mails = {mail.subject.partition(":")[0]: mail.text for mail in session.scalars(select(Mail).where(Mail.recipient == holder.email))}
    assert "revoked" not in " ".join(mails)  # that mail had not gone out, and would not be true any more
    assert WHY in mails["Your certificate counts again"]
    assert "Reinstated" in client.get(address).text
    assert "It counts again since" in sign_in(holder).get(f"/account/credentials/{credential.id}").text


def test_a_renewal_is_reinstated_with_the_end_that_follows_from_what_it_renews(session: Session, database: Database) -> None:
    holder: Holder = make_holder(session)
    holder.begin()
    holder.sit()
    new = holder.sign(holder.renewals()[0])
    revoke_it(session, new)
    bring_back(session, new)
    session.commit()

    assert list(Audit(read=partial(database.session, writes=False), issuer=ISSUER, now=later()).differences()) == []
