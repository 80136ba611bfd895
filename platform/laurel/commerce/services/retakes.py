"""Further attempts at an exam that were paid for: each lets one attempt begin. (specs/payments.md §9)"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.events import ExamCreditUsed
from laurel.commerce.models import ExamCredit
from laurel.core.bus import publish
from laurel.core.errors import ConflictError


class CreditGoneError(ConflictError):
    """The attempt that was paid for was used or refunded a moment ago: nothing was started."""

    message = "The attempt that you had bought was used or refunded a moment ago. Nothing was started."


def use_exam_credit(session: Session, *, learner_id: UUID, course_id: UUID, attempt_id: UUID, now: datetime) -> None:
    """Use the learner's oldest credit for an attempt that begins in this transaction; CreditGoneError if there is none any more."""
    credit = queries.find_unused_credit(session, learner_id, course_id)
    if credit is None:
        raise CreditGoneError
    used = session.execute(
        update(ExamCredit)
        .where(ExamCredit.id == credit.id, ExamCredit.consumed_by_attempt_id.is_(None), ExamCredit.revoked_at.is_(None))
        .values(consumed_by_attempt_id=attempt_id, consumed_at=now)
        .execution_options(synchronize_session=False)
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise CreditGoneError
    session.refresh(credit)
    publish(session, ExamCreditUsed(occurred_at=now, credit_id=credit.id, user_id=learner_id, attempt_id=attempt_id), actor_id=learner_id)
