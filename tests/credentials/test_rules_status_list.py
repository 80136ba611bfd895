import base64
import gzip
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laurel.credentials.rules.status_list import LENGTH, encode_bits, needs_signing, status_list_document

indexes = st.sets(st.integers(min_value=0, max_value=LENGTH - 1), max_size=40)
MONDAY = datetime(2026, 11, 23, 9, 30, 12, tzinfo=UTC)


def decode(encoded: str) -> set[int]:
    """Written for the test, from the text of Bitstring Status List 1.0 alone: a string of noughts and ones, read from the left."""
    assert encoded[0] == "u"
    body = encoded[1:]
    packed = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    bits = "".join(f"{byte:08b}" for byte in gzip.decompress(packed))
    assert len(bits) == 131_072
    return {index for index, bit in enumerate(bits) if bit == "1"}


@given(indexes)
@settings(max_examples=25, deadline=None)
def test_another_decoder_reads_the_same_entries(chosen: set[int]) -> None:
    assert decode(encode_bits(chosen)) == chosen


@pytest.mark.parametrize("index", [0, 7, 8, 131_071])
def test_the_first_entry_is_the_left_most_bit(index: int) -> None:
    assert decode(encode_bits([index])) == {index}


def test_the_same_list_is_the_same_text_at_any_time() -> None:
    assert encode_bits([94567]) == encode_bits([94567])
    assert base64.urlsafe_b64decode(encode_bits([])[1:] + "==")[4:8] == b"\0\0\0\0"  # gzip's own time


@pytest.mark.parametrize("index", [-1, LENGTH])
def test_an_index_outside_the_list_is_refused(index: int) -> None:
    with pytest.raises(ValueError, match="no entry"):
        encode_bits([index])


def test_a_list_begins_on_the_hour_and_lasts_a_week() -> None:
    document = status_list_document(url="https://laurel.example/status/revocation/7", did="did:web:laurel.example", indexes=(), now=MONDAY)

    assert (document["validFrom"], document["validUntil"]) == ("2026-11-23T09:00:00Z", "2026-11-30T09:30:12Z")
    assert document["credentialSubject"]["statusPurpose"] == "revocation"


@pytest.mark.parametrize(
    ("signed", "left", "changed", "needed"),
    [
        (timedelta(hours=1), timedelta(days=6), None, False),
        (timedelta(hours=1), timedelta(days=6), timedelta(minutes=1), True),
        (timedelta(minutes=4), timedelta(days=6), timedelta(minutes=1), False),
        (timedelta(days=5), timedelta(days=2), None, True),
    ],
)
def test_a_list_is_signed_again_when_it_changed_or_grows_old(
    signed: timedelta, left: timedelta, changed: timedelta | None, needed: bool
) -> None:
    when = MONDAY - changed if changed else None

    assert needs_signing(now=MONDAY, signed_at=MONDAY - signed, valid_until=MONDAY + left, changed_at=when) is needed
