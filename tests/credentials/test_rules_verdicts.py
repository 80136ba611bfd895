from dataclasses import replace
from datetime import UTC, datetime

import pytest

from laurel.credentials.rules.verdicts import Findings, Verdict

GOOD = Findings(
    is_ours=True,
    is_unaltered=True,
    is_revoked=False,
    valid_from=datetime(2026, 11, 20, tzinfo=UTC),
    valid_until=datetime(2027, 11, 20, tzinfo=UTC),
    checked_at=datetime(2027, 1, 1, tzinfo=UTC),
)
LATER = datetime(2027, 11, 20, tzinfo=UTC)
EARLIER = datetime(2026, 11, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    ("findings", "verdict", "passed"),
    [
        (GOOD, Verdict.VALID, [True, True, True, True]),
        (replace(GOOD, valid_until=None, checked_at=LATER), Verdict.VALID, [True, True, True, True]),
        (replace(GOOD, checked_at=LATER), Verdict.EXPIRED, [True, True, True, False]),
        (replace(GOOD, checked_at=EARLIER), Verdict.NOT_YET_VALID, [True, True, True, False]),
        (replace(GOOD, is_revoked=True), Verdict.REVOKED, [True, True, False, True]),
        (replace(GOOD, is_revoked=True, checked_at=LATER), Verdict.REVOKED, [True, True, False, False]),
        (replace(GOOD, is_unaltered=False), Verdict.SIGNATURE_INVALID, [True, False, True, True]),
        (replace(GOOD, is_ours=False, is_revoked=True), Verdict.SIGNATURE_INVALID, [False, True, False, True]),
        (replace(GOOD, is_key_withdrawn=True, is_unaltered=False), Verdict.SIGNATURE_INVALID, [False, False, True, True]),
        (replace(GOOD, is_key_withdrawn=True, is_revoked=True), Verdict.REVOKED, [False, True, False, True]),
        (replace(GOOD, is_key_withdrawn=True, checked_at=LATER), Verdict.EXPIRED, [False, True, True, False]),
        (replace(GOOD, is_key_withdrawn=True), Verdict.TEMPORARILY_UNKNOWN, [False, True, True, True]),
    ],
)
def test_the_gravest_finding_is_the_verdict(findings: Findings, verdict: Verdict, passed: list[bool]) -> None:
    assert findings.verdict is verdict
    assert [check.is_passed for check in findings.checks] == passed
