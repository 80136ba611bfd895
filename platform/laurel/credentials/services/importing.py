"""Issuing what was earned elsewhere or earlier: staff answer for it, and it says so."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.accounts.queries import lock_user
from laurel.accounts.services import keep_certificate_name
from laurel.core.dates import day
from laurel.core.errors import ForbiddenError, InvalidInputError
from laurel.credentials.gateway import KeyVault
from laurel.credentials.models import AchievementVersion, Credential
from laurel.credentials.queries import bulk
from laurel.credentials.rules.correcting import check_new_name
from laurel.credentials.rules.duplicates import Act, Decision, Duplicates, decide
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.moments import whole_second
from laurel.credentials.rules.numbers import RANDOM_BITS, number_of
from laurel.credentials.rules.verdicts import CredentialSource
from laurel.credentials.services.correcting import correct
from laurel.credentials.services.issuing import issue

WHY = "bulk import by staff"
WHY_CORRECTED = "Our staff corrected the name with a list."
"""What the holder hears of a correction; the chain of events names who answers for it."""


def check_award(achievement: AchievementVersion, *, holder_id: UUID, actor_id: UUID, awarded_at: datetime, now: datetime) -> None:
    """Raise ForbiddenError for somebody's own certificate, InvalidInputError for a day that cannot be."""
    if holder_id == actor_id:
        raise ForbiddenError("This is your own account. A colleague has to do that.")
    if awarded_at > now:
        raise InvalidInputError("The day of the award is in the future.")
    ends = achievement.validity.end(awarded_at=awarded_at)
    if ends is not None and ends <= now:
        raise InvalidInputError(f"It would have expired on {day(ends)}: nothing that has ended is issued.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """What one row of a file says: who earned what, when, and in which name."""

    holder_id: UUID
    name: str
    achievement: AchievementVersion
    awarded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What staff chose for a whole file, and who answers for it."""

    duplicates: Duplicates
    tells_holder: bool
    actor_id: UUID


def carry_out(session: Session, award: Award, terms: Terms, *, issuer: Issuer, keys: KeyVault, now: datetime) -> Decision:
    """Do what a row asks for, and say what that was. The person is locked: two imports at once issue one.

    Issued is a signed credential without attempt or enrollment; corrected, one that is there already. Raises what `check_award`
    and `correct` raise, UnsignableError or what the vault raises.
    """
    lock_user(session, award.holder_id)
    check_award(award.achievement, holder_id=award.holder_id, actor_id=terms.actor_id, awarded_at=award.awarded_at, now=now)
    held = bulk.list_held(session, [award.holder_id]).get((award.holder_id, award.achievement.achievement_id), [])
    renamed = bulk.list_renamed_people(session, [award.holder_id]) if held else set()
    decision = decide(
        held,
        name=check_new_name(award.name),
        awarded_on=award.awarded_at.date(),
        duplicates=terms.duplicates,
        has_renamed=award.holder_id in renamed,
        now=now,
    )
    if decision.act is Act.ISSUE:
        made = _issue(session, award, terms, issuer=issuer, keys=keys, now=now)
        return replace(decision, credential_id=made.id)
    if decision.act is Act.CORRECT and decision.credential_id is not None:
        correct(
            session,
            decision.credential_id,
            holder_name=award.name,
            reason=WHY_CORRECTED,
            actor_id=terms.actor_id,
            issuer=issuer,
            keys=keys,
            now=now,
            tells_holder=terms.tells_holder,
        )
    return decision


def _issue(session: Session, award: Award, terms: Terms, *, issuer: Issuer, keys: KeyVault, now: datetime) -> Credential:
    credential = Credential(
        number=number_of(secrets.randbits(RANDOM_BITS)),
        holder_id=award.holder_id,
        holder_name=check_new_name(award.name),
        source=CredentialSource.IMPORT,
        achievement_version_id=award.achievement.id,
        awarded_at=whole_second(award.awarded_at),
    )
    session.add(credential)
    keep_certificate_name(session.get_one(User, award.holder_id), credential.holder_name)
    session.flush()
    answers, tells = terms.actor_id, terms.tells_holder
    return issue(session, credential.id, issuer=issuer, keys=keys, now=now, actor_id=answers, reason=WHY, tells_holder=tells)
