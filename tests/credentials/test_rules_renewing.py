"""When a certificate may be renewed, and what a renewal is worth."""

from calendar import isleap
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laurel.core.errors import InvalidInputError
from laurel.credentials.rules.moments import add_months
from laurel.credentials.rules.renewing import RenewalTerms, Standing, check_terms, opening, renewed_until, stand
from laurel.credentials.rules.verdicts import CredentialState

AWARDED, ENDS = datetime(2027, 2, 28, 9, 30, tzinfo=UTC), datetime(2028, 2, 28, 9, 30, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
USUAL = RenewalTerms()
moments = st.integers(0, 40 * 365 * 86_400).map(lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))


def standing(now: datetime, *, terms: RenewalTerms = USUAL, **facts: Any) -> Standing:
    known = {"state": CredentialState.ISSUED, "is_renewed": False, "awarded_at": AWARDED, "ends_at": ENDS, **facts}
    return stand(**known, terms=terms, now=now).standing


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        (ENDS - 90 * DAY - SECOND, Standing.TOO_EARLY),
        (ENDS - 90 * DAY, Standing.OPEN),
        (ENDS - SECOND, Standing.OPEN),
        (ENDS, Standing.GRACE),
        (ENDS + 90 * DAY - SECOND, Standing.GRACE),
        (ENDS + 90 * DAY, Standing.OVER),
    ],
)
def test_it_may_be_renewed_from_so_long_before_its_end_until_so_long_after(now: datetime, wanted: Standing) -> None:
    assert standing(now) is wanted


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({"state": CredentialState.PENDING, "ends_at": None}, Standing.PENDING),
        ({"state": CredentialState.REVOKED}, Standing.REVOKED),
        ({"state": CredentialState.REVOKED, "is_renewed": True}, Standing.REVOKED),
        ({"ends_at": None}, Standing.ENDLESS),
        ({"is_renewed": True}, Standing.RENEWED),
    ],
)
def test_what_is_revoked_renewed_unsigned_or_without_end_is_not_renewed(facts: dict[str, Any], wanted: Standing) -> None:
    assert standing(ENDS - DAY, **facts) is wanted


def test_without_a_grace_period_it_is_over_at_the_end_and_without_a_window_it_begins_there() -> None:
    assert standing(ENDS, terms=RenewalTerms(grace_days=0)) is Standing.OVER
    assert standing(ENDS - SECOND, terms=RenewalTerms(window_days=0)) is Standing.TOO_EARLY
    assert standing(ENDS, terms=RenewalTerms(window_days=0)) is Standing.GRACE


@settings(max_examples=60)
@given(awarded_at=moments, months=st.integers(1, 36), window=st.integers(0, 3650), after=st.integers(0, 4000))
def test_nobody_renews_in_the_first_half_of_a_certificates_life(awarded_at: datetime, months: int, window: int, after: int) -> None:
    """However short the validity and however long the window, renewals cannot be heaped up in advance."""
    ends_at, terms = add_months(awarded_at, months), RenewalTerms(window_days=window)
    opens_at = opening(awarded_at=awarded_at, ends_at=ends_at, terms=terms)
    renewed_at = opens_at + timedelta(days=after)
    new_end = renewed_until(awarded_at=renewed_at, former_end=ends_at, months=months)

    assert awarded_at < opens_at <= ends_at
    assert new_end is not None
    assert opening(awarded_at=renewed_at, ends_at=new_end, terms=terms) > renewed_at
    assert new_end - renewed_at <= 2 * timedelta(days=31 * months)


@settings(max_examples=80)
@given(awarded_at=moments, former_end=moments, months=st.integers(1, 120))
def test_a_renewal_ends_on_the_same_day_of_its_month_counted_from_whichever_is_later(
    awarded_at: datetime, former_end: datetime, months: int
) -> None:
    ends_at = renewed_until(awarded_at=awarded_at, former_end=former_end, months=months)

    begins = max(awarded_at, former_end)
    assert ends_at is not None
    assert ends_at > begins
    assert (ends_at.year * 12 + ends_at.month) - (begins.year * 12 + begins.month) == months
    assert ends_at.time() == begins.time()
    assert ends_at.day == begins.day or (ends_at.day < begins.day and (ends_at + DAY).day == 1)


@pytest.mark.parametrize(
    ("former_end", "months", "new_end"),
    [
        ((2028, 2, 29), 12, (2029, 2, 28)),
        ((2028, 2, 29), 48, (2032, 2, 29)),
        ((2027, 8, 31), 6, (2028, 2, 29)),
        ((2027, 1, 31), 1, (2027, 2, 28)),
        ((2027, 12, 31), 2, (2028, 2, 29)),
    ],
)
def test_leap_days_and_ends_of_months(former_end: tuple[int, int, int], months: int, new_end: tuple[int, int, int]) -> None:
    early = datetime(2026, 11, 20, tzinfo=UTC)

    assert isleap(2028)
    assert renewed_until(awarded_at=early, former_end=datetime(*former_end, tzinfo=UTC), months=months) == datetime(*new_end, tzinfo=UTC)


def test_what_is_renewed_into_a_certificate_without_end_has_none() -> None:
    assert renewed_until(awarded_at=AWARDED, former_end=ENDS, months=0) is None


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (RenewalTerms(window_days=-1), "renewal_window_days"),
        (RenewalTerms(window_days=3651), "renewal_window_days"),
        (RenewalTerms(grace_days=-1), "renewal_grace_days"),
        (RenewalTerms(grace_days="90"), "renewal_grace_days"),  # type: ignore[arg-type]
        (RenewalTerms(grace_days=True), "renewal_grace_days"),
        (RenewalTerms(window_days=30.5), "renewal_window_days"),  # type: ignore[arg-type]
        (RenewalTerms(window_days=0, grace_days=0), "renewal_window_days"),
        (RenewalTerms(includes_attempts="no"), "renewal_includes_attempts"),  # type: ignore[arg-type]
    ],
)
def test_days_that_no_program_can_mean_are_refused(terms: RenewalTerms, field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_terms(terms)
    assert refused.value.field == field
