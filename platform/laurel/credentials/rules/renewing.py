"""Who may renew a certificate by sitting its exam again, and when (specs/credentials.md §8, E3 to E5)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from laurel.core.errors import InvalidInputError
from laurel.credentials.rules.moments import end_of_validity
from laurel.credentials.rules.verdicts import CredentialState

MAX_DAYS = 3650


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalTerms:
    """What a program says about renewing: so many days before the end it begins, and so many after it one may be late.

    `includes_attempts`: the attempts that the exam allows come with each renewal, also where further attempts are sold.
    """

    window_days: int = 90
    grace_days: int = 90
    includes_attempts: bool = False


class Standing(StrEnum):
    """Where a certificate stands with its renewal."""

    PENDING = "pending"
    REVOKED = "revoked"
    RENEWED = "renewed"
    ENDLESS = "endless"
    TOO_EARLY = "too early"
    OPEN = "open"
    GRACE = "grace"
    """It has ended, and may still be renewed."""
    OVER = "over"

    @property
    def is_open(self) -> bool:
        return self in {Standing.OPEN, Standing.GRACE}


@dataclass(frozen=True, slots=True)
class Renewal:
    """Where a certificate stands, and between which moments it may be renewed; None where that has no meaning."""

    standing: Standing
    opens_at: datetime | None = None
    closes_at: datetime | None = None


def check_terms(terms: RenewalTerms) -> RenewalTerms:
    """The terms; raises InvalidInputError, with the field, for days that no program can mean."""
    for field, days in (("renewal_window_days", terms.window_days), ("renewal_grace_days", terms.grace_days)):
        if type(days) is not int or not 0 <= days <= MAX_DAYS:
            raise InvalidInputError(f"{field} is a whole number of days, 0 to {MAX_DAYS}.", field=field)
    if not terms.window_days and not terms.grace_days:
        raise InvalidInputError("Let holders renew for at least one day before the end, or after it.", field="renewal_window_days")
    if type(terms.includes_attempts) is not bool:
        raise InvalidInputError("renewal_includes_attempts is true or false.", field="renewal_includes_attempts")
    return terms


def stand(
    *,
    state: CredentialState,
    is_renewed: bool,
    awarded_at: datetime,
    ends_at: datetime | None,
    terms: RenewalTerms,
    now: datetime,
) -> Renewal:
    """Where the certificate stands at `now`. `is_renewed`: by one that is not revoked."""
    if state is not CredentialState.ISSUED:
        return Renewal(Standing.REVOKED if state is CredentialState.REVOKED else Standing.PENDING)
    if ends_at is None:
        return Renewal(Standing.ENDLESS)
    opens_at, closes_at = opening(awarded_at=awarded_at, ends_at=ends_at, terms=terms), ends_at + timedelta(days=terms.grace_days)
    if is_renewed:
        return Renewal(Standing.RENEWED, opens_at, closes_at)
    if now >= closes_at:
        return Renewal(Standing.OVER, opens_at, closes_at)
    if now < opens_at:
        return Renewal(Standing.TOO_EARLY, opens_at, closes_at)
    return Renewal(Standing.OPEN if now < ends_at else Standing.GRACE, opens_at, closes_at)


def opening(*, awarded_at: datetime, ends_at: datetime, terms: RenewalTerms) -> datetime:
    """From when on it may be renewed: never in the first half of its life, or short ones could be heaped up for years in an afternoon."""
    return max(ends_at - timedelta(days=terms.window_days), awarded_at + (ends_at - awarded_at) / 2)


def renewed_until(*, awarded_at: datetime, former_end: datetime | None, months: int) -> datetime | None:
    """The end of a renewal: an early one loses nothing of what was left, a late one counts from its own day."""
    return end_of_validity(awarded_at if former_end is None else max(awarded_at, former_end), months)
