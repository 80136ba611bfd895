"""The credential as a token: made by us, judged by PyJWT and by openbadgeslib, which know nothing of us."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import jwt
import pytest
import time_machine
from flask.testing import FlaskClient
from openbadgeslib.ob3 import OB3VerificationError, OB3Verifier
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.app import Ports
from laurel.core import clock
from laurel.credentials.models import Credential, CredentialVersion, IssuerKey
from laurel.credentials.models.organizations import Organization
from laurel.credentials.queries import get_version
from laurel.credentials.rules.keys import KeyPurpose
from laurel.credentials.services.tokens import claims_of, make_token
from tests.conftest import QueryCount
from tests.credentials import carriers
from tests.credentials.rotation import activate, compromise, stage
from tests.factories.credentials import ISSUER, make_credential
from tests.factories.organizations import make_credential_of
from tests.fakes import PlainVault

PRIVATE = {b"d", b"p", b"q", b"dp", b"dq", b"qi", b"k", b"secretKeyMultibase", b"privateKeyMultibase", b"privateKeyJwk"}


@pytest.fixture
def token_key(session: Session) -> IssuerKey:
    made = carriers.add_token_key(session)
    session.commit()
    return made


@pytest.fixture
def credential(session: Session, token_key: IssuerKey) -> Credential:
    issued = make_credential(session)
    session.commit()
    return issued


def fetch_token(client: FlaskClient, credential: Credential) -> str:
    answer = client.get(f"/credentials/{credential.id}.jwt")
    assert (answer.status_code, answer.mimetype) == (200, "application/jwt")
    return answer.text


def fetch_key(client: FlaskClient, token: str) -> jwt.PyJWK:
    """The bare key from the address that the token itself names, as verifiers of 1EdTech do it."""
    kid = jwt.get_unverified_header(token)["kid"]
    answer = client.get(kid.removeprefix("http://laurel.test"))
    assert answer.mimetype == "application/jwk+json"
    return jwt.PyJWK(json.loads(answer.data))


def test_pyjwt_accepts_the_token_with_the_key_that_it_names(client: FlaskClient, session: Session, credential: Credential) -> None:
    token = fetch_token(client, credential)

    claims = jwt.decode(token, fetch_key(client, token), algorithms=["RS256"], options={"require": ["iss", "jti", "sub", "nbf", "exp"]})

    stored = json.loads(session.scalars(select(CredentialVersion.signed_json)).one())
    proof = stored.pop("proof")
    assert proof["type"] == "DataIntegrityProof"
    assert {name: claims.pop(name) for name in ("iss", "jti", "sub")} == {
        "iss": "did:web:laurel.test",
        "jti": stored["id"],
        "sub": stored["credentialSubject"]["id"],
    }
    assert claims.pop("nbf") == datetime.fromisoformat(stored["validFrom"]).timestamp()
    assert claims.pop("exp") == datetime.fromisoformat(stored["validUntil"]).timestamp()
    assert claims == stored  # the credential itself, with no `vc` around it
    assert {**jwt.get_unverified_header(token), "kid": ""} == {"alg": "RS256", "typ": "JWT", "kid": ""}


def test_openbadgeslib_accepts_the_token_and_refuses_a_changed_one(client: FlaskClient, credential: Credential) -> None:
    token = fetch_token(client, credential)
    verifier = OB3Verifier(fetch_key(client, token).key)
    header, claims, signature = token.split(".")
    flipped = "A" if claims[100] != "A" else "B"

    assert verifier.verify(token).issuer.id == "did:web:laurel.test"
    with pytest.raises(OB3VerificationError):
        verifier.verify(f"{header}.{claims[:100]}{flipped}{claims[101:]}.{signature}")


def test_the_key_set_holds_the_key_that_tokens_name(client: FlaskClient, credential: Credential) -> None:
    token = fetch_token(client, credential)
    answer = client.get("/.well-known/jwks.json")
    [key] = answer.json["keys"]

    assert answer.mimetype == "application/jwk-set+json"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert key["kid"] == jwt.get_unverified_header(token)["kid"]
    assert key["iss"] == "did:web:laurel.test"
    jwt.decode(token, jwt.PyJWKSet.from_dict(answer.json)[key["kid"]], algorithms=["RS256"])


def test_the_did_document_shows_the_key_for_tokens_in_both_members(
    client: FlaskClient, token_key: IssuerKey, credential: Credential
) -> None:
    document = client.get("/.well-known/did.json").json

    method = document["verificationMethod"][-1]
    assert (method["id"], method["type"], method["controller"]) == (token_key.method, "JsonWebKey", "did:web:laurel.test")
    assert set(method["publicKeyJwk"]) == {"kty", "n", "e", "alg", "kid"}
    assert (method["publicKeyJwk"]["kty"], method["publicKeyJwk"]["kid"]) == ("RSA", token_key.fragment)
    assert document["assertionMethod"][-1] == token_key.method
    assert document["verificationMethod"][0]["type"] == "Multikey"


def test_no_public_answer_carries_a_private_key(client: FlaskClient, session: Session, credential: Credential, acme: Organization) -> None:
    of_acme = make_credential_of(session, acme)
    document = json.loads(get_version(session, of_acme.id, 1).signed_json)
    status = document["credentialStatus"]["statusListCredential"].removeprefix(ISSUER.public_url)
    fragment = carriers.add_token_key(session, did=document["issuer"]["id"]).fragment
    session.commit()
    sealed = session.scalars(select(IssuerKey.sealed_private_key)).all()  # the vault of the tests seals nothing
    files = ("", ".json", ".jwt", "/badge.svg", "/badge.png", "/card.png", "/certificate.pdf")
    own = [f"/credentials/{one.id}{file}" for one in (credential, of_acme) for file in files]
    keys = [f"{place}/keys/{fragment}.jwk" for place in ("", "/orgs/acme")]
    lists = ["/.well-known/did.json", "/orgs/acme/did.json", "/.well-known/jwks.json", "/status/revocation/1", status]
    shared = [*lists, "/orgs/acme/logo.png", "/verify", f"/api/v1/certificates/{of_acme.number}"]
    assert len(sealed) == 4

    for address in (*own, *keys, *shared):
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert not set(re.findall(rb'"([A-Za-z]+)"\s*:', answer.data)) & PRIVATE, address
        for secret in sealed:
            assert secret not in answer.data
            assert secret.hex().encode() not in answer.data


def test_a_token_costs_two_queries_and_is_remembered_by_caches_as_the_document_is(
    client: FlaskClient, credential: Credential, queries: QueryCount
) -> None:
    queries.clear()
    answer = client.get(f"/credentials/{credential.id}.jwt?download=1")

    assert (queries.selects, queries.writes) == (2, 0)
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{credential.number}.jwt"'
    assert client.get(f"/credentials/{credential.id}.jwt", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_a_credential_without_end_has_a_token_without_end(client: FlaskClient, session: Session, token_key: IssuerKey) -> None:
    credential = make_credential(session, validity_months=0)
    session.commit()

    token = fetch_token(client, credential)

    assert "exp" not in jwt.decode(token, fetch_key(client, token), algorithms=["RS256"])


def test_an_old_token_verifies_after_a_rotation_and_not_after_a_compromise(
    client: FlaskClient, session: Session, token_key: IssuerKey, credential: Credential
) -> None:
    old = fetch_token(client, credential)
    activate(session, stage(session, purpose=KeyPurpose.JWT))
    session.commit()
    new = fetch_token(client, credential)

    assert jwt.get_unverified_header(old)["kid"] != jwt.get_unverified_header(new)["kid"]
    jwt.decode(old, fetch_key(client, old), algorithms=["RS256"])
    compromise(session, token_key.fragment)
    session.commit()

    missing = client.get(f"/keys/{token_key.fragment}.jwk")
    assert (missing.status_code, missing.mimetype) == (404, "application/problem+json")
    assert token_key.fragment not in client.get("/.well-known/jwks.json").text
    assert token_key.fragment not in client.get("/.well-known/did.json").text
    jwt.decode(new, fetch_key(client, new), algorithms=["RS256"])


@pytest.mark.parametrize("fragment", ["key-{year}-01", "jwt-1999-01", "nonsense"])
def test_only_published_keys_for_tokens_have_an_address(client: FlaskClient, credential: Credential, fragment: str) -> None:
    assert client.get(f"/keys/{fragment.format(year=clock.now().year)}.jwk").status_code == 404


def test_without_a_key_for_tokens_the_document_can_still_be_had(client: FlaskClient, session: Session) -> None:
    credential = make_credential(session)
    session.commit()

    answer = client.get(f"/credentials/{credential.id}.jwt")

    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert "signed file (JSON)" in answer.json["detail"]
    assert client.get(f"/credentials/{credential.id}.json").status_code == 200
    assert client.get("/.well-known/jwks.json").headers["Cache-Control"] == "no-store"


@pytest.fixture
def lost_keys(ports: Ports) -> Iterator[None]:
    assert isinstance(ports.keys, PlainVault)
    make_token.cache_clear()
    ports.keys.lost = True
    yield
    ports.keys.lost = False


@pytest.mark.usefixtures("lost_keys")
def test_a_key_for_tokens_that_does_not_open_is_no_error_of_ours(client: FlaskClient, credential: Credential) -> None:
    assert client.get(f"/credentials/{credential.id}.jwt").status_code == 503


def test_a_revoked_or_expired_credential_still_has_its_token(client: FlaskClient, session: Session, token_key: IssuerKey) -> None:
    with time_machine.travel(clock.now() - timedelta(days=800), tick=False):
        ended = make_credential(session)
    session.commit()
    token = fetch_token(client, ended)

    with pytest.raises(jwt.ExpiredSignatureError):
        jwt.decode(token, fetch_key(client, token), algorithms=["RS256"])


def test_the_claims_repeat_what_the_document_says() -> None:
    document = {"id": "a", "issuer": {"id": "b"}, "credentialSubject": {"id": "c"}, "validFrom": "1970-01-01T00:00:10Z", "proof": {}}

    assert claims_of(document) == {"iss": "b", "jti": "a", "sub": "c", "nbf": 10, **{k: v for k, v in document.items() if k != "proof"}}
