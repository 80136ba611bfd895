"""What was begun and does not come to its end: bulk jobs that stand still, changes of name that could not be signed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.core.events import Delivery, DeliveryStatus, EventRecord
from laurel.credentials.events import NameChangeApproved, NameReversalAsked
from laurel.credentials.models import BulkJob, NameChange
from laurel.credentials.rules.bulk import BulkState
from laurel.credentials.rules.name_changes import UNDER_WAY, NameChangeState

LIMIT = 200
CAUSES = {NameChangeState.APPROVED: NameChangeApproved.__name__, NameChangeState.REVERSING: NameReversalAsked.__name__}


def list_still_jobs(session: Session, *, since: datetime) -> Sequence[BulkJob]:
    """Running jobs of which no batch was done since then."""
    moved_at = func.coalesce(BulkJob.moved_at, BulkJob.confirmed_at)
    running = select(BulkJob).where(BulkJob.state == BulkState.RUNNING, moved_at <= since)
    return session.scalars(running.order_by(BulkJob.created_at).limit(LIMIT)).all()


def list_under_way(session: Session) -> Sequence[NameChange]:
    """Changes of name that only wait for being signed, or for being taken back; the oldest first."""
    return session.scalars(select(NameChange).where(NameChange.state.in_(UNDER_WAY)).order_by(NameChange.asked_at).limit(LIMIT)).all()


def map_causes(session: Session, changes: Sequence[NameChange]) -> dict[UUID, EventRecord]:
    """For each change that is under way what made it so: the latest event of that kind about it."""
    wanted = {(CAUSES[change.state], str(change.id)): change.id for change in changes if change.state in CAUSES}
    if not wanted:
        return {}
    about = select(EventRecord).where(EventRecord.name.in_({name for name, _id in wanted}))
    about = about.where(EventRecord.occurred_at >= min(change.asked_at for change in changes))
    records = session.scalars(about.order_by(EventRecord.occurred_at))
    return {wanted[key]: record for record in records if (key := (record.name, str(record.facts["change_id"]))) in wanted}


def find_last_error(session: Session, cause_id: UUID) -> str | None:
    """What the last try said of those that follow from this event and are not done."""
    waiting = select(Delivery.error).where(Delivery.event_id == cause_id, Delivery.status != DeliveryStatus.DONE)
    return session.scalar(waiting.where(Delivery.error.is_not(None)).limit(1))
