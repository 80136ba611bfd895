"""What a row means where its person holds the certificate already: a table."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from laurel.credentials.rules.duplicates import Act, Duplicates, Held, decide
from laurel.credentials.rules.verdicts import CredentialState

DAY, OTHER = date(2026, 11, 1), date(2026, 11, 2)
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
HELD = Held(
    credential_id=UUID(int=1),
    number="LRL-1",
    name="Ada",
    awarded_on=DAY,
    state=CredentialState.ISSUED,
    valid_from=datetime(2026, 11, 1, tzinfo=UTC),
    valid_until=None,
)
EXPIRED = replace(HELD, valid_until=NOW - timedelta(days=1))
REVOKED = replace(HELD, state=CredentialState.REVOKED)
PENDING = replace(HELD, state=CredentialState.PENDING, valid_from=None)
SKIP, REPLACE, ALLOW, REFUSE = Duplicates.SKIP, Duplicates.REPLACE, Duplicates.ALLOW, Duplicates.REFUSE


@pytest.mark.parametrize("duplicates", Duplicates)
def test_who_holds_nothing_gets_one(duplicates: Duplicates) -> None:
    assert decide([], name="Ada", awarded_on=DAY, duplicates=duplicates, has_renamed=False, now=NOW).act is Act.ISSUE


@pytest.mark.parametrize(
    ("held", "name", "day", "duplicates", "act", "words"),
    [
        (HELD, "Ada King", DAY, SKIP, Act.LEAVE_OUT, "Holds LRL-1 already"),
        (HELD, "Ada", OTHER, SKIP, Act.LEAVE_OUT, "Holds LRL-1 already"),
        (HELD, "Ada", OTHER, REFUSE, Act.LEAVE_OUT, "Holds LRL-1 already"),
        (HELD, "Ada King", DAY, REPLACE, Act.CORRECT, "Corrects the name on LRL-1"),
        (PENDING, "Ada King", DAY, REPLACE, Act.CORRECT, "Corrects the name on LRL-1"),
        (HELD, "Ada", DAY, REPLACE, Act.LEAVE_OUT, "says this already"),
        (HELD, "Ada King", OTHER, REPLACE, Act.REFUSE, "awarded on 1 November 2026: a correction keeps the day"),
        (EXPIRED, "Ada King", DAY, REPLACE, Act.REFUSE, "has expired"),
        (HELD, "Ada", OTHER, ALLOW, Act.ISSUE, "beside LRL-1"),
        (EXPIRED, "Ada", OTHER, ALLOW, Act.ISSUE, "beside LRL-1"),
        (HELD, "Ada King", DAY, ALLOW, Act.LEAVE_OUT, "for this very day"),
        *((REVOKED, "Ada", DAY, chosen, Act.REFUSE, "was revoked") for chosen in Duplicates),
        *((REVOKED, "Ada", OTHER, chosen, Act.ISSUE, "") for chosen in Duplicates),
    ],
)
def test_who_holds_one(held: Held, name: str, day: date, duplicates: Duplicates, act: Act, words: str) -> None:
    found = decide([held], name=name, awarded_on=day, duplicates=duplicates, has_renamed=False, now=NOW)

    assert found.act is act
    assert words in found.message
    assert found.credential_id == (held.credential_id if act is Act.CORRECT else None)


def test_no_list_brings_back_the_name_of_who_changed_it_here() -> None:
    found = decide([HELD], name="Former Name", awarded_on=DAY, duplicates=REPLACE, has_renamed=True, now=NOW)

    assert found.act is Act.REFUSE
    assert "Former Name" not in found.message
    assert "by hand" in found.message


def test_of_several_the_one_of_the_same_day_is_meant() -> None:
    second = replace(HELD, number="LRL-2", awarded_on=OTHER, credential_id=UUID(int=2))

    found = decide([HELD, second], name="Ada King", awarded_on=OTHER, duplicates=REPLACE, has_renamed=False, now=NOW)

    assert found.credential_id == second.credential_id
