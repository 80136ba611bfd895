"""What follows from what was found out about a file."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from laurel.credentials.rules.examination import Examined
from laurel.credentials.rules.verdicts import Verdict

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
GOOD = Examined(
    names_us=True,
    is_unaltered=True,
    is_recorded=True,
    has_trusted_key=True,
    checked_at=NOW,
    valid_from=NOW - timedelta(days=30),
    valid_until=NOW + timedelta(days=30),
)
OLD_KEY = replace(GOOD, has_trusted_key=False)


@pytest.mark.parametrize(
    ("examined", "verdict", "is_only_the_key"),
    [
        (GOOD, Verdict.VALID, False),
        (OLD_KEY, Verdict.SIGNATURE_INVALID, True),
        (replace(OLD_KEY, is_superseded=True), Verdict.SIGNATURE_INVALID, True),
        (replace(OLD_KEY, is_on_hold=True), Verdict.SIGNATURE_INVALID, True),
        (replace(OLD_KEY, is_revoked=True), Verdict.REVOKED, False),
        (replace(OLD_KEY, valid_until=NOW), Verdict.EXPIRED, False),
        (replace(OLD_KEY, is_recorded=False, is_unaltered=False, is_revoked=True), Verdict.SIGNATURE_INVALID, False),
        (replace(OLD_KEY, is_unaltered=False, is_revoked=True), Verdict.SIGNATURE_INVALID, False),
    ],
)
def test_a_withdrawn_key_hides_nothing_that_our_register_holds_against_a_copy(
    examined: Examined, verdict: Verdict, is_only_the_key: bool
) -> None:
    assert (examined.verdict, examined.has_only_an_old_key) == (verdict, is_only_the_key)
