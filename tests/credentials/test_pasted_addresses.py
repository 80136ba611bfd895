"""Who pastes the address of a certificate where its number is asked for is led to its page, and nowhere else."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.credentials.models import Credential
from tests.factories.credentials import make_credential

BROWSER = {"Accept": "text/html"}


@pytest.fixture
def credential(session: Session) -> Credential:
    credential = make_credential(session)
    session.commit()
    return credential


OURS = [
    "http://{host}{page}",
    "{host}{page}/",
    "HTTPS://{host}{page}?utm_source=mail#top",
    "{host}{page}.json",
    "{host}{page}/badge.png",
    "{id}",
    "<http://{host}{page}>",
]
NOT_OURS = ["http://elsewhere.example{page}", "http://laurel.test@elsewhere.example{page}", "//{host}", "{host}/verify", "http://["]


@pytest.fixture
def written(client: FlaskClient, credential: Credential) -> Callable[[str], str]:
    """An address of the list for this certificate on this site."""
    host = client.get("/verify").request.host
    return lambda address: address.format(host=host, page=f"/credentials/{credential.id}", id=str(credential.id).upper())


def test_verify_leads_to_the_page_whose_address_was_pasted(
    client: FlaskClient, credential: Credential, written: Callable[[str], str]
) -> None:
    for address in OURS:
        answer = client.get("/verify", query_string={"number": written(address)}, headers=BROWSER)
        assert answer.location == f"/credentials/{credential.id}", address


def test_verify_leads_nowhere_else(client: FlaskClient, written: Callable[[str], str]) -> None:
    for address in NOT_OURS:
        answer = client.get("/verify", query_string={"number": written(address)}, headers=BROWSER)
        assert (answer.status_code, answer.location) == (400, None), address


def test_the_box_for_a_text_understands_an_address_as_the_one_for_a_number_does(
    client: FlaskClient, credential: Credential, written: Callable[[str], str]
) -> None:
    for address in OURS:
        sent = client.post("/verify", data={"pasted": f" {written(address)}\r\n"})
        assert (sent.status_code, sent.location) == (303, f"/credentials/{credential.id}"), address
        assert sent.headers["Cache-Control"] == "no-store"


def test_the_box_for_a_text_leads_nowhere_else(client: FlaskClient, written: Callable[[str], str]) -> None:
    for address in [*NOT_OURS, "{host}{page}?t=" + "a" * 10_000]:
        answer = client.post("/verify", data={"pasted": written(address)})
        assert (answer.status_code, answer.location) == (422, None), address
        assert 'id="pasted-error"' in answer.text


@pytest.mark.parametrize("pasted", ["{host}/v/{number}?t=0000000000ZZ", "http://{host}/v/{number}?t=0000000000ZZ#x"])
def test_the_box_for_a_text_takes_the_address_of_a_qr_code_with_all_of_it(client: FlaskClient, credential: Credential, pasted: str) -> None:
    host = client.get("/verify").request.host

    sent = client.post("/verify", data={"pasted": pasted.format(host=host, number=credential.number)})

    assert (sent.status_code, sent.location) == (303, f"/v/{credential.number}?t=0000000000ZZ")


@pytest.mark.parametrize("secret", ["%00", "%ff%fe", "a" * 3000, "%F0%9F%8D%83"])
@pytest.mark.parametrize("page", ["/credentials/{0.id}", "/v/{0.number}"])
def test_what_was_pasted_behind_an_address_breaks_nothing(client: FlaskClient, credential: Credential, page: str, secret: str) -> None:
    pasted = f"{client.get('/verify').request.host}{page.format(credential)}?t={secret}"

    answer = client.get("/verify", query_string={"number": pasted}, headers=BROWSER, follow_redirects=True)

    assert answer.status_code == 200
    assert "Ada Lovelace" in answer.text


def test_the_address_for_numbers_with_an_id_in_it_leads_to_the_page(client: FlaskClient, credential: Credential) -> None:
    answer = client.get(f"/v/{credential.id}?t=0000000000ZZ", headers=BROWSER)

    assert (answer.status_code, answer.location) == (303, f"/credentials/{credential.id}?t=0000000000ZZ")
    assert answer.headers["Cache-Control"] == "no-store"
    unknown = client.get("/v/LRL-7Q4M-KD2X-93ZZ", headers=BROWSER)
    assert (unknown.status_code, unknown.location) == (404, None)
