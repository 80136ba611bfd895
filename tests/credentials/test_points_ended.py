"""What becomes of CPD points when their certificate is revoked, held, renamed or erased; and what the audit asks of them."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core import clock
from laurel.core.db import Database
from laurel.core.errors import ConflictError, NotFoundError
from laurel.credentials.models import Credential, PointActivity, PointRenewal
from laurel.credentials.queries import points
from laurel.credentials.rules.points import ActivityState
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.erasing import erase_own
from laurel.credentials.services.holds import put_on_hold, release
from laurel.credentials.services.issuing import issue, revoke
from laurel.credentials.services.points import (
    ClosedBookError,
    enter_activity,
    refuse_activity,
    renew_complete,
)
from tests.credentials.test_audit import run as run_audit
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER
from tests.factories.holders import apply_name, make_name_change
from tests.factories.points import Collector, facts_of
from tests.fakes import PlainVault

pytestmark = pytest.mark.usefixtures("app")
on_one = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what the rules decide: databases differ in locks and constraints."""


@pytest.fixture
def holder(session: Session) -> Collector:
    return Collector(session)


def revoke_it(session: Session, credential: Credential) -> None:
    revoke(session, credential.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Why.", actor_id=None, now=clock.now())


def states(session: Session) -> list[ActivityState]:
    return list(session.scalars(select(PointActivity.state).order_by(PointActivity.id)))


@on_one
def test_what_is_revoked_or_renewed_meanwhile_leaves_the_queue_and_cannot_be_approved(holder: Collector) -> None:
    session, activity = holder.session, holder.enter()
    assert len(session.execute(points.select_queue(ActivityState.WAITING)).all()) == 1
    revoke_it(session, holder.credential)

    assert session.execute(points.select_queue(ActivityState.WAITING)).all() == []
    with pytest.raises(ConflictError):
        holder.approve(activity)
    with pytest.raises(ClosedBookError):
        holder.enter(title="Another one")
    refuse_activity(session, activity.id, seen=1, reason="Revoked.", actor_id=holder.staff_id, now=clock.now())


@on_one
def test_while_it_is_on_hold_points_are_collected_and_renew_nothing(holder: Collector) -> None:
    session, credential = holder.session, holder.credential
    put_on_hold(session, credential.id, note="We look into it.", actor_id=None, now=clock.now())
    assert holder.collect(3000) is None
    assert renew_complete(session, credential.id, now=clock.now()) is None

    release(session, credential.id, note="All is well.", actor_id=None, now=clock.now())
    assert renew_complete(session, credential.id, now=clock.now()) is not None


@on_one
def test_a_new_name_leaves_activities_alone(holder: Collector) -> None:
    session, activity = holder.session, holder.enter()
    person = session.get_one(User, holder.credential.holder_id)
    apply_name(session, make_name_change(session, person, name="Ada Lovelaces"), at=clock.now() + timedelta(seconds=5))

    session.refresh(activity)
    assert (activity.title, activity.state) == ("Conference on prompts", ActivityState.WAITING)
    renewal = holder.approve(activity) or holder.collect(2000)
    assert renewal is not None
    assert renewal.holder_name == "Ada Lovelaces"


def erase(session: Session, credential: Credential) -> None:
    session.commit()
    erase_own(session, credential.holder_id, credential.id, typed=credential.number, now=clock.now())
    session.commit()


def test_an_erased_certificate_takes_its_activities_along_and_what_they_renewed_stays(holder: Collector, database: Database) -> None:
    renewal = holder.collect(3000)
    assert renewal is not None
    issue(holder.session, renewal.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())

    erase(holder.session, holder.credential)

    assert states(holder.session) == []
    assert holder.session.scalars(select(Credential.id)).all() == [renewal.id]
    assert run_audit(database) == (1, [])


def test_when_what_points_renewed_is_erased_they_stay_spent(holder: Collector, database: Database) -> None:
    renewal = holder.collect(3000)
    assert renewal is not None
    issue(holder.session, renewal.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())

    erase(holder.session, renewal)

    assert states(holder.session) == [ActivityState.COUNTED]
    assert renew_complete(holder.session, holder.credential.id, now=clock.now()) is None
    assert run_audit(database) == (1, [])


@on_one
def test_the_audit_says_what_is_wrong_with_a_renewal_by_points(holder: Collector, database: Database) -> None:
    renewal = holder.collect(3000)
    assert renewal is not None
    issue(holder.session, renewal.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())
    found = []
    for act in (
        update(PointActivity).values(hundredths=2000),
        update(PointRenewal).values(counted=2000),
        update(PointActivity).values(credential_id=renewal.id),
    ):
        holder.session.execute(act)
        holder.session.commit()
        found += run_audit(database)[1]
    holder.session.delete(holder.session.get_one(PointRenewal, renewal.id))
    holder.session.commit()
    found += run_audit(database)[1]

    for words in ("other points than", "fewer points than", "activities that earned it were not made", "nothing says by how many"):
        assert any(words in str(one) for one in found), words


@on_one
def test_somebody_elses_certificate_takes_nothing(holder: Collector) -> None:
    stranger = make_user(holder.session).id
    with pytest.raises(NotFoundError):
        enter_activity(holder.session, holder_id=stranger, credential_id=holder.credential.id, facts=facts_of(), now=clock.now())
    assert states(holder.session) == []
