"""Certificates that were earned by an exam that can be sat, and that end before long."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import time_machine
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from laurel.catalog.queries import list_lessons
from laurel.commerce import services as commerce
from laurel.commerce.rules import OfferingKind
from laurel.commerce.services.fulfilling import settle
from laurel.core import clock
from laurel.core.bus import perform
from laurel.core.events import Delivery, DeliveryStatus
from laurel.credentials.models import Credential
from laurel.credentials.rules.renewing import RenewalTerms
from laurel.credentials.rules.verdicts import CredentialSource
from laurel.credentials.services.issuing import issue
from laurel.credentials.services.renewing import begin_renewal
from laurel.learning.models import LessonProgress
from laurel.learning.services import finish_lesson, start_exam
from laurel.quizzes.models import Attempt
from laurel.quizzes.services import submit_attempt
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering
from tests.factories.credentials import ISSUER, make_achievement
from tests.factories.learning import Classroom, make_classroom
from tests.factories.quizzes import answer_all
from tests.fakes import PlainVault


@dataclass(frozen=True)
class Candidate:
    """Who sits the exam of a course."""

    session: Session
    room: Classroom

    def start(self, moment: datetime | None = None) -> Attempt:
        return start_exam(
            self.session,
            course_id=self.room.course.id,
            quiz_id=self.room.exam.id,
            learner_id=self.room.learner.id,
            home_path=f"/learn/{self.room.course.slug}/exam",
            honor_code_accepted=True,
            browser_session_token=None,
            now=moment or clock.now(),
        )

    def hand_in(self, attempt: Attempt, *, right: int | None = None, moment: datetime | None = None, works: bool = True) -> None:
        """`works` False: the worker has not come to it yet."""
        now = moment or clock.now()
        answer_all(self.session, attempt, right=right, now=now)
        submit_attempt(self.session, attempt_id=attempt.id, learner_id=self.room.learner.id, now=now)
        if works:
            self.award()

    def award(self) -> None:
        """What the worker does about renewals that were earned."""
        waiting = select(Delivery.id).where(Delivery.handler == "credentials.renew_credential", Delivery.status == DeliveryStatus.DUE)
        for delivery_id in self.session.scalars(waiting).all():
            perform(self.session, delivery_id, now=clock.now())

    def sit(self, *, right: int | None = None, moment: datetime | None = None) -> Attempt:
        """A whole attempt: passed, unless said that only so many answers are right."""
        attempt = self.start(moment)
        self.hand_in(attempt, right=right, moment=moment)
        return attempt

    def buy(self) -> None:
        """One attempt, paid for."""
        order = commerce.place_order(
            self.session,
            buyer_id=self.room.learner.id,
            course_id=self.room.course.id,
            currency="usd",
            click_token=None,
            now=clock.now(),
            kind=OfferingKind.EXAM_RETAKE,
        )
        settle(self.session, order, amount_paid=order.total, now=clock.now(), ref=order.number)


@dataclass(frozen=True)
class Holder(Candidate):
    """Who passed an exam some time ago, and the certificate of twelve months that it earned."""

    credential: Credential

    def begin(self, moment: datetime | None = None) -> None:
        begin_renewal(self.session, holder_id=self.room.learner.id, credential_id=self.credential.id, now=moment or clock.now())

    def renewals(self) -> list[Credential]:
        found = select(Credential).where(Credential.renewed_from_id == self.credential.id).order_by(Credential.awarded_at)
        return list(self.session.scalars(found.execution_options(populate_existing=True)))

    def sign(self, credential: Credential) -> Credential:
        """What the worker does."""
        return issue(self.session, credential.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())


def make_holder(
    session: Session,
    *,
    days_ago: int = 300,
    sells_attempts: bool = False,
    renewal: RenewalTerms | None = None,
    name: str = "Ada Lovelace",
    **exam: Any,
) -> Holder:
    """A learner who completed a course with its exam `days_ago`, by the way that learners go; two attempts, no wait, unless said."""
    moment = clock.now() - timedelta(days=days_ago)
    room = make_classroom(session, lessons=1, learner=make_user(session, name=name), **{"attempts_allowed": 2, **exam})
    if sells_attempts:
        make_offering(session, course=room.course, kind=OfferingKind.EXAM_RETAKE, prices={"usd": 4500, "eur": 4200})
    make_achievement(session, course=room.course, renewal=renewal)
    for lesson in list_lessons(session, room.course.id)[:-1]:
        finish_lesson(session, room.enrollment.id, lesson_id=lesson.id, now=moment)
    Candidate(session, room).sit(moment=moment)
    earned = session.scalars(select(Credential).where(Credential.holder_id == room.learner.id)).one()
    with time_machine.travel(moment):
        issue(session, earned.id, issuer=ISSUER, keys=PlainVault(), now=moment)
    return Holder(session, room, earned)


def bring_from_elsewhere(holder: Holder, *, used: int = 1) -> None:
    """The certificate was imported, and its holder has not completed the course here: `used` attempts were failed, one or none at first."""
    session = holder.session
    session.execute(update(Attempt).values(passed=False, is_counted=used > 0))
    session.query(LessonProgress).filter(LessonProgress.attempt_id.is_not(None)).delete()
    holder.room.enrollment.completed_at = None
    imported = holder.credential
    imported.source, imported.attempt_id, imported.enrollment_id = CredentialSource.IMPORT, None, None
    session.flush()
    for _ in range(used - 1):
        holder.sit(right=0)
