"""Who may renew a certificate, when, and by which ways (specs/credentials.md §8, E3 to E5)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from laurel.core.errors import InvalidInputError
from laurel.credentials.rules.moments import add_days, end_of_validity
from laurel.credentials.rules.verdicts import CredentialState

MAX_DAYS = 3650
MAX_POINTS = 9999


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalTerms:
    """What a program says about renewing: so many days before the end it begins, and so many after it one may be late.

    `includes_attempts`: the attempts that the exam allows come with each renewal, also where further attempts are sold. `by_exam`: by
    sitting the exam again; for a fee, where a renewal of the course is for sale. `points`: so many CPD points within the validity renew
    it, 0 being none.
    """

    window_days: int = 90
    grace_days: int = 90
    includes_attempts: bool = False
    by_exam: bool = True
    points: int = 0

    @property
    def stamp(self) -> str:
        """By which a page knows whether these are the terms that it showed."""
        return f"{self.window_days}-{self.grace_days}-{self.includes_attempts:d}-{self.by_exam:d}-{self.points}"

    @property
    def parts(self) -> dict[str, str]:
        """Part by part as people read it, to be compared with other terms."""
        return {
            "Renewal opens": f"{_days(self.window_days)} before the end" if self.window_days else "With the end",
            "Grace period": f"{_days(self.grace_days)} after the end" if self.grace_days else "None",
            "By passing the exam again": "Yes" if self.by_exam else "No",
            "Attempts": "Come with each renewal"
            if self.includes_attempts
            else "Bought where the course sells them, else they come with it",
            "With CPD points": str(self.points) if self.points else "No",
        }


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


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
class Paths:
    """By which ways the certificates of a program are renewed today."""

    exam: bool = True
    fee: bool = False
    points: int = 0
    """So many CPD points renew it; 0: none do."""
    lacks_exam: bool = False
    """It is renewed by an exam, and that cannot be taken at present."""
    is_fee_kept_back: bool = False
    """It is renewed for a fee, but not while it is on hold."""
    is_money_away: bool = False
    """It is renewed for a fee, but not while what its holder paid for the course, or for renewing, is away or disputed."""

    @property
    def words(self) -> str:
        """`by passing the exam again, for a fee or with 30 CPD points`; empty if there is no way."""
        points = "with 1 CPD point" if self.points == 1 else f"with {self.points} CPD points"
        named = (("by passing the exam again", self.exam), ("for a fee", self.fee), (points, bool(self.points)))
        ways = [words for words, is_open in named if is_open]
        return " or ".join(part for part in (", ".join(ways[:-1]), *ways[-1:]) if part)


@dataclass(frozen=True, slots=True)
class Renewal:
    """Where a certificate stands, between which moments it may be renewed (None where that has no meaning), and how.

    `new_end`: the end of a renewal that is earned now; `lengthens`: that is worth having.
    """

    standing: Standing
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    paths: Paths = Paths()
    new_end: datetime | None = None
    lengthens: bool = True

    @property
    def is_possible(self) -> bool:
        """Whether there is a way at all, and it leads to something."""
        return self.lengthens and self.paths.words != ""

    @property
    def is_open(self) -> bool:
        """Whether its holder may renew it now: what every page says of that, and shows its button by."""
        return self.standing.is_open and self.is_possible

    @property
    def collects_points(self) -> bool:
        """Whether its holder may enter activities now: before the window opens, too, and until the grace is over."""
        return self.paths.points > 0 and (self.standing is Standing.TOO_EARLY or self.standing.is_open)


def check_terms(terms: RenewalTerms) -> RenewalTerms:
    """The terms; raises InvalidInputError, with the field, for days that no program can mean."""
    for field, days in (("renewal_window_days", terms.window_days), ("renewal_grace_days", terms.grace_days)):
        if type(days) is not int or not 0 <= days <= MAX_DAYS:
            raise InvalidInputError(f"{field} is a whole number of days, 0 to {MAX_DAYS}.", field=field)
    if not terms.window_days and not terms.grace_days:
        raise InvalidInputError("Let holders renew for at least one day before the end, or after it.", field="renewal_window_days")
    for field, is_so in (("renewal_includes_attempts", terms.includes_attempts), ("renewal_by_exam", terms.by_exam)):
        if type(is_so) is not bool:
            raise InvalidInputError(f"{field} is true or false.", field=field)
    if type(terms.points) is not int or not 0 <= terms.points <= MAX_POINTS:
        raise InvalidInputError(f"renewal_points is a whole number of points, 0 to {MAX_POINTS}.", field="renewal_points")
    return terms


def stand(
    *,
    state: CredentialState,
    is_renewed: bool,
    awarded_at: datetime,
    ends_at: datetime | None,
    terms: RenewalTerms,
    now: datetime,
    new_end: datetime | None = None,
    is_sold: bool = False,
    has_exam: bool = True,
    is_on_hold: bool = False,
    is_money_away: bool = False,
) -> Renewal:
    """Where the certificate stands at `now`.

    `is_renewed`: by one that is not revoked. `new_end`: of a renewal that is earned now, None without one. `is_sold`: a renewal is for
    sale. `has_exam`: the exam of its course can be taken. `is_money_away`: what was paid for it went back, or a bank is deciding.
    """
    if state is not CredentialState.ISSUED:
        return Renewal(Standing.REVOKED if state is CredentialState.REVOKED else Standing.PENDING)
    if ends_at is None:
        return Renewal(Standing.ENDLESS)
    opens_at, closes_at = opening(awarded_at=awarded_at, ends_at=ends_at, terms=terms), add_days(ends_at, terms.grace_days)
    if is_renewed:
        standing = Standing.RENEWED
    elif now >= closes_at:
        standing = Standing.OVER
    elif now < opens_at:
        standing = Standing.TOO_EARLY
    else:
        standing = Standing.OPEN if now < ends_at else Standing.GRACE
    paths = find_paths(terms, is_sold=is_sold, has_exam=has_exam, is_on_hold=is_on_hold, is_money_away=is_money_away)
    return Renewal(standing, opens_at, closes_at, paths, new_end, lengthens(new_end, former_end=ends_at, now=now))


def find_paths(terms: RenewalTerms, *, is_sold: bool, has_exam: bool, is_on_hold: bool = False, is_money_away: bool = False) -> Paths:
    """The ways that are open today: what the program allows, as far as it is for sale and can be sat."""
    return Paths(
        exam=terms.by_exam and has_exam,
        fee=is_sold and not is_on_hold and not is_money_away,
        points=terms.points,
        lacks_exam=terms.by_exam and not has_exam,
        is_fee_kept_back=is_sold and is_on_hold,
        is_money_away=is_sold and is_money_away,
    )


def opening(*, awarded_at: datetime, ends_at: datetime, terms: RenewalTerms) -> datetime:
    """From when on it may be renewed: never in the first half of its life, or short ones could be heaped up for years in an afternoon."""
    return max(ends_at - timedelta(days=terms.window_days), awarded_at + (ends_at - awarded_at) / 2)


def lengthens(new_end: datetime | None, *, former_end: datetime | None, now: datetime) -> bool:
    """Whether a renewal is worth having: not if it has ended already, or ends no later, as where all of a program end on one day."""
    return new_end is None or new_end > max(now, former_end or now)


def renewed_until(*, awarded_at: datetime, former_end: datetime | None, months: int) -> datetime | None:
    """The end of a renewal: an early one loses nothing of what was left, a late one counts from its own day."""
    return end_of_validity(awarded_at if former_end is None else max(awarded_at, former_end), months)
