from datetime import UTC, datetime, timedelta

import pytest

from laurel.core.errors import ConflictError
from laurel.core.ids import new_id
from laurel.credentials.rules.key_acts import TAKES_TWO, ActKind, KeyAct, Verb, kind_of, list_verbs, successor_is_due
from laurel.credentials.rules.keys import KeyState, TooEarlyError

STAGED_AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
READY = STAGED_AT + timedelta(hours=24)
EARLY = READY - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("verb", "state", "has_active", "now", "expected"),
    [
        (Verb.ACTIVATE, KeyState.STAGED, True, READY, ActKind.ACTIVATE),
        (Verb.ACTIVATE, KeyState.STAGED, False, READY, ActKind.ACTIVATE),
        (Verb.ACTIVATE, KeyState.STAGED, False, EARLY, ActKind.ACTIVATE_NOW),
        (Verb.ACTIVATE, KeyState.STAGED, True, EARLY, TooEarlyError),
        (Verb.ACTIVATE, KeyState.ACTIVE, True, READY, ConflictError),
        (Verb.ACTIVATE, KeyState.RETIRED, False, READY, ConflictError),
        (Verb.RETIRE, KeyState.STAGED, True, EARLY, ActKind.RETIRE),
        (Verb.RETIRE, KeyState.ACTIVE, True, READY, ActKind.GIVE_UP),
        (Verb.RETIRE, KeyState.RETIRED, True, READY, ConflictError),
        (Verb.COMPROMISE, KeyState.ACTIVE, True, READY, ActKind.COMPROMISE),
        (Verb.COMPROMISE, KeyState.EXPIRED, True, READY, ActKind.COMPROMISE),
        (Verb.COMPROMISE, KeyState.COMPROMISED, True, READY, ConflictError),
    ],
)
def test_what_a_verb_means_for_a_key(
    verb: Verb, state: KeyState, has_active: bool, now: datetime, expected: ActKind | type[Exception]
) -> None:
    if isinstance(expected, ActKind):
        assert kind_of(verb, state, staged_at=STAGED_AT, has_active=has_active, now=now) is expected
    else:
        with pytest.raises(expected):
            kind_of(verb, state, staged_at=STAGED_AT, has_active=has_active, now=now)


def test_what_a_page_offers_follows_from_the_state() -> None:
    assert {state: [verb.value for verb in list_verbs(state)] for state in KeyState} == {
        KeyState.STAGED: ["activate", "retire", "compromise"],
        KeyState.ACTIVE: ["retire", "compromise"],
        KeyState.RETIRED: ["compromise"],
        KeyState.EXPIRED: ["compromise"],
        KeyState.COMPROMISED: [],
    }


def test_only_a_stolen_key_is_withdrawn_by_one_person() -> None:
    assert set(ActKind) - TAKES_TWO == {ActKind.COMPROMISE}


def test_an_act_comes_back_from_its_facts_as_it_was() -> None:
    act = KeyAct(key_id=new_id(), method="did:web:x#key-2026-01", state=KeyState.STAGED, kind=ActKind.ACTIVATE, reason="yearly")

    assert KeyAct.from_json(act.to_json()) == act


def test_a_successor_is_due_a_month_before_the_key_is_a_year_in_use() -> None:
    due = STAGED_AT + timedelta(days=335)

    assert successor_is_due(active_at=STAGED_AT, now=due)
    assert not successor_is_due(active_at=STAGED_AT, now=due - timedelta(seconds=1))
