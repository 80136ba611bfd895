"""Lists as they are published, and how places on them are given out."""

import base64
import gzip
import json
import re
from datetime import timedelta

import pytest
from openbadgeslib.ob3 import decode_encoded_list
from sqlalchemy import text
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.credentials import queries
from laurel.credentials.models import StatusList
from laurel.credentials.rules.status_list import BLUR, HALF_FULL, LENGTH, TTL_MILLISECONDS, decode_bits, encode_bits
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.issuers import open_signatory
from laurel.credentials.services.issuing import revoke
from laurel.credentials.services.status_lists import refresh_status_lists, reserve_entry
from laurel.credentials.views.published import STATUS
from tests.factories.credentials import ISSUER, make_credential
from tests.fakes import PlainVault


def is_set(bits: bytes, index: int) -> bool:
    """As verifiers read it: left-most bit first."""
    return bool(bits[index // 8] >> (7 - index % 8) & 1)


def test_the_decoder_of_openbadgeslib_finds_the_revoked_and_nobody_else() -> None:
    revoked = {0, 7, 8, 94_567, LENGTH - 1}

    bits = decode_encoded_list(encode_bits(revoked))

    assert len(bits) * 8 == LENGTH
    assert {index for index in range(LENGTH) if is_set(bits, index)} == revoked == decode_bits(encode_bits(revoked))


def test_a_list_with_one_byte_an_entry_would_say_not_revoked_which_is_why_the_decoder_is_foreign() -> None:
    wrong = bytearray(LENGTH)
    wrong[94_567] = 1
    encoded = "u" + base64.urlsafe_b64encode(gzip.compress(bytes(wrong), mtime=0)).decode().rstrip("=")

    assert not is_set(decode_encoded_list(encoded), 94_567)
    assert is_set(decode_encoded_list(encode_bits([94_567])), 94_567)


def test_the_published_list_of_a_revoked_credential_is_read_by_the_foreign_decoder(session: Session) -> None:
    kept, revoked = make_credential(session), make_credential(session)
    revoke(session, revoked.id, reason=RevocationReason.HOLDER_REQUEST, note="Why.", actor_id=None, now=clock.now())
    later = clock.now() + timedelta(minutes=6)
    refresh_status_lists(session, ISSUER, PlainVault(), now=later)

    for credential, expected in ((kept, False), (revoked, True)):
        [(_version, _key, entry, published), *_older] = queries.list_versions(session, credential.id)
        bits = decode_encoded_list(json.loads(published.signed_json)["credentialSubject"]["encodedList"])
        assert is_set(bits, entry.position) is expected


def fill_half(session: Session, found: StatusList) -> None:
    """The first 65,536 places of the list, given out."""
    fresh = "lower(hex(randomblob(16)))" if session.get_bind().dialect.name == "sqlite" else "gen_random_uuid()"
    wanted = found.id.hex if session.get_bind().dialect.name == "sqlite" else found.id
    statement = f"""
        WITH RECURSIVE places(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM places WHERE n + 1 < {HALF_FULL})
        INSERT INTO status_entries (id, list_id, position) SELECT {fresh}, :wanted, n FROM places
    """  # noqa: S608 (constants)
    session.execute(text(statement), {"wanted": wanted})


def test_a_list_that_is_half_full_closes_and_another_opens(session: Session) -> None:
    signatory = open_signatory(session, ISSUER, PlainVault(), now=clock.now())
    reserve_entry(session, signatory, now=clock.now(), pick=lambda n: n - 1)
    first, second = queries.list_open_lists(session, ISSUER.did)
    fill_half(session, first)

    chosen, entry = reserve_entry(session, signatory, now=clock.now(), pick=lambda _n: 0)

    assert (chosen.number, entry.position) == (second.number, 0)
    assert first.closed_at is not None
    assert [found.number for found in queries.list_open_lists(session, ISSUER.did)] == [second.number, second.number + 1]


def test_a_revocation_that_is_taken_out_of_our_records_stays_published(session: Session, caplog: pytest.LogCaptureFixture) -> None:
    credential = make_credential(session)
    revoke(session, credential.id, reason=RevocationReason.HOLDER_REQUEST, note="Asked for.", actor_id=None, now=clock.now())
    refresh_status_lists(session, ISSUER, PlainVault(), now=clock.now() + timedelta(minutes=6))
    [(_version, _key, entry, published)] = queries.list_versions(session, credential.id)
    entry.set_at, published.changed_at = None, clock.now()
    session.flush()

    refresh_status_lists(session, ISSUER, PlainVault(), now=clock.now() + timedelta(minutes=12))

    assert published.changed_at is None
    assert decode_bits(json.loads(published.signed_json)["credentialSubject"]["encodedList"]) == {entry.position}
    assert f"Status list {published.number} has entries revoked that our records have not" in caplog.text


def test_a_list_that_was_changed_in_our_records_says_nothing_of_what_was_revoked(session: Session) -> None:
    make_credential(session)
    for published in queries.list_status_lists(session, ISSUER.did):
        published.signed_json = published.signed_json.replace('"ttl":300000', '"ttl":1')
        published.changed_at = clock.now()
    session.flush()

    refresh_status_lists(session, ISSUER, PlainVault(), now=clock.now() + timedelta(minutes=6))

    assert all('"ttl":300000' in published.signed_json for published in queries.list_status_lists(session, ISSUER.did))


def test_half_an_hour_is_the_longest_that_verifiers_elsewhere_go_by_an_old_list() -> None:
    """What the pages for revoking and erasing say: the wait for the mark, the look of the worker, the caches, and the verifier's own."""
    kept = {name: timedelta(seconds=int(seconds)) for name, seconds in re.findall(r"([a-z-]+)=(\d+)", STATUS)}
    look, own = timedelta(minutes=1), timedelta(milliseconds=TTL_MILLISECONDS)

    assert set(kept) == {"max-age", "stale-while-revalidate"}
    assert BLUR + look + kept["max-age"] <= timedelta(minutes=15)
    assert BLUR + look + sum(kept.values(), own) <= timedelta(minutes=30)
