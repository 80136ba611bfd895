"""Base58, and whether a document is spelled as everybody spells it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurel.credentials.rules import base58
from laurel.credentials.rules.spelling import find_difference, shape_of


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        (b"\0", "1"),
        (b"Hello World!", "2NEpo7TZRRrLZSi2U"),
        (bytes.fromhex("0000287fb4cd"), "11233QC4"),
    ],
)
def test_base58_is_as_its_draft_writes_it(content: bytes, text: str) -> None:
    assert base58.encode(content) == text
    assert base58.decode(text) == content


@given(st.binary(max_size=64))
def test_base58_loses_nothing(content: bytes) -> None:
    assert base58.decode(base58.encode(content)) == content


@pytest.mark.parametrize("text", ["0", "O", "I", "l", " ", "é"])
def test_letters_that_look_like_others_are_not_base58(text: str) -> None:
    with pytest.raises(ValueError, match="no letter"):
        base58.decode(text)


@pytest.mark.parametrize(
    ("document", "compacted", "where"),
    [
        ({"a": 1, "b": ["x", "y"]}, {"b": ["x", "y"], "a": 1}, None),
        ({"type": ["Profile"]}, {"type": "Profile"}, None),
        ({"of": {"id": "urn:1"}}, {"of": "urn:1"}, None),
        ({"of": [{"id": "urn:1"}]}, {"of": "urn:1"}, None),
        ({"a": {"b": {"c": "1"}}}, {"a": {"b": {"c": "2"}}}, "/a/b/c"),
        ({"a": ["x", {"b": 1}]}, {"a": ["x", {"b": 2}]}, "/a/1/b"),
        ({"a": 1}, {}, "/a"),
        ({}, {"a": 1}, "/a"),
        ({"a": ["x", "y"]}, {"a": ["x"]}, "/a"),
        ({"a": True}, {"a": 1}, "/a"),
        ({"a": 1}, {"a": 1.0}, "/a"),
        ({"id": "urn:1", "a": 1}, {"id": "urn:2", "a": 1}, "/id"),
        ("x", "y", "/"),
    ],
)
def test_a_difference_is_named_by_its_place(document: Any, compacted: Any, where: str | None) -> None:
    assert find_difference(document, compacted) == where


BASE = {
    "@context": ["https://a.example"],
    "id": "https://laurel.example/1",
    "type": ["Profile"],
    "name": "Ada",
    "tag": ["x", "y"],
    "image": {"id": "urn:uuid:1", "type": "Image"},
}


def test_documents_that_differ_in_words_alone_have_one_shape() -> None:
    other = {
        **BASE,
        "name": "Grace",
        "id": "https://laurel.example/2",
        "tag": ["z", "x", "w"],
        "image": {"type": "Image", "id": "urn:uuid:2"},
    }

    assert shape_of(other) == shape_of(BASE)


@pytest.mark.parametrize(
    "change",
    [
        {"email": "a@example.com"},
        {"@context": ["https://b.example"]},
        {"id": "https://elsewhere.example/1"},
        {"id": "did:web:laurel.example"},
        {"type": ["Achievement"]},
        {"name": 7},
        {"name": True},
        {"name": {"id": "urn:uuid:1"}},
        {"tag": ["x"]},
        {"tag": "x"},
        {"tag": ["x", 7]},
        {"image": {"id": "urn:uuid:1", "type": "Badge"}},
        {"image": [{"id": "urn:uuid:1", "type": "Image"}]},
    ],
)
def test_what_could_be_spelled_otherwise_has_another_shape(change: dict[str, Any]) -> None:
    assert shape_of({**BASE, **change}) != shape_of(BASE)
