from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import pytest

from laurel.credentials.rules.reinstating import Revoked, Sibling, find_obstacle, find_other
from laurel.credentials.rules.verdicts import CredentialState

NOW = datetime(2026, 11, 27, 9, 30, 0, 500_000, tzinfo=UTC)
SECOND = timedelta(seconds=1)
GOOD = Revoked(state=CredentialState.REVOKED, ends_at=None, valid_from=NOW - SECOND, is_held=False, is_earned=True, other=None)


def test_what_was_revoked_by_mistake_can_be_reinstated_until_it_would_have_ended() -> None:
    assert find_obstacle(GOOD, now=NOW) is None
    assert find_obstacle(replace(GOOD, ends_at=NOW + SECOND), now=NOW) is None
    assert "expired" in (find_obstacle(replace(GOOD, ends_at=NOW), now=NOW) or "")
    assert find_obstacle(replace(GOOD, valid_from=None), now=NOW) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": CredentialState.ISSUED}, "not revoked"),
        ({"state": CredentialState.PENDING}, "not revoked"),
        ({"is_held": True}, "taken back"),
        ({"is_earned": False}, "does not count as passed"),
        ({"other": "LRL-7Q4M-KD2X-93ZZ"}, "LRL-7Q4M-KD2X-93ZZ"),
        ({"valid_from": NOW.replace(microsecond=0)}, "Wait a second"),  # a newer document has a later second
    ],
)
def test_what_stands_against_it_is_said(change: dict[str, object], words: str) -> None:
    assert words in (find_obstacle(replace(GOOD, **change), now=NOW) or "")  # type: ignore[arg-type]


def name(letter: str) -> UUID:
    return uuid5(UUID(int=0), letter)


@pytest.mark.parametrize(
    ("family", "other"),
    [
        ("x-", None),
        ("x- y-", None),  # one that does not count itself
        ("x- y-!", "y"),
        ("a-! xa", None),  # what it renewed
        ("x- bx! cb!", None),  # what renewed it, and what renewed that
        ("a- xa ya!", "y"),  # two renewals of one
        ("a- xa yx! zy!", None),
        ("a-! xa y-!", "y"),
    ],
)
def test_only_one_outside_its_own_line_is_another_one(family: str, other: str | None) -> None:
    """Each word is one certificate, then the one that it renews or none, and ! if it counts; it is about x."""
    known = [
        Sibling(id=name(word[0]), number=word[0], renewed_from_id=None if word[1] == "-" else name(word[1]), counts=word.endswith("!"))
        for word in family.split()
    ]

    found = find_other(name("x"), known)

    assert (found.number if found else None) == other
