"""Many certificates revoked at once."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.core.errors import InvalidInputError
from laurel.credentials import queries
from laurel.credentials.models import Credential, CredentialEvent
from laurel.credentials.queries.bulk import RevocationFilter
from laurel.credentials.rules.bulk import RowState
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.verdicts import CredentialState, RevocationReason
from laurel.credentials.services.bulk import OWN, draft_revocation
from laurel.credentials.services.issuing import revoke
from tests.credentials.bulk_jobs import finish, rows_of, start
from tests.factories.accounts import make_user
from tests.factories.credentials import make_achievement, make_course, make_credential, make_pending, make_revocation_job


def test_a_filter_finds_what_it_names_and_revokes_nothing_yet(session: Session) -> None:
    course = make_course(session)
    inside = make_credential(session, course=course, at=clock.now() - timedelta(days=5))
    make_credential(session, course=course, at=clock.now() - timedelta(days=50))
    make_credential(session)
    pending = make_pending(session, course=course, at=clock.now() - timedelta(days=4))
    gone = make_credential(session, course=course, at=clock.now() - timedelta(days=3))
    revoke(session, gone.id, reason=RevocationReason.HOLDER_REQUEST, note="Why.", actor_id=None, now=clock.now())
    achievement = queries.get_credential(session, inside.id).achievement

    job = draft_revocation(
        session,
        RevocationFilter(achievement_id=achievement.achievement_id, since=clock.now() - timedelta(days=10), until=clock.now()),
        key="key",
        title="Ten days",
        reason=RevocationReason.ISSUED_IN_ERROR,
        note="The room was let in too early.",
        tells_holder=False,
        actor_id=make_user(session, roles=["admin"]).id,
        now=clock.now(),
    )

    assert [(row.credential_id, row.state) for row in rows_of(session, job)] == [
        (inside.id, RowState.READY),
        (pending.id, RowState.READY),
        (gone.id, RowState.SKIPPED),
    ]
    assert inside.state is CredentialState.ISSUED


def test_confirmed_it_revokes_what_was_listed_and_nothing_else(session: Session) -> None:
    listed, other = [make_credential(session) for _ in range(3)], make_credential(session)
    job = make_revocation_job(session, *listed)

    finish(session, start(session, job))

    assert {credential.state for credential in listed} == {CredentialState.REVOKED}
    assert other.state is CredentialState.ISSUED
    assert {credential.revocation_note for credential in listed} == {"A batch went wrong."}
    acts = session.scalars(select(CredentialEvent).filter_by(kind=HistoryKind.REVOKED)).all()
    assert {act.actor_id for act in acts} == {job.actor_id}


def test_whoever_confirms_what_a_colleague_listed_does_not_revoke_their_own(session: Session) -> None:
    colleague = make_user(session, roles=["admin"])
    theirs, other = make_credential(session, learner=colleague), make_credential(session)
    job = make_revocation_job(session, theirs, other)
    start(session, job)
    job.actor_id = colleague.id
    session.flush()

    finish(session, job.id)

    said = {row.credential_id: (row.state, row.message) for row in rows_of(session, job)}
    assert said == {theirs.id: (RowState.FAILED, OWN), other.id: (RowState.DONE, "")}
    assert (theirs.state, other.state) == (CredentialState.ISSUED, CredentialState.REVOKED)


def test_nobody_revokes_their_own_by_the_dozen_and_unknown_numbers_are_named(session: Session) -> None:
    actor = make_user(session, roles=["admin"])
    mine, other = make_credential(session, learner=actor), make_credential(session)
    unknown = make_credential(session)
    number, unknown.number = unknown.number, "LRL-0000-0000-0000"
    session.flush()

    job = draft_revocation(
        session,
        RevocationFilter(numbers=(mine.number, other.number, number)),
        key="key",
        title="x",
        reason=RevocationReason.ISSUED_IN_ERROR,
        note="x",
        tells_holder=True,
        actor_id=actor.id,
        now=clock.now(),
    )

    found = {row.name if row.credential_id is None else row.credential_id: row.state for row in rows_of(session, job)}
    assert found == {mine.id: RowState.WRONG, other.id: RowState.READY, number: RowState.WRONG}


def test_a_filter_that_fits_nothing_is_refused(session: Session) -> None:
    with pytest.raises(InvalidInputError, match="No certificate fits"):
        make_revocation_job(
            session,
            Credential(
                number="LRL-1",
                holder_id=make_user(session).id,
                holder_name="x",
                achievement_version_id=make_achievement(session).id,
                awarded_at=clock.now(),
            ),
        )
