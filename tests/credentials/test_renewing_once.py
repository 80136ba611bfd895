"""A renewal happens once, whatever comes at the same moment; and what the audit asks of it."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.commerce.models import ExamCredit
from laurel.core import clock
from laurel.core.db import Database
from laurel.credentials.models import Achievement, Credential
from laurel.credentials.rules.verdicts import CredentialSource
from laurel.credentials.services.auditing import Audit
from laurel.credentials.services.renewing import begin_renewal, renew
from laurel.quizzes.models import Attempt, ExamRound
from laurel.quizzes.services import OpenAttemptError
from tests.commerce.racing import TOGETHER, at_once
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER
from tests.factories.renewals import Holder, make_holder

pytestmark = pytest.mark.usefixtures("shared_app")
DAY = timedelta(days=1)


@pytest.fixture
def holder(session: Session) -> Holder:
    return make_holder(session)


def test_many_begin_at_once_and_it_is_one_renewal(database: Database, holder: Holder) -> None:
    holder.session.commit()
    person, credential = holder.room.learner.id, holder.credential.id

    def begin(session: Session) -> None:
        begin_renewal(session, holder_id=person, credential_id=credential, now=clock.now())

    assert at_once(database, [begin] * TOGETHER) == [None] * TOGETHER
    assert holder.session.scalar(select(func.count()).select_from(ExamRound)) == 1


def test_many_start_at_once_and_one_attempt_runs_on_one_credit(database: Database, session: Session) -> None:
    holder = make_holder(session, sells_attempts=True)
    holder.begin()
    holder.buy()
    session.commit()

    results = at_once(database, [lambda session: Holder(session, holder.room, holder.credential).start()] * TOGETHER)

    assert Counter(type(result) for result in results) == {Attempt: 1, OpenAttemptError: TOGETHER - 1}
    assert session.scalar(select(func.count()).where(ExamCredit.consumed_by_attempt_id.is_not(None))) == 1


def test_many_tell_of_the_same_pass_and_one_certificate_is_awarded(database: Database, holder: Holder) -> None:
    holder.begin()
    attempt = holder.start()
    attempt.passed = True
    holder.session.commit()
    person, attempt_id = holder.room.learner.id, attempt.id

    facts = {"holder_id": person, "attempt_id": attempt_id, "earned_at": clock.now(), "now": clock.now()}
    results = at_once(database, [lambda session: renew(session, **facts)] * TOGETHER)  # type: ignore[arg-type]

    assert Counter(type(result) for result in results) == {Credential: 1, type(None): TOGETHER - 1}
    holder.session.rollback()
    assert len(holder.renewals()) == 1


def test_the_database_knows_one_renewal_of_a_certificate_that_counts(holder: Holder) -> None:
    holder.begin()
    holder.sit()
    session, old = holder.session, holder.credential
    session.add(
        Credential(
            number="LRL-7Q4M-KD2X-93ZZ",
            holder_id=old.holder_id,
            holder_name="Ada",
            source=CredentialSource.IMPORT,
            achievement_version_id=old.achievement_version_id,
            awarded_at=clock.now(),
            renewed_from_id=old.id,
        )
    )

    with pytest.raises(IntegrityError):
        session.flush()


def audit(database: Database) -> list[str]:
    found = Audit(read=partial(database.session, writes=False), issuer=ISSUER, now=clock.now())
    return [difference.detail for difference in found.differences()]


def test_the_audit_finds_a_renewal_well_and_says_what_is_not(database: Database, holder: Holder) -> None:
    holder.begin()
    holder.sit()
    holder.sign(holder.renewals()[0])
    holder.session.commit()
    assert audit(database) == []

    holder.session.execute(update(ExamRound).values(opened_for=holder.room.exam.id))
    holder.session.execute(update(Credential).where(Credential.id == holder.credential.id).values(holder_id=make_user(holder.session).id))
    holder.session.commit()

    found = audit(database)
    assert "the attempt that earned it was not made to renew what it renews" in found
    assert "what it renews is somebody else’s" in found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_audit_says_that_a_renewal_ends_when_it_should_not(database: Database, holder: Holder) -> None:
    holder.begin()
    holder.sit()
    holder.sign(holder.renewals()[0])
    holder.session.execute(update(Achievement).values(renewal_grace_days=0))
    holder.session.execute(update(Credential).where(Credential.renewed_from_id.is_not(None)).values(awarded_at=clock.now() + 400 * DAY))
    holder.session.commit()

    assert any("follows from what it renews" in detail for detail in audit(database))
