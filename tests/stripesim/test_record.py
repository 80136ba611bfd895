"""`make record-stripe` writes down every operation of the sandbox, and all that Laurel asks of Stripe."""

import inspect
import json
import re
from pathlib import Path

import pytest

from laurel.commerce.stripe_gateway import StripeGateway
from stripesim.api.endpoint import Endpoint
from stripesim.api.routes import ENDPOINTS
from stripesim.recording import RECORDINGS
from tests.stripesim import record, record_selling
from tests.stripesim.driver import Params

ASKS_NOTHING = {"read_notice"}


def lines(folder: Path, name: str) -> list[Params]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def is_for(asked: Params, endpoint: Endpoint) -> bool:
    path = re.sub(r"<\w+>", "[^/]+", endpoint.path)
    return asked["method"] == endpoint.method and re.fullmatch(path, asked["path"]) is not None


def test_each_operation_is_asked_for_and_older_recordings_give_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "webhooks.jsonl").write_text("what was there before\n")

    assert record.main([str(tmp_path)]) == 0

    asked, answered, told = (lines(tmp_path, name) for name in RECORDINGS)
    assert [endpoint.path for endpoint in ENDPOINTS if not any(is_for(one, endpoint) for one in asked)] == []
    assert [(one["method"], one["path"]) for one in answered if one["status"] >= 500] == []
    assert len(asked) == len(answered)
    assert {"checkout.session.completed", "refund.failed", "charge.dispute.closed"} <= {event["type"] for event in told}
    assert re.search(r"sk_test_\w{8}", (tmp_path / "requests.jsonl").read_text()) is None  # the key is masked
    assert f"{tmp_path / 'requests.jsonl'}: {len(asked)} lines" in capsys.readouterr().out


def test_each_operation_of_laurels_gateway_is_in_the_tour() -> None:
    tour = inspect.getsource(record) + inspect.getsource(record_selling)
    operations = {name for name, _ in inspect.getmembers(StripeGateway, inspect.isfunction) if not name.startswith("_")}

    assert [name for name in sorted(operations - ASKS_NOTHING) if f".{name}" not in tour] == []


def test_without_a_folder_it_says_what_to_write_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert record.main([]) == 2
    assert "DIR=recordings" in capsys.readouterr().err
