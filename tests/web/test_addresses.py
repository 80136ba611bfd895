import pytest
from flask.testing import FlaskClient

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
def test_a_page_number_that_is_none_is_refused_with_words(client: FlaskClient, address: str, page: str) -> None:
    answer = client.get(address, query_string={"page": page})

    assert answer.status_code == 400
    assert "no such page of this list" in answer.get_data(as_text=True)
