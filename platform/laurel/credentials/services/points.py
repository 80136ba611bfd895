"""Renewing by CPD points: the holder enters activities, staff decide about each, and enough of them renew the certificate, once.

Whatever changes an activity holds its certificate first, so two that are approved at the same moment are added up one after the other.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.accounts.queries import lock_user
from laurel.core.bus import publish
from laurel.core.errors import ConflictError, ForbiddenError, InvalidInputError
from laurel.credentials import queries
from laurel.credentials.events import ActivityDecided, ActivityEntered, ActivityWithdrawn
from laurel.credentials.models import Credential, PointActivity, PointRenewal
from laurel.credentials.queries import holding, points
from laurel.credentials.rules.notes import check_note
from laurel.credentials.rules.points import MAX_WAITING, ActivityFacts, ActivityState, check_activity
from laurel.credentials.rules.renewing import Standing
from laurel.credentials.rules.text import sanitize_text
from laurel.credentials.rules.verdicts import CredentialSource, CredentialState
from laurel.credentials.services.other_ways import add_renewal, lock_renewable, tell_of_renewal


class ClosedBookError(ConflictError):
    """No activity can be entered or changed for this certificate, or not any more."""

    message = "Nothing can be entered for this certificate at present. The page about its renewal says why."


class ChangedActivityError(ConflictError):
    """Staff decide about what they have seen."""

    message = "The holder has changed this activity since you opened it. Look at it again, then decide."


def enter_activity(session: Session, *, holder_id: UUID, credential_id: UUID, facts: ActivityFacts, now: datetime) -> PointActivity:
    """Write down what the holder did; staff look at it. Raises InvalidInputError, ClosedBookError, or NotFoundError for somebody else's."""
    holding.lock_credential_of(session, holder_id, credential_id)
    said = _check(session, credential_id, facts, now=now)
    if points.count_waiting(session, credential_id) >= MAX_WAITING:
        raise ConflictError(f"{MAX_WAITING} activities wait already. Enter more once staff have looked at some.")
    activity = PointActivity(
        credential_id=credential_id,
        title=said.title,
        provider=said.provider,
        happened_on=said.happened_on,
        hundredths=said.hundredths,
        link=said.link,
        note=said.note,
        entered_at=now,
    )
    session.add(activity)
    session.flush()
    _tell_entered(session, activity, holder_id, now=now)
    return activity


def change_activity(
    session: Session, *, holder_id: UUID, credential_id: UUID, activity_id: UUID, facts: ActivityFacts, now: datetime
) -> PointActivity:
    """Let an activity that waits say something else. It goes to the end of the queue."""
    holding.lock_credential_of(session, holder_id, credential_id)
    activity = points.get_activity_of(session, credential_id, activity_id)
    if activity.state is not ActivityState.WAITING:
        raise ConflictError("Staff have decided about this activity, or you withdrew it. It cannot be changed any more.")
    said = _check(session, credential_id, facts, now=now, but=activity_id)
    if said != activity.facts:
        activity.say(said, at=now)
        session.flush()
        _tell_entered(session, activity, holder_id, now=now)
    return activity


def withdraw_activity(session: Session, *, holder_id: UUID, credential_id: UUID, activity_id: UUID, now: datetime) -> None:
    """The holder does not want it looked at. Saying it twice changes nothing."""
    holding.lock_credential_of(session, holder_id, credential_id)
    activity = points.get_activity_of(session, credential_id, activity_id)
    if activity.state is ActivityState.WITHDRAWN:
        return
    activity.advance(ActivityState.WITHDRAWN)
    session.flush()
    told = ActivityWithdrawn(occurred_at=now, activity_id=activity_id, credential_id=credential_id)
    publish(session, told, actor_id=holder_id)


def approve_activity(
    session: Session, activity_id: UUID, *, seen: int, reason: str = "", actor_id: UUID, now: datetime
) -> Credential | None:
    """Staff agree, in the revision that they have seen; the renewal, if it is complete with this one and may be made now.

    Who entered it in time and was answered late has renewed in time. Saying it twice changes nothing.
    """
    activity, credential = _lock_for_staff(session, activity_id, actor_id)
    if activity.state in {ActivityState.APPROVED, ActivityState.COUNTED}:
        return None
    _check_seen(activity, seen)
    if credential.state is not CredentialState.ISSUED or _standing(session, credential, now=now) is Standing.RENEWED:
        raise ConflictError("The certificate was revoked or renewed since: its points count for nothing any more.")
    _decide(session, activity, credential, ActivityState.APPROVED, sanitize_text(reason), actor_id=actor_id, now=now)
    return _renew(session, credential.id, is_answer=True, now=now)


def refuse_activity(session: Session, activity_id: UUID, *, seen: int, reason: str, actor_id: UUID, now: datetime) -> None:
    """Staff do not agree, and say why: the holder reads it."""
    activity, credential = _lock_for_staff(session, activity_id, actor_id)
    _check_seen(activity, seen)
    _decide(session, activity, credential, ActivityState.REFUSED, check_note(reason, field="reason"), actor_id=actor_id, now=now)


def take_back_approval(session: Session, activity_id: UUID, *, reason: str, actor_id: UUID, now: datetime) -> None:
    """Staff approved it and should not have. ConflictError once it has renewed something."""
    activity, credential = _lock_for_staff(session, activity_id, actor_id)
    words = check_note(reason, field="reason")
    if activity.state is ActivityState.COUNTED:
        raise ConflictError("It has renewed the certificate already. What was renewed wrongly can be revoked.")
    _decide(session, activity, credential, ActivityState.TAKEN_BACK, words, actor_id=actor_id, now=now)


def renew_complete(session: Session, credential_id: UUID, *, now: datetime) -> Credential | None:
    """Award the renewal of a certificate that has its points, once its window is open; None if nothing is due. Told twice, it is one."""
    credential = queries.find_credential(session, credential_id)
    if credential is None:
        return None
    lock_user(session, credential.holder_id)  # first the person, as a change of name does
    return _renew(session, credential_id, is_answer=False, now=now)


def _renew(session: Session, credential_id: UUID, *, is_answer: bool, now: datetime) -> Credential | None:
    found = lock_renewable(session, credential_id, now=now)
    if found is None:
        return None
    old, version = found
    book = points.get_book(session, queries.get_credential(session, credential_id), now=now)
    is_time = book.renewal.standing.is_open or (is_answer and book.renewal.standing is Standing.OVER)
    if not is_time or not book.tally.is_complete:
        return None
    new = add_renewal(session, old, version, source=CredentialSource.POINTS, now=now)
    session.add(PointRenewal(credential_id=new.id, needed=book.tally.needed, counted=book.tally.approved))
    for activity in points.list_activities(session, credential_id, ActivityState.APPROVED):
        activity.advance(ActivityState.COUNTED)
        activity.renewal_id = new.id
    session.flush()
    tell_of_renewal(session, old, new, now=now)
    return new


def _check(session: Session, credential_id: UUID, facts: ActivityFacts, *, now: datetime, but: UUID | None = None) -> ActivityFacts:
    """What is to be written down, for a certificate that takes activities now."""
    record = queries.get_credential(session, credential_id)
    ends_at = record.version.valid_until if record.version is not None else None
    if ends_at is None or not points.get_book(session, record, now=now).renewal.collects_points:
        raise ClosedBookError
    said = check_activity(facts, awarded_at=record.credential.awarded_at, ends_at=ends_at, now=now)
    if points.has_same(session, credential_id, said, but=but):
        raise InvalidInputError("You have entered this one already: the same title, provider and day.", field="title")
    return said


def _tell_entered(session: Session, activity: PointActivity, holder_id: UUID, *, now: datetime) -> None:
    told = ActivityEntered(occurred_at=now, activity_id=activity.id, credential_id=activity.credential_id, revision=activity.revision)
    publish(session, told, actor_id=holder_id)


def _lock_for_staff(session: Session, activity_id: UUID, actor_id: UUID) -> tuple[PointActivity, Credential]:
    """The activity as it is now, its certificate and its holder held. Nobody decides about their own: ForbiddenError."""
    activity = points.get_activity(session, activity_id)
    holder_id = queries.get_credential(session, activity.credential_id).credential.holder_id
    if holder_id == actor_id:
        raise ForbiddenError("This is your own activity. Somebody else has to look at it.")
    lock_user(session, holder_id)
    credential = queries.lock_credential(session, activity.credential_id)
    return points.get_activity(session, activity_id), credential


def _check_seen(activity: PointActivity, seen: int) -> None:
    if activity.revision != seen:
        raise ChangedActivityError


def _standing(session: Session, credential: Credential, *, now: datetime) -> Standing:
    return points.get_book(session, queries.get_credential(session, credential.id), now=now).renewal.standing


def _decide(
    session: Session,
    activity: PointActivity,
    credential: Credential,
    wanted: ActivityState,
    reason: str,
    *,
    actor_id: UUID,
    now: datetime,
) -> None:
    activity.advance(wanted)
    activity.reason, activity.decided_at, activity.decided_by_id = reason, now, actor_id
    session.flush()
    told = ActivityDecided(
        occurred_at=now, credential_id=credential.id, holder_id=credential.holder_id, activity_id=activity.id, decision=wanted.value
    )
    publish(session, told, actor_id=actor_id)
