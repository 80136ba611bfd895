import base64
import gzip
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laurel.credentials.rules.status_list import BLUR, LENGTH, encode_bits, needs_signing, status_list_document

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
    ("now", "left", "changed", "needed"),
    [
        ("09:30:12", timedelta(days=6), None, False),
        ("09:30:12", timedelta(days=2), None, True),
        ("09:30:12", timedelta(days=6), "09:29:59", True),
        ("09:30:12", timedelta(days=6), "09:25:00", True),
        ("09:30:12", timedelta(days=6), "09:30:00", False),
        ("09:30:12", timedelta(days=6), "09:30:11", False),
        ("09:34:59", timedelta(days=6), "09:30:11", False),
        ("09:34:59", timedelta(days=2), "09:30:11", False),  # as good as the mark: that is five minutes away, and the end two days
        ("09:35:00", timedelta(days=6), "09:30:11", True),
        ("09:35:00", timedelta(days=2), "09:30:11", True),
    ],
)
def test_a_list_that_changed_is_signed_at_the_next_mark_of_the_clock_and_one_that_grows_old_at_once(
    now: str, left: timedelta, changed: str | None, needed: bool
) -> None:
    def at(words: str) -> datetime:
        return datetime.fromisoformat(f"2026-11-23T{words}+00:00")

    assert needs_signing(now=at(now), valid_until=at(now) + left, changed_at=at(changed) if changed else None) is needed


@given(st.integers(min_value=0, max_value=3600 * 24), st.integers(min_value=0, max_value=59))
def test_no_change_waits_longer_than_the_blur_and_the_moment_of_signing_says_nothing_of_it(second: int, tick: int) -> None:
    """The worker looks every minute, some seconds late: of two changes between the same marks the list is signed at the same look."""
    changed = MONDAY.replace(hour=0, minute=0, second=0) + timedelta(seconds=second)
    looks = [changed.replace(second=0) + timedelta(minutes=n, seconds=tick) for n in range(8)]
    signed = next(
        look for look in looks if look >= changed and needs_signing(now=look, valid_until=look + timedelta(days=6), changed_at=changed)
    )

    assert signed - changed <= BLUR + timedelta(seconds=tick)
    assert signed.minute % 5 == 0
