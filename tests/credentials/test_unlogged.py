"""Who looks up a key or a list tells us which certificate may be under scrutiny: of that nothing is written down (L7)."""

import json
import logging

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.credentials.models.organizations import Organization
from laurel.credentials.queries import get_version
from laurel.serving import Server
from tests.factories.credentials import ISSUER, make_credential
from tests.factories.organizations import make_credential_of

SOMEBODY = "203.0.113.77"
HOUSES = {
    "/status/revocation/1": 200,
    "/status/revocation/999": 404,
    "/status/revocation/1?timestamp=1": 400,
    "/.well-known/did.json": 200,
    "/.well-known/jwks.json": 200,
    "/orgs/acme/did.json": 200,
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_is_logged_of_whoever_asks_for_keys_and_lists(
    client: FlaskClient, session: Session, acme: Organization, caplog: pytest.LogCaptureFixture
) -> None:
    make_credential(session)
    status = json.loads(get_version(session, make_credential_of(session, acme).id, 1).signed_json)["credentialStatus"]
    session.commit()
    caplog.clear()
    caplog.set_level(logging.DEBUG)

    for address, expected in {**HOUSES, status["statusListCredential"].removeprefix(ISSUER.public_url): 200}.items():
        answer = client.get(address, environ_base={"REMOTE_ADDR": SOMEBODY}, headers={"User-Agent": "Verifier/1.0"})
        assert answer.status_code == expected, address

    assert [(record.name, record.getMessage()) for record in caplog.records] == []


def test_the_server_writes_no_access_log() -> None:
    server = Server("127.0.0.1:0", 1, {})

    assert (server.cfg.accesslog, server.cfg.logconfig, server.cfg.logger_class.__name__) == (None, None, "Logger")
