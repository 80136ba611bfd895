"""How often what concerns an account may be tried, as a table. Kept in the database: see `web.counters`."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from laurel.core.errors import DomainError
from laurel.web.counters import Allowance, count_try, give_back

MINUTES, HOUR, DAY = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)

LIMITS: dict[str, dict[str, list[tuple[int, timedelta]]]] = {
    "sign in": {"account": [(10, MINUTES)], "network": [(30, MINUTES)], "site": [(1000, MINUTES)]},
    "code": {"account": [(5, MINUTES), (20, HOUR), (50, DAY)], "network": [(10, MINUTES)]},
    "reset": {"account": [(5, DAY)], "network": [(20, HOUR)]},
    "confirm": {"account": [(5, DAY)], "network": [(20, HOUR)]},
    "add address": {"account": [(5, MINUTES), (20, HOUR)], "network": [(20, HOUR)]},
    "mail to added address": {"account": [(5, DAY)]},
    "exam password": {"account": [(10, HOUR)], "network": [(30, HOUR)]},
    "register": {"network": [(10, HOUR)]},
    "seat code": {"account": [(10, HOUR)], "network": [(60, HOUR)]},
    "discount code": {"account": [(10, HOUR)], "network": [(30, HOUR)]},
    "seat mail": {"account": [(500, DAY)]},
}


class TooManyTriesError(DomainError):
    """Tried too often; `wait` says for how long."""

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        minutes = -(-int(wait.total_seconds()) // 60)
        when = "in a minute" if minutes <= 1 else f"in {minutes} minutes" if minutes < 120 else f"in {-(-minutes // 60)} hours"
        super().__init__(f"That was tried too often. Try again {when}.")

    @property
    def seconds(self) -> int:
        return max(1, int(self.wait.total_seconds()) + 1)


def allowances(action: str, *, network: str, account: str = "") -> list[Allowance]:
    """What `action` is allowed from this network and, where one is named, for this account."""
    subjects = {"network": network, "account": account, "site": "all"}
    return [
        Allowance(f"{action} {scope}", subjects[scope], tries, window)
        for scope, limits in LIMITS[action].items()
        if subjects[scope]
        for tries, window in limits
    ]


def count_or_refuse(session: Session, action: str, *, network: str, account: str = "", now: datetime) -> list[Allowance]:
    """Count one try, before it is made; returns what to `forgive` if it succeeds. Too many raise TooManyTriesError."""
    found = allowances(action, network=network, account=account)
    wait = count_try(session, found, now=now)
    if wait is not None:
        raise TooManyTriesError(wait)
    return found


def forgive(session: Session, counted: list[Allowance]) -> None:
    """Take a counted try back: it was the right password, and a campus shares one address."""
    give_back(session, counted)
