"""Who pastes the address of a certificate where its number is asked for is led to its page, and nowhere else."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.credentials.models import Credential
from tests.factories.credentials import make_credential

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
BROWSER = {"Accept": "text/html"}


@pytest.fixture
def credential(session: Session) -> Credential:
    credential = make_credential(session)
    session.commit()
    return credential


@pytest.mark.parametrize(
    "address",
    [
        "http://{host}{page}",
        "{host}{page}/",
        "HTTPS://{host}{page}?utm_source=mail#top",
        "{host}{page}.json",
        "{host}{page}/badge.png",
        "{id}",
    ],
)
def test_verify_leads_to_the_page_whose_address_was_pasted(client: FlaskClient, credential: Credential, address: str) -> None:
    page = f"/credentials/{credential.id}"
    pasted = address.format(host=client.get("/verify").request.host, page=page, id=str(credential.id).upper())

    assert client.get("/verify", query_string={"number": pasted}, headers=BROWSER).location == page


@pytest.mark.parametrize(
    "address", ["http://elsewhere.example{page}", "http://laurel.test@elsewhere.example{page}", "//{host}", "{host}/verify", "http://["]
)
def test_verify_leads_nowhere_else(client: FlaskClient, credential: Credential, address: str) -> None:
    pasted = address.format(host=client.get("/verify").request.host, page=f"/credentials/{credential.id}")
    answer = client.get("/verify", query_string={"number": pasted}, headers=BROWSER)

    assert (answer.status_code, answer.location) == (400, None)
