"""How long the certificates of a program's version are valid: so many months, until one day, or for ever (specs/credentials.md §8, E1)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from laurel.core.dates import day
from laurel.core.errors import InvalidInputError
from laurel.credentials.rules.renewing import renewed_until

MAX_MONTHS = 600
LAST_DAY = date(2999, 12, 31)
"""No certificate of a program ends with a later one. Who means a later one means for ever."""
LAST_SECOND = time(23, 59, 59, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Validity:
    """`months` 0 and no day: for ever. `until`: they all end with this day, UTC, whenever they were awarded."""

    months: int = 0
    until: date | None = None

    @property
    def ends_at(self) -> datetime | None:
        """The last second of the day with which they all end."""
        return datetime.combine(self.until, LAST_SECOND) if self.until is not None else None

    def end(self, *, awarded_at: datetime, former_end: datetime | None = None) -> datetime | None:
        """When one that is awarded then ends; a renewal counts from the end of what it renews."""
        return self.ends_at or renewed_until(awarded_at=awarded_at, former_end=former_end, months=self.months)

    def is_over(self, now: datetime) -> bool:
        """Whether what would be awarded now would have ended already."""
        return self.ends_at is not None and self.ends_at <= now

    @property
    def words(self) -> str:
        """`12 months`, `Until 31 December 2027`, `Without expiry`."""
        if self.until is not None:
            return f"Until {day(self.until)}"
        return {0: "Without expiry", 1: "1 month"}.get(self.months, f"{self.months} months")


def check_validity(validity: Validity) -> Validity:
    """The validity; raises InvalidInputError, with the field, for one that no program can mean."""
    if type(validity.months) is not int or not 0 <= validity.months <= MAX_MONTHS:
        raise InvalidInputError(f"Validity is at most {MAX_MONTHS} months, whole ones, or 0 for ever.", field="validity_months")
    if validity.until is not None and type(validity.until) is not date:
        raise InvalidInputError("The last day is a day alone, such as 2027-12-31.", field="valid_until")
    if validity.until is not None and validity.until > LAST_DAY:
        raise InvalidInputError(f"The last day is {day(LAST_DAY)} at the latest. Choose that they hold for ever.", field="valid_until")
    if validity.months and validity.until is not None:
        raise InvalidInputError("Say for how many months, or until which day, not both.", field="valid_until")
    return validity


def check_not_over(validity: Validity, now: datetime) -> None:
    """Raise InvalidInputError for a version whose certificates would all have ended by now."""
    if validity.is_over(now):
        raise InvalidInputError(f"{validity.words}: that day is over, and every certificate would have ended.", field="valid_until")
