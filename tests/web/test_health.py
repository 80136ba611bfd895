from flask.testing import FlaskClient


def test_a_running_process_says_so(client: FlaskClient) -> None:
    answer = client.get("/healthz")

    assert answer.status_code == 200
    assert answer.json["status"] == "ok"


def test_a_ready_process_reaches_its_database(client: FlaskClient) -> None:
    assert client.get("/readyz").status_code == 200
