"""The verifier of openbadgeslib, which knows nothing of us, fetches our documents over HTTP and judges."""

import json
from datetime import timedelta

import pytest
import time_machine
from openbadgeslib.ob3 import OB3LdpVerifier, OB3VerificationError, resolve_did, verify_data_integrity_proof
from openbadgeslib.ob3.did import resolve_verification_method
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.credentials.models import Credential
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.issuers import ensure_key
from laurel.credentials.services.issuing import revoke
from laurel.credentials.services.status_lists import refresh_status_lists
from tests.credentials.conftest import Download
from tests.factories.credentials import ISSUER, make_credential
from tests.fakes import PlainVault


@pytest.fixture
def credential(session: Session) -> Credential:
    issued = make_credential(session)
    session.commit()
    return issued


def _verify(document: bytes, download: Download) -> None:
    verifier = OB3LdpVerifier.for_issuer_did("did:web:laurel.test")
    # Its check of the list's own proof reads JWT lists only: test_the_status_list_is_signed_by_the_same_issuer does that.
    verifier.verify(document, check_status=True, download=download, verify_status_list=False)


def test_an_independent_verifier_accepts_the_credential(origin: Download, credential: Credential) -> None:
    served = origin(f"http://laurel.test/credentials/{credential.id}")

    _verify(served, origin)

    assert served == origin(f"http://laurel.test/credentials/{credential.id}.json")


def test_the_recipient_can_be_confirmed_by_whoever_knows_the_address(origin: Download, credential: Credential, session: Session) -> None:
    document = json.loads(origin(f"http://laurel.test/credentials/{credential.id}"))
    hashed = document["credentialSubject"]["identifier"][1]

    assert hashed["identityType"] == "emailAddress"
    assert hashed["identityHash"].startswith("sha256$")
    assert len(hashed["salt"]) == 16


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is served is the same text from both
def test_a_credential_with_any_byte_changed_is_refused(origin: Download, credential: Credential) -> None:
    served = origin(f"http://laurel.test/credentials/{credential.id}")
    did = origin("https://laurel.test/.well-known/did.json")
    accepted = []

    for place in range(0, len(served), 29):
        changed = bytearray(served)
        changed[place] ^= 0b1
        try:
            OB3LdpVerifier.for_issuer_did("did:web:laurel.test").verify(bytes(changed), download=lambda _url: did)
        except OB3VerificationError:
            continue
        accepted.append((place, bytes(changed[place - 20 : place + 20])))

    assert accepted == []


def test_a_revoked_credential_is_refused_once_the_list_is_signed_again(origin: Download, session: Session) -> None:
    with time_machine.travel(clock.now() - timedelta(minutes=10), tick=False):
        credential = make_credential(session)
    session.commit()
    served = origin(f"http://laurel.test/credentials/{credential.id}")
    _verify(served, origin)

    a_mark_ago = clock.now() - timedelta(minutes=6)
    revoke(session, credential.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Why.", actor_id=None, now=a_mark_ago)
    refresh_status_lists(session, ISSUER, PlainVault(), now=clock.now())
    session.commit()

    with pytest.raises(OB3VerificationError, match="'revocation' is set"):
        _verify(served, origin)

    assert origin(f"http://laurel.test/credentials/{credential.id}") == served  # the signed document itself stays readable


def test_the_status_list_is_signed_by_the_same_issuer(origin: Download, credential: Credential) -> None:
    document = json.loads(origin(f"http://laurel.test/credentials/{credential.id}"))
    published = json.loads(origin(document["credentialStatus"]["statusListCredential"]))

    key = resolve_verification_method(published["proof"]["verificationMethod"], download=origin)

    verify_data_integrity_proof(published, key)
    assert published["issuer"] == document["issuer"]["id"] == "did:web:laurel.test"
    assert published["id"] == document["credentialStatus"]["statusListCredential"]


def test_the_did_document_publishes_the_key_that_signed(origin: Download, credential: Credential, session: Session) -> None:
    document = json.loads(origin("https://laurel.test/.well-known/did.json"))
    key = ensure_key(session, ISSUER, PlainVault(), now=clock.now())

    assert document["id"] == "did:web:laurel.test"
    assert document["assertionMethod"] == [key.method]
    assert resolve_did("did:web:laurel.test", download=origin) == resolve_did(f"did:key:{key.public_key}")


def test_a_key_of_somebody_else_does_not_pass_for_ours(origin: Download, credential: Credential) -> None:
    served = json.loads(origin(f"http://laurel.test/credentials/{credential.id}"))
    served["proof"]["verificationMethod"] = "did:web:laurel.test#key-1999-01"

    with pytest.raises(OB3VerificationError):
        _verify(json.dumps(served).encode(), origin)
