"""Mails before the end, each once; and the renewal that an exam passed again earns."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core import clock
from laurel.core.mail import Mail
from laurel.credentials.models import Credential, CredentialEvent, CredentialVersion, ExpiryNotice
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.verdicts import CredentialState, RevocationReason
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.services.expiry import tell_of_expiry
from laurel.credentials.services.issuing import issue, revoke
from laurel.credentials.services.renewing import renew
from laurel.quizzes.models import Attempt
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_attempt, make_credential
from tests.fakes import PlainVault


@pytest.fixture
def person(session: Session) -> User:
    return make_user(session, name="Ada Lovelace")


@pytest.fixture
def credential(session: Session, person: User) -> Credential:
    """Valid for twelve months from now on."""
    return make_credential(session, learner=person)


def end_of(session: Session, credential: Credential) -> datetime:
    ends_at = session.scalars(select(CredentialVersion.valid_until).filter_by(credential_id=credential.id, n=credential.current_n)).one()
    assert ends_at is not None
    return ends_at


def subjects(session: Session) -> list[str]:
    return sorted(session.scalars(select(Mail.subject).where(Mail.key.startswith("credential-ends:"))))


def test_the_holder_hears_of_the_end_four_times_each_once(session: Session, credential: Credential) -> None:
    ends_at = end_of(session, credential)

    day = ends_at - timedelta(days=100)
    while day < ends_at + timedelta(days=40):
        tell_of_expiry(session, now=day)
        tell_of_expiry(session, now=day + timedelta(hours=1))
        day += timedelta(days=1)

    assert [subject.split(":")[0] for subject in subjects(session)] == [
        "Your certificate ends in 30 days",
        "Your certificate ends in 7 days",
        "Your certificate ends in 90 days",
        "Your certificate has expired",
    ]


def test_what_was_missed_is_not_made_up_for(session: Session, credential: Credential) -> None:
    tell_of_expiry(session, now=end_of(session, credential) - timedelta(days=5))

    assert [subject.split(":")[0] for subject in subjects(session)] == ["Your certificate ends in 7 days"]


def test_who_gets_a_certificate_for_a_month_does_not_hear_at_once_that_it_ends(session: Session, person: User) -> None:
    short = make_credential(session, learner=person, validity_months=1)

    assert tell_of_expiry(session, now=clock.now()) == 1
    assert tell_of_expiry(session, now=clock.now()) == 0

    assert subjects(session) == []
    assert session.scalars(select(ExpiryNotice.told_at).filter_by(credential_id=short.id)).all() == [None]


def test_nobody_hears_of_what_was_revoked_or_renewed_or_has_no_end(session: Session, person: User) -> None:
    revoked, renewed = make_credential(session, learner=person), make_credential(session, learner=person)
    make_credential(session, learner=person, validity_months=0)
    newer = make_credential(session, learner=person, validity_months=0)
    newer.renewed_from_id = renewed.id
    revoke(session, revoked.id, reason=RevocationReason.HOLDER_REQUEST, note="", actor_id=None, now=clock.now())

    assert tell_of_expiry(session, now=end_of(session, renewed) - timedelta(days=5)) == 0


def test_many_are_told_some_at_a_time(session: Session, person: User) -> None:
    moment = clock.now()
    for _ in range(5):
        make_credential(session, learner=person, at=moment)
    near = moment.replace(year=moment.year + 1) - timedelta(days=5)

    counts = [tell_of_expiry(session, now=near, limit=2) for _ in range(4)]

    assert counts == [2, 2, 1, 0]
    assert session.scalar(select(func.count()).select_from(ExpiryNotice)) == 5


def pass_again(session: Session, credential: Credential, person: User) -> UUID:
    """Another passed attempt at the exam that earned the certificate."""
    first = session.get_one(Attempt, credential.attempt_id)
    again = make_attempt(session, learner=person)
    again.quiz_id, again.number = first.quiz_id, 2
    session.flush()
    return again.id


def test_an_exam_passed_again_near_the_end_earns_a_new_certificate_that_counts_from_the_old_end(
    session: Session, credential: Credential, person: User
) -> None:
    credential.visibility = Visibility.PUBLIC
    ends_at, early = end_of(session, credential), clock.now() + timedelta(days=300)

    new = renew(session, holder_id=person.id, attempt_id=pass_again(session, credential, person), now=early)

    assert new is not None
    with time_machine.travel(early):
        issue(session, new.id, issuer=ISSUER, keys=PlainVault(), now=early)
    assert (new.renewed_from_id, new.visibility, new.state) == (credential.id, Visibility.PUBLIC, CredentialState.ISSUED)
    assert new.number != credential.number
    assert end_of(session, new) == ends_at.replace(year=ends_at.year + 1)
    told = session.scalars(select(CredentialEvent).filter_by(kind=HistoryKind.RENEWED)).one()
    assert (told.credential_id, told.reason) == (credential.id, f"by {new.id}")


def test_after_the_end_it_counts_from_its_own_day(session: Session, person: User) -> None:
    with time_machine.travel(datetime(2024, 3, 1, 12, tzinfo=UTC)):
        old = make_credential(session, learner=person)

    new = renew(session, holder_id=person.id, attempt_id=pass_again(session, old, person), now=clock.now())

    assert new is not None
    issue(session, new.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())
    assert end_of(session, new) > clock.now() + timedelta(days=364)


def test_long_before_the_end_an_exam_passed_again_earns_nothing(session: Session, credential: Credential, person: User) -> None:
    assert renew(session, holder_id=person.id, attempt_id=pass_again(session, credential, person), now=clock.now()) is None


def test_a_certificate_is_renewed_once_however_often_it_is_told(session: Session, credential: Credential, person: User) -> None:
    near = end_of(session, credential) - timedelta(days=10)
    attempt_id = pass_again(session, credential, person)

    assert renew(session, holder_id=person.id, attempt_id=attempt_id, now=near) is not None
    assert renew(session, holder_id=person.id, attempt_id=attempt_id, now=near) is None


def test_the_exam_of_another_certificate_renews_nothing(session: Session, credential: Credential, person: User) -> None:
    near = end_of(session, credential) - timedelta(days=10)

    assert renew(session, holder_id=person.id, attempt_id=make_attempt(session, learner=person).id, now=near) is None
