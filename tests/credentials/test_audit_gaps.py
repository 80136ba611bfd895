"""The audit where the middle of a line of renewals was erased: all is well as long as all is, and what is not so is still told."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import time_machine
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.core.db import Database
from laurel.credentials.models import Credential
from laurel.credentials.models.erasure import ErasedCredential
from laurel.credentials.rules.erasure import ErasureReason, number_sha256
from laurel.credentials.services.erasing import erase_own
from laurel.credentials.services.issuing import issue
from laurel.quizzes.models import ExamRound
from tests.credentials.test_audit import run as run_audit
from tests.factories.credentials import ISSUER, make_credential
from tests.factories.points import Collector
from tests.factories.renewals import Holder, make_holder
from tests.fakes import PlainVault

pytestmark = pytest.mark.usefixtures("app")
DAY = timedelta(days=1)
Line = Callable[[Session], list[UUID]]


def by_exam(session: Session) -> list[UUID]:
    """Three certificates, each renewed a month before its end; the first was earned 1000 days ago."""
    start = clock.now() - 1000 * DAY
    line = [make_holder(session, days_ago=1000)]
    for moment in (start + 335 * DAY, start + 700 * DAY):
        with time_machine.travel(moment):
            holder = line[-1]
            holder.begin()
            holder.sit()
            line.append(Holder(session, holder.room, holder.sign(holder.renewals()[0])))
    return [holder.credential.id for holder in line]


def by_points(session: Session) -> list[UUID]:
    """The same by points."""
    start = clock.now() - 1000 * DAY
    collector = Collector(session, days_ago=1000)
    line = [collector.credential]
    for moment in (start + 335 * DAY, start + 700 * DAY):
        with time_machine.travel(moment):
            collector.credential = line[-1]
            renewal = collector.collect(3000)
            assert renewal is not None
            line.append(sign(session, renewal))
    return [credential.id for credential in line]


def sign(session: Session, credential: Credential) -> Credential:
    return issue(session, credential.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())


def erase(session: Session, credential_id: UUID) -> None:
    credential = session.get_one(Credential, credential_id)
    erase_own(session, credential.holder_id, credential.id, typed=credential.number, now=clock.now())
    session.commit()


@pytest.mark.parametrize("line", [by_exam, by_points])
@pytest.mark.parametrize("gone", [[1], [1, 0]])
def test_whichever_of_three_was_erased_nothing_is_wrong(session: Session, database: Database, line: Line, gone: list[int]) -> None:
    ids = line(session)
    session.commit()
    assert run_audit(database) == (3, [])

    for n in gone:
        erase(session, ids[n])

    assert run_audit(database) == (3 - len(gone), [])


@pytest.fixture
def ids(session: Session) -> list[UUID]:
    """A line whose middle was erased."""
    made = by_exam(session)
    session.commit()
    erase(session, made[1])
    return made


def told(database: Database) -> str:
    return "\n".join(run_audit(database)[1])


def test_a_round_for_what_never_existed_is_told(session: Session, database: Database, ids: list[UUID]) -> None:
    session.execute(update(ExamRound).where(ExamRound.opened_for == ids[1]).values(opened_for=uuid4()))
    session.commit()

    assert "was not made to renew what it renews" in told(database)


def test_a_link_to_another_program_is_told(session: Session, database: Database, ids: list[UUID]) -> None:
    renewal = session.get_one(Credential, ids[2])
    stranger = make_credential(session)
    stranger.holder_id = renewal.holder_id
    session.flush()
    renewal.renewed_from_id = stranger.id
    session.commit()

    assert "was not made to renew what it renews" in told(database)


def test_a_middle_that_is_gone_and_was_not_erased_is_told(session: Session, database: Database, ids: list[UUID]) -> None:
    session.execute(delete(ErasedCredential))
    session.commit()

    found = told(database)

    assert "the history knows it, it is not there, and it was not erased" in found
    assert "was not made to renew what it renews" in found


def test_what_the_history_does_not_know_as_its_renewal_is_told(session: Session, database: Database, ids: list[UUID]) -> None:
    """Somebody writes an erasure of their own beside a round of their own: the chain tells which certificate was renewed."""
    invented = uuid4()
    facts = {"number_sha256": number_sha256("LRL-0000-0000-0000"), "reason": ErasureReason.LEGAL_DUTY, "erased_at": clock.now()}
    session.add(ErasedCredential(credential_id=invented, **facts))
    session.execute(update(ExamRound).where(ExamRound.opened_for == ids[1]).values(opened_for=invented))
    session.commit()

    assert "was not made to renew what it renews" in told(database)
