"""Renewing by sitting the exam again: the holder says so, which lets them start; passing earns a new certificate, linked with the old."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.accounts.queries import lock_user
from laurel.core.bus import publish
from laurel.core.errors import ConflictError
from laurel.credentials.events import CredentialAwarded, RenewalEarned
from laurel.credentials.models import AchievementVersion, Credential
from laurel.credentials.queries import find_credential_of_attempt, get_credential, lock_credential, renewing
from laurel.credentials.queries.erasure import is_award_erased
from laurel.credentials.queries.holding import lock_credential_of
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.verdicts import CredentialState
from laurel.credentials.services import history
from laurel.credentials.services.issuing import add_pending, award
from laurel.learning.queries import find_enrollment
from laurel.quizzes.models import Attempt
from laurel.quizzes.services import open_round


class RenewalRefusedError(ConflictError):
    """This certificate cannot be renewed, or not now; the page says why and what to do."""

    message = "This certificate cannot be renewed at present. Its page says why."


@dataclass(frozen=True, slots=True)
class ExamDoor:
    """Where the exam is sat."""

    course_slug: str
    lesson_slug: str


def begin_renewal(session: Session, *, holder_id: UUID, credential_id: UUID, now: datetime) -> ExamDoor:
    """Let the holder sit the exam again to renew their certificate. Said twice, it is the same renewal.

    Raises RenewalRefusedError, NotFoundError for somebody else's, OpenAttemptError while an earlier attempt runs, or
    RoundUnderWayError while another certificate is renewed by the same exam.
    """
    lock_user(session, holder_id)
    lock_credential_of(session, holder_id, credential_id)
    way = renewing.get_way(session, get_credential(session, credential_id), now=now)
    closes_at = way.renewal.closes_at
    if not way.renewal.standing.is_open or not way.renewal.paths.exam or not way.renewal.lengthens or closes_at is None:
        raise RenewalRefusedError
    if way.lesson_slug is None or way.quiz_id is None or not way.is_enrolled:
        raise RenewalRefusedError
    open_round(
        session,
        quiz_id=way.quiz_id,
        learner_id=holder_id,
        opened_for=credential_id,
        closes_at=closes_at,
        includes_attempts=way.includes_attempts,
        now=now,
    )
    return ExamDoor(way.course_slug, way.lesson_slug)


def note_renewal(session: Session, *, holder_id: UUID, attempt_id: UUID, now: datetime) -> None:
    """Write down that this attempt earned a renewal, if it did; who is told of that awards it."""
    earned = renewing.find_earned_by(session, holder_id, attempt_id)
    if earned is not None:
        publish(session, RenewalEarned(occurred_at=now, credential_id=earned, holder_id=holder_id, attempt_id=attempt_id))


def renew_earned(session: Session, attempt_id: UUID, *, now: datetime) -> Credential | None:
    """The same as `renew`, for an attempt whose renewal was not made when it was earned."""
    attempt = session.get_one(Attempt, attempt_id)
    return renew(session, holder_id=attempt.learner_id, attempt_id=attempt_id, earned_at=attempt.graded_at or now, now=now)


def renew(session: Session, *, holder_id: UUID, attempt_id: UUID, earned_at: datetime, now: datetime) -> Credential | None:
    """Award the renewal that this passed attempt earned; None if it was not made to renew anything, or there is nothing to renew.

    It is seen by others as the old one is, and certifies what the course certifies today. Once for each old certificate, however
    often it is told. Who started in time and was marked late has renewed in time.
    """
    if is_award_erased(session, attempt_id):
        return None
    found = renewing.find_renewed_by(session, holder_id, attempt_id)
    if found is None:
        return None
    lock_user(session, holder_id)  # first the person, as a change of name does
    old = lock_credential(session, found.id)
    if renewing.is_renewed(session, old.id) or find_credential_of_attempt(session, holder_id, attempt_id) is not None:
        return None
    earned = session.get_one(AchievementVersion, old.achievement_version_id)
    course_id = renewing.get_course_id(session, earned.achievement_id)
    enrollment = find_enrollment(session, learner_id=holder_id, course_id=course_id)
    if enrollment is None:
        return None
    facts: dict[str, Any] = {"enrollment_id": enrollment.id, "holder_id": holder_id, "attempt_id": attempt_id}
    if old.state is not CredentialState.ISSUED:
        if enrollment.completed_at is not None:  # by this attempt, perhaps: `award` has left that to us
            award(session, **facts, course_id=course_id, now=earned_at)
        return None
    present = renewing.find_present_version(session, earned.achievement_id) or earned
    new = add_pending(session, present, **facts, renewed_from_id=old.id, now=earned_at)
    new.visibility = old.visibility
    session.flush()
    history.record(session, HistoryKind.RENEWED, at=now, credential_id=old.id, reason=f"by {new.id}")
    publish(session, CredentialAwarded(occurred_at=new.awarded_at, credential_id=new.id, holder_id=holder_id))
    return new
