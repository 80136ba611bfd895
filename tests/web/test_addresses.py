import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.conftest import SignIn
from tests.factories.accounts import make_user

HUGE = "9" * 30


@pytest.mark.parametrize(
    "address",
    [
        f"/status/revocation/{HUGE}",
        f"/achievements/x/v{HUGE}",
        f"/achievements/x/v{HUGE}/badge.svg",
        "/status/revocation/2147483648",
        "/status/revocation/-1",
    ],
)
def test_a_number_that_no_column_could_hold_is_an_address_that_does_not_exist(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("page", ["0", "-1", HUGE, "0" * 20 + HUGE, "1e9", "٣", "x", "1.5", " 1"])
@pytest.mark.parametrize("address", ["/courses", "/articles"])
def test_a_page_number_that_is_none_leads_to_the_first_page(client: FlaskClient, address: str, page: str) -> None:
    answer = client.get(address, query_string={"q": "a b", "page": page})

    assert answer.status_code == 404
    assert "no such page of this list" in answer.text
    assert f'href="{address}?q=a+b"' in answer.text


@pytest.mark.parametrize("address", ["/courses", "/articles", "/orders", "/backoffice/orders", "/studio/questions", "/studio/articles"])
def test_a_page_past_the_end_is_not_an_empty_list(client: FlaskClient, session: Session, sign_in: SignIn, address: str) -> None:
    sign_in(make_user(session, roles=["admin"]))

    answer = client.get(f"{address}?page=2")

    assert answer.status_code == 404
    assert f'<a href="{address}">The first page of this list</a>' in answer.text
    assert client.get(f"{address}?page=1").status_code == 200
