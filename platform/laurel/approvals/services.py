"""Asking for a second person, agreeing and refusing. Whoever agrees has it done in the same transaction, or nothing is agreed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.accounts.queries import lock_user, lock_users
from laurel.approvals.events import ApprovalAsked, ApprovalGiven, ApprovalRefused, ApprovalVoided, ApprovalWaived
from laurel.approvals.models import Approval
from laurel.approvals.queries import find_waiting, lock_approval
from laurel.approvals.rules import (
    LIFE,
    ApprovalState,
    AskerWithoutRightError,
    SecondWithoutRightError,
    check_same,
    check_second_person,
    check_waiting,
    fingerprint,
)
from laurel.core.bus import publish
from laurel.core.errors import UnavailableError


def ask(
    session: Session, *, action: str, about_id: UUID, facts: Mapping[str, Any], asked_by_id: UUID, capability: str, now: datetime
) -> Approval:
    """Write down what is wanted. Asked for twice, it waits once; `facts` are JSON values and name all that matters.

    What waits for somebody who has lost the `capability` is void and does not stand in the way.
    """
    wanted = fingerprint(action, facts)
    found = find_waiting(session, wanted)
    if found is not None and now < found.ends_at and not end_if_void(session, found.id, capability=capability, now=now):
        return found
    if found is not None and found.state is ApprovalState.WAITING:
        found.state = ApprovalState.ENDED
        session.flush()
    approval = Approval(
        action=action, about_id=about_id, facts=dict(facts), fingerprint=wanted, asked_by_id=asked_by_id, asked_at=now, ends_at=now + LIFE
    )
    try:
        with session.begin_nested():
            session.add(approval)
            session.flush()
    except IntegrityError:  # asked for at this very moment
        found = find_waiting(session, wanted)
        if found is None:
            raise UnavailableError from None
        return found
    publish(session, ApprovalAsked(occurred_at=now, approval_id=approval.id, action=action, fingerprint=wanted), actor_id=asked_by_id)
    return approval


def agree(session: Session, approval_id: UUID, *, seen: str, person_id: UUID, capability: str, now: datetime) -> Approval:
    """Agree to exactly what was `seen`, a fingerprint. The caller does it before the transaction ends.

    Both people must have the `capability` at this moment, and keep it until the transaction ends. Raises OwnRequestError,
    SecondWithoutRightError, AnsweredError, OtherRequestError, or AskerWithoutRightError: then `end_if_void` ends the request.
    """
    approval = lock_approval(session, approval_id)
    check_second_person(asked_by_id=approval.asked_by_id, person_id=person_id)
    people = lock_users(session, [approval.asked_by_id, person_id])
    if not people[person_id].may(capability):
        raise SecondWithoutRightError
    check_waiting(approval.state, ends_at=approval.ends_at, now=now)
    if not people[approval.asked_by_id].may(capability):
        raise AskerWithoutRightError
    check_same(approval.action, approval.facts, stored=approval.fingerprint, seen=seen)
    _answer(session, approval, ApprovalState.AGREED, person_id=person_id, now=now)
    told = ApprovalGiven(occurred_at=now, approval_id=approval.id, action=approval.action, fingerprint=approval.fingerprint)
    publish(session, told, actor_id=person_id)
    return approval


def refuse(session: Session, approval_id: UUID, *, person_id: UUID, now: datetime) -> Approval:
    """Say that it shall not be done; who asked takes it back. Raises AnsweredError."""
    approval = lock_approval(session, approval_id)
    check_waiting(approval.state, ends_at=approval.ends_at, now=now)
    state = ApprovalState.WITHDRAWN if approval.asked_by_id == person_id else ApprovalState.REFUSED
    _answer(session, approval, state, person_id=person_id, now=now)
    told = ApprovalRefused(occurred_at=now, approval_id=approval.id, action=approval.action, fingerprint=approval.fingerprint)
    publish(session, told, actor_id=person_id)
    return approval


def end_if_void(session: Session, approval_id: UUID, *, capability: str, now: datetime) -> bool:
    """End a request that waits for what its asker may not ask for any more; False if it is none such."""
    approval = lock_approval(session, approval_id)
    if approval.state is not ApprovalState.WAITING or lock_user(session, approval.asked_by_id).may(capability):
        return False
    approval.state, approval.answered_at = ApprovalState.VOID, now
    session.flush()
    told = ApprovalVoided(occurred_at=now, approval_id=approval.id, action=approval.action, fingerprint=approval.fingerprint)
    publish(session, told)
    return True


def waive(session: Session, *, action: str, about_id: UUID, facts: Mapping[str, Any], person_id: UUID, now: datetime) -> None:
    """Write down that one person did alone what otherwise needs two."""
    told = ApprovalWaived(occurred_at=now, action=action, fingerprint=fingerprint(action, facts), about_id=about_id)
    publish(session, told, actor_id=person_id)


def _answer(session: Session, approval: Approval, state: ApprovalState, *, person_id: UUID, now: datetime) -> None:
    approval.state, approval.answered_by_id, approval.answered_at = state, person_id, now
    session.flush()
