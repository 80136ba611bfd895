"""What an approval is bound to, how long it may be given, and by whom (specs/trust.md, the two-person rule)."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from laurel.core.errors import ConflictError, ForbiddenError

LIFE = timedelta(hours=24)
"""How long a request waits. Who agrees must not find out later that they agreed to something of last month."""


class ApprovalState(StrEnum):
    """ENDED: nobody answered in time, and the same was asked for again. VOID: who asked may not ask for it any more."""

    WAITING = "waiting"
    AGREED = "agreed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"
    VOID = "void"


class OwnRequestError(ForbiddenError):
    """The second person is a second person."""

    message = "You asked for this yourself. Somebody else has to agree."


class SecondWithoutRightError(ForbiddenError):
    """Who would agree could do so when they opened the page, and cannot now."""

    message = "You may not agree to this any more: your role or your account has changed. Nothing was done."


class AskerWithoutRightError(ConflictError):
    """Whose wish it was may not have it any more."""

    message = (
        "Who asked for this may not ask for this any more: they lost the role, or their account is locked. Nothing was done, and the "
        "request has ended. If it is still wanted, ask for it yourself; then somebody else has to agree."
    )


class AnsweredError(ConflictError):
    """It was answered, or its time is over."""


class OtherRequestError(ConflictError):
    """What would be done is not what was looked at."""

    message = "This is not the request that you looked at. Nothing was changed; look at it again."


def fingerprint(action: str, facts: Mapping[str, Any]) -> str:
    """The SHA-256 of exactly what would be done: an approval is good for nothing else."""
    text = json.dumps([action, facts], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def check_waiting(state: ApprovalState, *, ends_at: datetime, now: datetime) -> None:
    """Raise AnsweredError unless the request can still be answered."""
    if state is not ApprovalState.WAITING:
        raise AnsweredError(f"This request was {state.value} already.")
    if now >= ends_at:
        raise AnsweredError("Nobody agreed within 24 hours, so this request has ended. Ask for it again.")


def check_second_person(*, asked_by_id: UUID, person_id: UUID) -> None:
    if asked_by_id == person_id:
        raise OwnRequestError


def find_signs_of_one_person(asker: str, person: str, *, has_given_roles: bool) -> list[str]:
    """What speaks for it that both accounts are one person's, in words for the second. Only accounts are known, never people."""
    signs = ["Your account has the same name as the one that asked."] if _fold(asker) == _fold(person) else []
    return [*signs, "The account that asked gave you your roles."] if has_given_roles else signs


def _fold(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def check_same(action: str, facts: Mapping[str, Any], *, stored: str, seen: str) -> None:
    """Raise OtherRequestError unless what is stored now is what was asked for, and what was looked at."""
    if not fingerprint(action, facts) == stored == seen:
        raise OtherRequestError
