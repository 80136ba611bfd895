"""Mails before the end of a certificate, each once."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core import clock
from laurel.core.mail import Mail
from laurel.credentials.models import Credential, CredentialVersion, ExpiryNotice
from laurel.credentials.rules.moments import add_months
from laurel.credentials.rules.renewing import RenewalTerms
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.expiry import tell_of_expiry
from laurel.credentials.services.issuing import revoke
from tests.factories.accounts import make_user
from tests.factories.credentials import make_credential
from tests.factories.renewals import make_holder

pytestmark = pytest.mark.usefixtures("shared_app")  # it brings the templates of mails


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

    for days in (100, 91, 89, 60, 31, 29, 15, 8, 6, 1, -1, -13, -15, -40):
        tell_of_expiry(session, now=ends_at - timedelta(days=days))
        tell_of_expiry(session, now=ends_at - timedelta(days=days) + timedelta(hours=1))

    assert [subject.split(":")[0] for subject in subjects(session)] == [
        "Your certificate ends in 30 days",
        "Your certificate ends in 7 days",
        "Your certificate ends in 90 days",
        "Your certificate has expired",
    ]


@pytest.mark.parametrize(
    ("days_left", "terms", "words"),
    [
        (30, RenewalTerms(), "You can renew it until "),
        (0, RenewalTerms(), "You can still renew it until "),
        (90, RenewalTerms(window_days=20), "From "),
        (0, RenewalTerms(grace_days=0), "Its page says so to whoever looks it up."),
    ],
)
def test_the_mail_says_the_way_to_renew_it_as_it_is_on_that_day(session: Session, days_left: int, terms: RenewalTerms, words: str) -> None:
    credential = make_holder(session, renewal=terms).credential

    tell_of_expiry(session, now=end_of(session, credential) - timedelta(days=days_left))

    mail = session.scalars(select(Mail).where(Mail.key.startswith("credential-ends:"))).one()
    may_renew = words.startswith("You")
    assert words in mail.text
    assert (f"/account/credentials/{credential.id}/renewal" in mail.text, "/renewal" in (mail.html or "")) == (may_renew, may_renew)
    assert (f"/account/credentials/{credential.id}/expiry.ics" in mail.text) is (days_left > 0)
    assert "https://www.linkedin.com/in/me/details/certifications/" in mail.text
    assert "/contact" not in mail.text


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
    revoke(session, revoked.id, reason=RevocationReason.HOLDER_REQUEST, note="Why.", actor_id=None, now=clock.now())

    assert tell_of_expiry(session, now=end_of(session, renewed) - timedelta(days=5)) == 0


def test_many_are_told_some_at_a_time(session: Session, person: User) -> None:
    moment = clock.now()
    for _ in range(5):
        make_credential(session, learner=person, at=moment)
    near = add_months(moment, 12) - timedelta(days=5)

    counts = [tell_of_expiry(session, now=near, limit=2) for _ in range(4)]

    assert counts == [2, 2, 1, 0]
    assert session.scalar(select(func.count()).select_from(ExpiryNotice)) == 5
