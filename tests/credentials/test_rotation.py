"""What verifiers say of old credentials when keys change: openbadgeslib fetches our documents and judges."""

import json

import pytest
from openbadgeslib.ob3 import OB3LdpVerifier, OB3VerificationError, resolve_did, verify_data_integrity_proof
from openbadgeslib.ob3.did import resolve_verification_method
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.credentials.models import Credential, CredentialVersion, StatusList
from laurel.credentials.queries.keys import find_active_key
from laurel.credentials.services.renewal import renew_signature
from laurel.credentials.services.status_lists import refresh_status_lists
from tests.credentials.conftest import Download
from tests.credentials.rotation import activate, compromise, rotate, stage
from tests.factories.credentials import ISSUER, make_credential
from tests.fakes import PlainVault


@pytest.fixture
def credential(session: Session) -> Credential:
    issued = make_credential(session)
    session.commit()
    return issued


def current(session: Session, credential: Credential) -> CredentialVersion:
    return session.scalars(select(CredentialVersion).filter_by(credential_id=credential.id, n=credential.current_n)).one()


def verify(document: bytes | str, download: Download) -> None:
    """As a stranger would: the key that the proof names must be among those that may assert for us."""
    proof = json.loads(document)["proof"]
    published = json.loads(download("https://laurel.test/.well-known/did.json"))
    if proof["verificationMethod"] not in published["assertionMethod"]:
        raise OB3VerificationError("the proof's key is not published")
    verifier = OB3LdpVerifier(pubkey_pem=resolve_verification_method(proof["verificationMethod"], download=download))
    verifier.verify(document, check_status=True, download=download, verify_status_list=False)


def test_an_old_credential_stays_valid_through_every_step_of_a_rotation(origin: Download, session: Session, credential: Credential) -> None:
    served = origin(f"http://laurel.test/credentials/{credential.id}")
    verify(served, origin)

    staged = stage(session)
    session.commit()
    verify(served, origin)
    activate(session, staged)
    session.commit()
    verify(served, origin)
    rotate(session)
    session.commit()
    verify(served, origin)

    assert origin(f"http://laurel.test/credentials/{credential.id}") == served


def test_after_a_rotation_the_first_published_key_is_the_one_in_use(origin: Download, session: Session, credential: Credential) -> None:
    second = rotate(session)
    session.commit()

    assert resolve_did("did:web:laurel.test", download=origin) == resolve_did(f"did:key:{second.public_key}")


def test_a_compromised_key_takes_its_credential_along_and_the_one_signed_again_is_valid(
    origin: Download, session: Session, credential: Credential
) -> None:
    old = origin(f"http://laurel.test/credentials/{credential.id}")
    first = find_active_key(session, ISSUER.did)
    assert first is not None
    second = rotate(session)
    compromise(session, first.fragment)
    session.commit()

    with pytest.raises(OB3VerificationError, match="not published"):
        verify(old, origin)

    assert renew_signature(session, credential.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())
    assert refresh_status_lists(session, ISSUER, PlainVault(), now=clock.now()) == 2
    session.commit()
    new = origin(f"http://laurel.test/credentials/{credential.id}")
    verify(new, origin)

    before, after = json.loads(old), json.loads(new)
    assert (before.pop("proof")["verificationMethod"], after.pop("proof")["verificationMethod"]) == (first.method, second.method)
    assert before == after  # the same words, the same place on the status list
    with pytest.raises(OB3VerificationError):
        verify(old, origin)


def test_lists_that_a_compromised_key_had_signed_verify_again(origin: Download, session: Session, credential: Credential) -> None:
    first = find_active_key(session, ISSUER.did)
    assert first is not None
    compromise(session, first.fragment)
    activate(session, stage(session, at=clock.now()), is_emergency=True)

    refresh_status_lists(session, ISSUER, PlainVault(), now=clock.now())
    session.commit()

    for number in session.scalars(select(StatusList.number)):
        published = json.loads(origin(f"http://laurel.test/status/revocation/{number}"))
        method = published["proof"]["verificationMethod"]
        verify_data_integrity_proof(published, resolve_verification_method(method, download=origin))
