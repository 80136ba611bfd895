"""Issuing what was earned elsewhere or earlier: staff answer for it, and it says so."""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.accounts.queries import lock_user
from laurel.core.errors import ConflictError, ForbiddenError, InvalidInputError
from laurel.credentials.gateway import KeyVault
from laurel.credentials.models import AchievementVersion, Credential
from laurel.credentials.queries import bulk
from laurel.credentials.rules.correcting import check_new_name
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.moments import end_of_validity, whole_second
from laurel.credentials.rules.numbers import RANDOM_BITS, number_of
from laurel.credentials.rules.verdicts import CredentialSource
from laurel.credentials.services.issuing import issue

WHY = "bulk import by staff"


class AlreadyHeldError(ConflictError):
    """The person holds a certificate of this course that counts."""

    def __init__(self, number: str) -> None:
        super().__init__(f"This person holds {number} already.")


def check_award(achievement: AchievementVersion, *, holder_id: UUID, actor_id: UUID, awarded_at: datetime, now: datetime) -> None:
    """Raise ForbiddenError for somebody's own certificate, InvalidInputError for a day that cannot be."""
    if holder_id == actor_id:
        raise ForbiddenError("This is your own account. A colleague has to do that.")
    if awarded_at > now:
        raise InvalidInputError("The day of the award is in the future.")
    ends = end_of_validity(awarded_at, achievement.validity_months)
    if ends is not None and ends <= now:
        raise InvalidInputError(f"It would have expired on {ends:%Y-%m-%d}: nothing that has ended is issued.")


def issue_import(
    session: Session,
    *,
    holder_id: UUID,
    name: str,
    achievement: AchievementVersion,
    awarded_at: datetime,
    actor_id: UUID,
    issuer: Issuer,
    keys: KeyVault,
    now: datetime,
    tells_holder: bool,
) -> Credential:
    """A signed credential without attempt or enrollment. The person is locked: two imports at once issue one.

    Raises AlreadyHeldError, what `check_award` raises, UnsignableError or what the vault raises.
    """
    lock_user(session, holder_id)
    check_award(achievement, holder_id=holder_id, actor_id=actor_id, awarded_at=awarded_at, now=now)
    held = bulk.list_held(session, [holder_id]).get((holder_id, achievement.achievement_id))
    if held is not None:
        raise AlreadyHeldError(held)
    credential = Credential(
        number=number_of(secrets.randbits(RANDOM_BITS)),
        holder_id=holder_id,
        holder_name=check_new_name(name),
        source=CredentialSource.IMPORT,
        achievement_version_id=achievement.id,
        awarded_at=whole_second(awarded_at),
    )
    session.add(credential)
    session.flush()
    return issue(session, credential.id, issuer=issuer, keys=keys, now=now, actor_id=actor_id, reason=WHY, tells_holder=tells_holder)
