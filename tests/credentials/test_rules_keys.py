from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from laurel.core.errors import ConflictError
from laurel.credentials.rules.keys import KeyPurpose, KeyState, TooEarlyError, advance, check_activation, fragment_prefix, web_key

S = KeyState
STAGED_AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
ALLOWED = {
    (S.STAGED, S.ACTIVE),
    (S.STAGED, S.RETIRED),
    (S.STAGED, S.COMPROMISED),
    (S.ACTIVE, S.RETIRED),
    (S.ACTIVE, S.COMPROMISED),
    (S.RETIRED, S.EXPIRED),
    (S.RETIRED, S.COMPROMISED),
    (S.EXPIRED, S.COMPROMISED),
}


@pytest.mark.parametrize(("current", "wanted"), list(product(S, S)))
def test_a_key_goes_one_way(current: KeyState, wanted: KeyState) -> None:
    if (current, wanted) in ALLOWED:
        assert advance(current, wanted) is wanted
    else:
        words = f"{current} already" if wanted is current else f"{current} cannot become {wanted}"
        with pytest.raises(ConflictError, match=words):
            advance(current, wanted)


def test_a_key_may_be_activated_a_day_after_it_was_published_and_not_a_second_earlier() -> None:
    ready = STAGED_AT + timedelta(hours=24)

    check_activation(staged_at=STAGED_AT, now=ready, has_active=True, is_emergency=False)
    with pytest.raises(TooEarlyError, match="from 21 November 2026, 09:30 UTC on"):
        check_activation(staged_at=STAGED_AT, now=ready - timedelta(seconds=1), has_active=True, is_emergency=False)


def test_an_emergency_is_that_no_key_is_active() -> None:
    check_activation(staged_at=STAGED_AT, now=STAGED_AT, has_active=False, is_emergency=True)
    with pytest.raises(ConflictError, match="no emergency"):
        check_activation(staged_at=STAGED_AT, now=STAGED_AT, has_active=True, is_emergency=True)
    with pytest.raises(TooEarlyError, match="--emergency"):
        check_activation(staged_at=STAGED_AT, now=STAGED_AT, has_active=False, is_emergency=False)


def test_names_and_addresses_of_keys() -> None:
    key = web_key("did:web:laurel.example", "https://laurel.example/keys/jwt-2026-01.jwk", '{"kty": "RSA", "n": "AQ", "e": "AQAB"}')

    assert [fragment_prefix(purpose, STAGED_AT) for purpose in KeyPurpose] == ["key-2026-", "jwt-2026-"]
    assert (key["kid"], key["iss"]) == ("https://laurel.example/keys/jwt-2026-01.jwk", "did:web:laurel.example")
