from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurel.core.ids import new_id
from laurel.quizzes.rules.chain import Link, find_break, genesis, next_hash, receipt_of

ATTEMPT = UUID(int=7)
NOW = datetime(2026, 11, 20, 9, 30, 0, 123456, tzinfo=UTC)
ANSWERS = st.one_of(
    st.none(), st.text(max_size=20).map(lambda text: {"text": text}), st.lists(st.sampled_from("abcd")).map(lambda keys: {"choices": keys})
)


def link(position: int, answer: Any = None) -> Link:
    return Link(op_id=new_id(), position=position, slot=1, seq=position, answer=answer, client_ts="", received_at=NOW)


def chained(links: list[Link]) -> tuple[list[tuple[Link, str]], str]:
    head, found = genesis(ATTEMPT), []
    for one in links:
        head = next_hash(head, one)
        found.append((one, head))
    return found, head


@given(answers=st.lists(ANSWERS, max_size=8))
def test_an_untouched_chain_has_no_break(answers: list[Any]) -> None:
    links, head = chained([link(number, answer) for number, answer in enumerate(answers, start=1)])
    assert find_break(ATTEMPT, links, head=head) is None


@given(data=st.data(), answers=st.lists(ANSWERS, min_size=1, max_size=8))
def test_a_changed_answer_is_found_at_its_place(data: st.DataObject, answers: list[Any]) -> None:
    links, head = chained([link(number, answer) for number, answer in enumerate(answers, start=1)])
    at = data.draw(st.integers(0, len(links) - 1))
    links[at] = (replace(links[at][0], answer={"text": "forged"}), links[at][1])
    assert find_break(ATTEMPT, links, head=head) == at + 1


@pytest.mark.parametrize("what", ["removed", "swapped", "cut"])
def test_a_removed_a_swapped_and_a_cut_off_answer_are_found(what: str) -> None:
    links, head = chained([link(number) for number in range(1, 5)])
    changed = {"removed": [links[0], *links[2:]], "swapped": [links[0], links[2], links[1], links[3]], "cut": links[:-1]}[what]
    assert find_break(ATTEMPT, changed, head=head) == {"removed": 2, "swapped": 2, "cut": 0}[what]


def test_the_chain_of_one_attempt_is_not_that_of_another() -> None:
    links, head = chained([link(1)])
    assert find_break(UUID(int=8), links, head=head) == 1


def test_a_receipt_is_short_repeatable_and_changes_with_everything_it_covers() -> None:
    facts: dict[str, Any] = {"attempt_id": ATTEMPT, "head": "a" * 64, "answers": 3, "finished_at": NOW}
    receipt = receipt_of(**facts)
    others = [
        receipt_of(**facts | {"attempt_id": UUID(int=8)}),
        receipt_of(**facts | {"head": "b" * 64}),
        receipt_of(**facts | {"answers": 4}),
        receipt_of(**facts | {"finished_at": NOW + timedelta(microseconds=1)}),
    ]
    assert receipt == receipt_of(**facts | {"finished_at": NOW.astimezone(timezone(timedelta(hours=5)))})
    assert len({receipt, *others}) == 5
    assert len(receipt) == len("LR-2K7F-QW3M-XTHA-9PZE")
