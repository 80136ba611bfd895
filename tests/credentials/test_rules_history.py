from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from laurel.credentials.rules.history import GENESIS, HistoryKind, Link, find_break

Chain = list[tuple[Link, str]]


def _chain(length: int = 5) -> Chain:
    chain: Chain = []
    for position in range(1, length + 1):
        link = Link(
            position=position,
            kind=HistoryKind.ISSUED,
            at=datetime(2026, 11, 20, tzinfo=UTC) + timedelta(minutes=position),
            credential_id=None,
            version_n=1,
            key_id=None,
            actor_id=None,
            reason="",
            document_sha256="ab" * 32,
            previous_hash=chain[-1][1] if chain else GENESIS,
        )
        chain.append((link, link.hash))
    return chain


def test_a_chain_that_nobody_touched_holds() -> None:
    assert find_break(_chain()) is None


@pytest.mark.parametrize(
    ("tamper", "broken_at"),
    [
        (lambda chain: chain.__setitem__(2, (replace(chain[2][0], reason="x"), chain[2][1])), 3),
        (lambda chain: chain.__delitem__(1), 2),
        (lambda chain: chain.__delitem__(0), 1),
        (lambda chain: chain.__setitem__(slice(1, 3), [chain[2], chain[1]]), 2),
        (lambda chain: chain.__setitem__(3, (replace(chain[3][0], reason="x"), replace(chain[3][0], reason="x").hash)), 5),
    ],
    ids=["edited", "deleted", "first deleted", "swapped", "edited and hashed again"],
)
def test_tampering_is_found_at_its_place(tamper: Callable[[Chain], None], broken_at: int) -> None:
    chain = _chain()
    tamper(chain)

    assert find_break(chain) == broken_at
