import json
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurel.core.ids import new_id
from laurel.quizzes.rules.saving import InvalidSaveError, is_newer, read_request

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
)


def item(**facts: Any) -> dict[str, Any]:
    return {"op_id": str(new_id()), "slot": 1, "seq": 1, "answer": {"choice": "a"}, "client_ts": "2026-11-20T09:30:00.000Z"} | facts


def body(*items: Any, **facts: Any) -> bytes:
    return json.dumps({"items": list(items), "lease": "tab-12345678"} | facts).encode()


def test_a_batch_is_read_as_it_was_sent() -> None:
    request = read_request(body(item(slot=3, seq=2), item(answer=None)))
    assert request.lease == "tab-12345678"
    assert [(one.slot, one.seq, one.answer) for one in request.items] == [(3, 2, {"choice": "a"}), (1, 1, None)]


def test_an_empty_batch_is_a_question_for_the_state() -> None:
    assert read_request(b'{"items": [], "lease": null}').items == ()


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"items": {}}',
        b'{"items": [[]]}',
        b'{"items": [], "items": []}',
        b'{"items": [], "deadline_at": "2099-01-01"}',
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"items": ' + b"[" * 60_000,
        b'{"items": [], "lease": 7}',
        b'{"items": [], "lease": "short"}',
        b'{"items": [], "lease": "spaces are no token"}',
        body(*[item() for _ in range(201)]),
    ],
)
def test_what_is_no_batch_is_refused(hostile: bytes) -> None:
    with pytest.raises(InvalidSaveError):
        read_request(hostile)


@pytest.mark.parametrize(
    "facts",
    [
        {"op_id": "x"},
        {"op_id": str(uuid4())},  # not a version 7
        {"op_id": 7},
        {"op_id": None},
        {"slot": 0},
        {"slot": -1},
        {"slot": True},
        {"slot": 1.0},
        {"slot": "1"},
        {"slot": {"$gt": ""}},
        {"seq": 0},
        {"seq": -1},
        {"seq": 2**63 - 1},
        {"seq": 10**400},
        {"seq": "1"},
        {"seq": None},
        {"client_ts": 7},
        {"client_ts": "x" * 41},
        {"client_ts": "<script>"},
        {"remaining": 99999},
        {"answer": {"text": "a\x00b"}},
        {"answer": {"text": "\ud800"}},
        {"answer": {"\ud800": "x"}},
        {"answer": [[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]},
    ],
)
def test_an_item_that_no_page_of_ours_makes_is_refused(facts: dict[str, Any]) -> None:
    with pytest.raises(InvalidSaveError):
        read_request(body(item(**facts)))


@pytest.mark.parametrize("missing", ["op_id", "slot", "seq", "answer"])
def test_an_item_needs_all_its_parts(missing: str) -> None:
    part = item()
    del part[missing]
    with pytest.raises(InvalidSaveError):
        read_request(body(part))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_json_number_is_refused(number: str) -> None:
    with pytest.raises(InvalidSaveError):
        read_request(body(item(answer={"text": 0})).replace(b'"text": 0', f'"text": {number}'.encode()))


@pytest.mark.parametrize("moment", ["", "1970-01-01T00:00:00Z", "2099-12-31T23:59:59.999+00:00"])
def test_the_browsers_clock_may_say_anything(moment: str) -> None:
    assert read_request(body(item(client_ts=moment))).items[0].client_ts == moment


@given(
    sent=st.one_of(
        JSON, st.fixed_dictionaries({"items": st.lists(JSON, max_size=3)}), st.builds(lambda a: {"items": [item(answer=a)]}, JSON)
    )
)
def test_whatever_is_sent_is_read_or_refused(sent: Any) -> None:
    try:
        read_request(json.dumps(sent).encode())
    except InvalidSaveError:
        return


@given(sent=st.binary(max_size=200))
def test_bytes_are_read_or_refused(sent: bytes) -> None:
    try:
        read_request(sent)
    except InvalidSaveError:
        return


@pytest.mark.parametrize(("seq", "stored", "newer"), [(1, 0, True), (2, 1, True), (1, 1, False), (1, 5, False), (10_005, 5, True)])
def test_a_change_counts_if_it_comes_after_the_stored_one(seq: int, stored: int, newer: bool) -> None:
    assert is_newer(seq, stored, op_id=new_id()) is newer


def test_a_leap_ahead_is_refused() -> None:
    with pytest.raises(InvalidSaveError):
        is_newer(10_006, 5, op_id=new_id())
