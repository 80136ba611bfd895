"""Activities by which certificates are renewed."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.credentials.models import Credential, PointActivity
from laurel.credentials.rules.points import ActivityFacts, ActivityState
from laurel.credentials.rules.renewing import RenewalTerms
from laurel.credentials.services.points import approve_activity, enter_activity
from tests.factories.accounts import make_user
from tests.factories.credentials import make_credential

BY_POINTS = RenewalTerms(by_exam=False, points=30)


def yesterday() -> date:
    return (clock.now() - timedelta(days=1)).date()


def facts_of(**given: Any) -> ActivityFacts:
    """A conference of ten points, unless said."""
    usual: dict[str, Any] = {
        "title": "Conference on prompts",
        "provider": "University of Graz",
        "happened_on": yesterday(),
        "hundredths": 1000,
        "link": "https://graz.example/2026",
        "note": "",
    }
    return ActivityFacts(**{**usual, **given})


def make_activity(session: Session, credential: Credential, *, state: ActivityState = ActivityState.WAITING, **given: Any) -> PointActivity:
    """A row as it is stored, whatever the program says; nobody is told."""
    facts = facts_of(**given)
    activity = PointActivity(
        credential_id=credential.id,
        title=facts.title,
        provider=facts.provider,
        happened_on=facts.happened_on,
        hundredths=facts.hundredths,
        link=facts.link,
        note=facts.note,
        entered_at=clock.now(),
        state=state,
    )
    session.add(activity)
    session.flush()
    return activity


class Collector:
    """A holder of a certificate of twelve months that 30 points renew, and one of the staff."""

    def __init__(self, session: Session, *, days_ago: int = 300, terms: RenewalTerms = BY_POINTS, **facts: Any) -> None:
        self.session = session
        awarded_at = clock.now() - timedelta(days=days_ago)
        with time_machine.travel(awarded_at):
            self.credential = make_credential(session, at=awarded_at, renewal=terms, **facts)
        self.staff_id: UUID = make_user(session, roles=["admin"]).id

    def enter(self, **given: Any) -> PointActivity:
        who = {"holder_id": self.credential.holder_id, "credential_id": self.credential.id}
        return enter_activity(self.session, **who, facts=facts_of(**given), now=clock.now())

    def approve(self, activity: PointActivity) -> Credential | None:
        return approve_activity(self.session, activity.id, seen=activity.revision, actor_id=self.staff_id, now=clock.now())

    def collect(self, *hundredths: int) -> Credential | None:
        """So many activities, each entered and approved; what the last of them renewed."""
        renewal = None
        for found in hundredths:
            renewal = self.approve(self.enter(title=f"Talk of {found}", hundredths=found))
        return renewal

    def renewals(self) -> list[Credential]:
        found = select(Credential).where(Credential.renewed_from_id == self.credential.id).order_by(Credential.awarded_at)
        return list(self.session.scalars(found.execution_options(populate_existing=True)))
