"""Finding requests that need a second person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from laurel.accounts.events import RolesChanged
from laurel.accounts.models import User
from laurel.approvals.models import Approval
from laurel.approvals.rules import ApprovalState
from laurel.core.errors import NotFoundError
from laurel.core.events import EventRecord


@dataclass(frozen=True, slots=True)
class Request:
    """A request with the names of those who asked and answered. Names repeat; the address says which account asked."""

    approval: Approval
    asker: User
    answered_by: str | None

    @property
    def asked_by(self) -> str:
        return self.asker.name


def get_request(session: Session, approval_id: UUID, *, action: str) -> Request:
    """One request of this kind; raises NotFoundError."""
    row = session.execute(_requests(action).where(Approval.id == approval_id)).one_or_none()
    if row is None:
        raise NotFoundError("There is no such request.")
    return Request(row[0], row[1], row[2])


def list_waiting(session: Session, *, action: str, now: datetime) -> Sequence[Request]:
    """What of this kind can still be answered, the oldest first."""
    waiting = _requests(action).where(Approval.state == ApprovalState.WAITING, Approval.ends_at > now)
    return [Request(row[0], row[1], row[2]) for row in session.execute(waiting.order_by(Approval.asked_at).limit(100))]


def lock_approval(session: Session, approval_id: UUID) -> Approval:
    """The request as it is now, locked until the transaction ends; raises NotFoundError."""
    found = session.get(Approval, approval_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFoundError("There is no such request.")
    return found


def find_waiting(session: Session, fingerprint: str) -> Approval | None:
    """The request for exactly this that nobody answered yet, also if its time is over."""
    return session.scalar(select(Approval).filter_by(fingerprint=fingerprint, state=ApprovalState.WAITING))


def has_given_roles(session: Session, *, by_id: UUID, to_id: UUID) -> bool:
    """Whether one person has ever said what the other may do, as the log of events tells."""
    told = select(EventRecord.id).filter_by(name=RolesChanged.__name__, actor_id=by_id)
    return session.scalar(told.where(EventRecord.facts["user_id"].as_string() == str(to_id)).limit(1)) is not None


def _requests(action: str) -> Select[Approval, User, str]:
    second = aliased(User)
    return (
        select(Approval, User, second.name)
        .join(User, User.id == Approval.asked_by_id)
        .outerjoin(second, second.id == Approval.answered_by_id)
        .where(Approval.action == action)
    )
