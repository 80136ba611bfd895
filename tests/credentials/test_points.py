"""A certificate is renewed by CPD points: entered by its holder, approved by staff, counted once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.core.bus import perform
from laurel.core.db import Database
from laurel.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from laurel.core.events import Delivery, EventRecord
from laurel.core.mail import Mail
from laurel.credentials.models import Achievement, Credential, CredentialEvent, PointActivity, PointRenewal
from laurel.credentials.queries import get_credential, get_version
from laurel.credentials.queries.points import list_complete
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.moments import add_months
from laurel.credentials.rules.points import MAX_WAITING, ActivityState
from laurel.credentials.rules.renewing import RenewalTerms
from laurel.credentials.rules.verdicts import CredentialSource, CredentialState, RevocationReason
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.services.issuing import issue, revoke
from laurel.credentials.services.points import (
    ChangedActivityError,
    ClosedBookError,
    approve_activity,
    change_activity,
    refuse_activity,
    renew_complete,
    take_back_approval,
    withdraw_activity,
)
from laurel.sweeping import make_point_renewals
from tests.commerce.racing import at_once
from tests.credentials.test_audit import run as run_audit
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER
from tests.factories.organizations import make_acme
from tests.factories.points import Collector, facts_of, make_activity
from tests.fakes import PlainVault

pytestmark = pytest.mark.usefixtures("app")
DAY = timedelta(days=1)
on_one = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what the rules decide: databases differ in locks and constraints."""


@pytest.fixture
def holder(session: Session) -> Collector:
    return Collector(session)


def revoke_it(session: Session, credential: Credential) -> None:
    revoke(session, credential.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Why.", actor_id=None, now=clock.now())


@contextmanager
def committed(database: Database) -> Iterator[Session]:
    with database.session(writes=True) as session:
        yield session
        session.commit()


def states(session: Session) -> list[ActivityState]:
    return list(session.scalars(select(PointActivity.state).order_by(PointActivity.id)))


# ---- the way


def test_enough_approved_points_renew_the_certificate_from_its_old_end_and_are_bound_to_that(holder: Collector, database: Database) -> None:
    session, old = holder.session, holder.credential
    old.visibility = Visibility.PRIVATE
    former_end = get_version(session, old.id, 1).valid_until
    assert former_end is not None

    assert holder.collect(1000, 1950) is None
    renewal = holder.collect(50)

    assert renewal is not None
    issue(session, renewal.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())
    assert (renewal.source, renewal.renewed_from_id, renewal.attempt_id) == (CredentialSource.POINTS, old.id, None)
    assert (renewal.visibility, renewal.holder_name) == (Visibility.PRIVATE, old.holder_name)
    assert get_version(session, renewal.id, 1).valid_until == add_months(former_end, 12)
    bound = session.scalars(select(PointActivity)).all()
    assert {(found.state, found.renewal_id) for found in bound} == {(ActivityState.COUNTED, renewal.id)}
    kept = session.get_one(PointRenewal, renewal.id)
    assert (kept.needed, kept.counted) == (3000, 3000)
    kinds = select(CredentialEvent.kind).filter_by(credential_id=old.id).order_by(CredentialEvent.position)
    assert session.scalars(kinds).all()[-1] is HistoryKind.RENEWED
    session.commit()
    assert run_audit(database) == (2, [])


@on_one
def test_points_that_have_counted_do_not_count_again_even_if_what_they_renewed_is_revoked(holder: Collector) -> None:
    renewal = holder.collect(3000)
    assert renewal is not None
    with pytest.raises(ClosedBookError):
        holder.enter(title="Another one")
    revoke_it(holder.session, renewal)

    assert renew_complete(holder.session, holder.credential.id, now=clock.now()) is None
    with pytest.raises(InvalidInputError, match="entered this one already"):
        holder.enter(title="Talk of 3000", hundredths=3000)
    again = holder.approve(holder.enter(title="Another one", hundredths=3000))
    assert again is not None
    assert [found.state for found in holder.renewals()] == [CredentialState.REVOKED, CredentialState.PENDING]


@on_one
def test_points_that_are_complete_before_the_window_opens_wait_for_it(session: Session, database: Database) -> None:
    holder = Collector(session, days_ago=200)
    former_end = get_version(session, holder.credential.id, 1).valid_until
    assert former_end is not None
    assert holder.collect(3000) is None
    session.commit()

    def hour_at(moment: datetime) -> int:
        with time_machine.travel(moment, tick=False):
            return make_point_renewals(partial(committed, database))

    assert hour_at(former_end - 91 * DAY) == 0
    assert hour_at(former_end - 89 * DAY) == 1
    assert hour_at(former_end - 88 * DAY) == 0
    session.rollback()
    assert [found.source for found in holder.renewals()] == [CredentialSource.POINTS]


@on_one
def test_who_is_late_is_renewed_from_the_day_of_the_answer_and_who_entered_in_time_is_not_too_late(session: Session) -> None:
    late = Collector(session, days_ago=454)
    activity = late.enter(happened_on=(clock.now() - 100 * DAY).date(), hundredths=3000)
    with time_machine.travel(clock.now() + 30 * DAY):
        with pytest.raises(ClosedBookError):
            late.enter(title="Too late", happened_on=activity.happened_on)
        renewal = late.approve(activity)
        assert renewal is not None
        issue(session, renewal.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())

    assert get_version(session, renewal.id, 1).valid_until == add_months(renewal.awarded_at, 12)


@on_one
def test_what_was_complete_and_forgotten_is_not_renewed_once_the_grace_is_over(session: Session) -> None:
    holder = Collector(session, days_ago=460)
    make_activity(session, holder.credential, state=ActivityState.APPROVED, hundredths=3000)

    assert renew_complete(session, holder.credential.id, now=clock.now()) is None
    assert list_complete(session, now=clock.now()) == []


@on_one
def test_a_program_may_ask_for_other_points_at_any_time_and_for_none(holder: Collector) -> None:
    session = holder.session
    holder.collect(2000)
    session.execute(update(Achievement).values(renewal_points=20))
    assert list_complete(session, now=clock.now()) == [holder.credential.id]

    session.execute(update(Achievement).values(renewal_points=0))
    assert list_complete(session, now=clock.now()) == []
    assert renew_complete(session, holder.credential.id, now=clock.now()) is None
    with pytest.raises(ClosedBookError):
        holder.enter()

    session.execute(update(Achievement).values(renewal_points=20))
    assert renew_complete(session, holder.credential.id, now=clock.now()) is not None


@on_one
def test_the_renewal_is_awarded_in_the_name_of_whoever_the_program_is_of(session: Session) -> None:
    acme = make_acme(session)
    holder = Collector(session)
    version = get_credential(session, holder.credential.id).achievement
    version.organization_id = acme.id
    session.flush()

    renewal = holder.collect(3000)

    assert renewal is not None
    assert get_credential(session, renewal.id).organization == acme


# ---- what holders enter


@on_one
@pytest.mark.parametrize(("days_ago", "is_open"), [(10, True), (300, True), (400, True), (460, False)])
def test_activities_are_entered_from_the_first_day_until_the_grace_is_over(session: Session, days_ago: int, is_open: bool) -> None:
    holder = Collector(session, days_ago=days_ago)
    day = (holder.credential.awarded_at + DAY).date()
    if is_open:
        assert holder.enter(happened_on=day).state is ActivityState.WAITING
    else:
        with pytest.raises(ClosedBookError):
            holder.enter(happened_on=day)


@on_one
def test_nobody_enters_points_where_nothing_is_renewed_by_them(session: Session) -> None:
    for given in ({"terms": RenewalTerms()}, {"validity_months": 0}):
        with pytest.raises(ClosedBookError):
            Collector(session, **given).enter()  # type: ignore[arg-type]


@on_one
def test_what_is_not_within_the_validity_or_was_entered_before_is_refused(holder: Collector) -> None:
    holder.enter()
    for given, field in (
        ({}, "title"),
        ({"happened_on": (holder.credential.awarded_at - DAY).date()}, "happened_on"),
        ({"happened_on": (clock.now() + DAY).date()}, "happened_on"),
    ):
        with pytest.raises(InvalidInputError) as refused:
            holder.enter(**given)
        assert refused.value.field == field
    assert len(states(holder.session)) == 1


@on_one
def test_what_waits_is_changed_or_withdrawn_by_its_holder_and_by_nobody_else(holder: Collector) -> None:
    session, activity = holder.session, holder.enter()
    mine: dict[str, Any] = {"holder_id": holder.credential.holder_id, "credential_id": holder.credential.id, "activity_id": activity.id}
    theirs = {**mine, "holder_id": make_user(session).id}
    for act in (partial(change_activity, facts=facts_of(hundredths=5)), withdraw_activity):
        with pytest.raises(NotFoundError):
            act(session, **theirs, now=clock.now())

    changed = change_activity(session, **mine, facts=facts_of(hundredths=1250), now=clock.now())
    same = change_activity(session, **mine, facts=facts_of(hundredths=1250), now=clock.now())
    assert (changed.hundredths, same.revision) == (1250, 2)
    for _twice in range(2):
        withdraw_activity(session, **mine, now=clock.now())
    with pytest.raises(ConflictError):
        change_activity(session, **mine, facts=facts_of(), now=clock.now())
    assert holder.enter().state is ActivityState.WAITING
    names = session.scalars(select(EventRecord.name).where(EventRecord.name.startswith("Activity")).order_by(EventRecord.id))
    assert list(names) == ["ActivityEntered", "ActivityEntered", "ActivityWithdrawn", "ActivityEntered"]


@on_one
def test_so_many_wait_and_no_more(holder: Collector) -> None:
    for n in range(MAX_WAITING):
        make_activity(holder.session, holder.credential, title=f"Talk {n}")

    with pytest.raises(ConflictError, match="wait already"):
        holder.enter()


# ---- what staff decide


@on_one
def test_staff_decide_about_what_they_have_seen_and_about_nobody_of_their_own(holder: Collector) -> None:
    session, activity = holder.session, holder.enter()
    change_activity(
        session,
        holder_id=holder.credential.holder_id,
        credential_id=holder.credential.id,
        activity_id=activity.id,
        facts=facts_of(hundredths=3000),
        now=clock.now(),
    )
    facts: dict[str, Any] = {"seen": 1, "reason": "Good.", "now": clock.now()}
    for act in (approve_activity, refuse_activity):
        with pytest.raises(ChangedActivityError):
            act(session, activity.id, **facts, actor_id=holder.staff_id)
        with pytest.raises(ForbiddenError):
            act(session, activity.id, **{**facts, "seen": 2}, actor_id=holder.credential.holder_id)
    assert (states(session), holder.renewals()) == ([ActivityState.WAITING], [])


@on_one
def test_a_refusal_needs_a_reason_that_the_holder_reads_and_an_approval_is_taken_back_until_it_has_counted(holder: Collector) -> None:
    session = holder.session
    refused, kept = holder.enter(title="A party"), holder.enter(title="A talk", hundredths=2000)
    decide: dict[str, Any] = {"actor_id": holder.staff_id, "now": clock.now()}
    with pytest.raises(InvalidInputError):
        refuse_activity(session, refused.id, seen=1, reason=" ", **decide)
    refuse_activity(session, refused.id, seen=1, reason="That was a party.", **decide)
    holder.approve(kept)
    assert holder.approve(kept) is None
    tell(session)
    with pytest.raises(InvalidInputError):
        take_back_approval(session, kept.id, reason="", **decide)
    take_back_approval(session, kept.id, reason="The link is dead.", **decide)
    last = holder.enter(title="A book", hundredths=3000)
    assert holder.approve(last) is not None
    with pytest.raises(ConflictError, match="renewed the certificate already"):
        take_back_approval(session, last.id, reason="Too late.", **decide)
    tell(session)

    mails = {mail.subject: mail.text for mail in session.scalars(select(Mail))}
    assert "That was a party." in mails["Not approved: A party"]
    assert "20 of 30 points. 10 are missing" in mails["Approved: A talk"]
    assert "The link is dead." in mails["Approval taken back: A talk"]
    assert "has been renewed" in mails["Approved: A book"]
    by = session.scalars(select(EventRecord.actor_id).where(EventRecord.name == "ActivityDecided")).all()
    assert set(by) == {holder.staff_id}
    assert len(by) == 4


def tell(session: Session) -> None:
    for delivery_id in session.scalars(select(Delivery.id).where(Delivery.handler == "credentials.email_activity_decision")).all():
        perform(session, delivery_id, now=clock.now())


@on_one
def test_the_mail_promises_a_renewal_only_for_when_it_may_be_made(session: Session) -> None:
    early = Collector(session, days_ago=100)
    early.collect(3000)
    tell(session)

    text = session.scalars(select(Mail.text)).one()
    assert "if they are still enough then" in text
    assert "has been renewed" not in text
    assert f"/account/credentials/{early.credential.id}/activities" in text


def test_two_that_are_approved_at_the_same_moment_renew_once_and_nothing_is_left_over(database: Database, holder: Collector) -> None:
    ids = [holder.enter(title=f"Talk {n}", hundredths=1500).id for n in range(2)]
    holder.session.commit()
    staff = holder.staff_id

    def approve(activity_id: Any, session: Session) -> Credential | None:
        return approve_activity(session, activity_id, seen=1, actor_id=staff, now=clock.now())

    results = at_once(database, [partial(approve, ids[n % 2]) for n in range(6)])

    assert sorted(type(result).__name__ for result in results) == ["Credential", *["NoneType"] * 5]
    holder.session.rollback()
    assert len(holder.renewals()) == 1
    assert set(states(holder.session)) == {ActivityState.COUNTED}
