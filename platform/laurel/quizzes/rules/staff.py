"""What staff may do with other people's attempts."""

from dataclasses import dataclass
from uuid import UUID

from laurel.core.errors import ForbiddenError, InvalidInputError

SUPPORT_MINUTES = 60
"""What somebody who may only extend can give one attempt, all extensions taken together."""
MAX_MINUTES = 24 * 60
MAX_REASON = 500


@dataclass(frozen=True, slots=True)
class Staff:
    """Who acts. `may_manage`: everything, else only extending within limits."""

    id: UUID
    may_manage: bool = False


def check_other(staff: Staff, learner_id: UUID) -> None:
    """Raise ForbiddenError if somebody would act on what is their own."""
    if staff.id == learner_id:
        raise ForbiddenError("This is your own. Ask a colleague.")


def check_manager(staff: Staff) -> None:
    if not staff.may_manage:
        raise ForbiddenError("Only administrators may do that.")


def check_reason(reason: str) -> str:
    """The reason without space around it; raises InvalidInputError without one."""
    reason = reason.strip()
    if len(reason) < 3:
        raise InvalidInputError("Say why. It is kept with the attempt.", field="reason")
    if len(reason) > MAX_REASON:
        raise InvalidInputError(f"Say it in at most {MAX_REASON} characters.", field="reason")
    return reason


def check_minutes(minutes: int) -> None:
    if not 1 <= minutes <= MAX_MINUTES:
        raise InvalidInputError(f"Give between 1 and {MAX_MINUTES} minutes.", field="minutes")


def check_extension(staff: Staff, *, minutes: int, added_seconds: int) -> None:
    """Raise if the minutes are more than this member of staff may give, on top of what was given before."""
    check_minutes(minutes)
    if staff.may_manage:
        return
    left = SUPPORT_MINUTES - added_seconds // 60
    if left <= 0:
        raise ForbiddenError(f"This attempt has been given {added_seconds // 60} minutes already. Ask an administrator for more.")
    if minutes > left:
        raise InvalidInputError(f"You may give {left} more minutes. Ask an administrator for more.", field="minutes")
