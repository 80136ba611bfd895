from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laurel.approvals.rules import (
    LIFE,
    AnsweredError,
    ApprovalState,
    OtherRequestError,
    OwnRequestError,
    check_same,
    check_second_person,
    check_waiting,
    find_signs_of_one_person,
    fingerprint,
)
from laurel.core.ids import new_id

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
FACTS = st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.integers() | st.booleans() | st.none(), max_size=4)


@settings(max_examples=50)
@given(FACTS, FACTS)
def test_a_fingerprint_is_of_all_the_facts_whatever_their_order(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert fingerprint("act", one) == fingerprint("act", dict(reversed(one.items())))
    is_same = {name: (type(value), value) for name, value in one.items()} == {name: (type(value), value) for name, value in other.items()}
    assert (fingerprint("act", one) == fingerprint("act", other)) == is_same
    assert fingerprint("act", one) != fingerprint("another", one)


@pytest.mark.parametrize("state", ApprovalState)
def test_a_request_is_answered_once_and_within_a_day(state: ApprovalState) -> None:
    ends_at = NOW + LIFE
    if state is not ApprovalState.WAITING:
        with pytest.raises(AnsweredError, match=state.value):
            check_waiting(state, ends_at=ends_at, now=NOW)
        return
    check_waiting(state, ends_at=ends_at, now=ends_at - timedelta(seconds=1))
    with pytest.raises(AnsweredError, match="within 24 hours"):
        check_waiting(state, ends_at=ends_at, now=ends_at)


def test_the_second_person_is_another_one() -> None:
    asker = new_id()

    check_second_person(asked_by_id=asker, person_id=new_id())
    with pytest.raises(OwnRequestError):
        check_second_person(asked_by_id=asker, person_id=asker)


@pytest.mark.parametrize(("stored", "seen"), [("right", "other"), ("other", "right"), ("other", "other")])
def test_only_what_was_asked_for_and_looked_at_is_agreed_to(stored: str, seen: str) -> None:
    names = {"right": fingerprint("act", {"key": "1"}), "other": fingerprint("act", {"key": "2"})}

    check_same("act", {"key": "1"}, stored=names["right"], seen=names["right"])
    with pytest.raises(OtherRequestError):
        check_same("act", {"key": "1"}, stored=names[stored], seen=names[seen])


@pytest.mark.parametrize(
    ("names", "has_given_roles", "words"),
    [
        (("Ann Asker", "Sue Second"), False, []),
        (("Ann  Ásker", "ann ásker"), False, ["same name"]),
        (("Ann Asker", "Sue Second"), True, ["gave you your roles"]),
        (("Ann Asker", "ANN ASKER"), True, ["same name", "gave you your roles"]),
    ],
)
def test_what_speaks_for_one_person_with_two_accounts_is_said(names: tuple[str, str], has_given_roles: bool, words: list[str]) -> None:
    signs = find_signs_of_one_person(*names, has_given_roles=has_given_roles)

    assert [word in sign for word, sign in zip(words, signs, strict=True)] == [True] * len(words)
