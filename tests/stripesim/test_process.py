"""The sandbox as a process: how it is found, how it ends, what it keeps."""

import json
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import stripe

from tests.stripesim.driver import PATIENCE, Params, Shop, session_params, stripe_client

ROOT = Path(__file__).parents[2]


@contextmanager
def started(folder: Path, shop: Shop) -> Iterator[tuple[subprocess.Popen[bytes], Params]]:
    """A sandbox of its own, up and listening; it goes when its stdin closes."""
    process = subprocess.Popen(
        [*_command(folder), "--webhook-url", shop.url, "--public-url", "http://127.0.0.1:5000/", "--exit-with-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT / "platform")},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert b"no real money" in process.stdout.readline()
    try:
        yield process, json.loads((folder / "sandbox.json").read_text())
    finally:
        process.stdin.close()
        process.wait(PATIENCE)
        process.stdout.close()


def test_a_restart_keeps_keys_objects_and_deliveries(tmp_path: Path, shop: Shop) -> None:
    shop.status = 500
    with started(tmp_path, shop) as (_, first):
        client = stripe_client(first["api_base"], first["secret_key"])
        session = client.v1.checkout.sessions.create(session_params(), {"idempotency_key": "k"})  # type: ignore[arg-type]
        client.v1.customers.create({"name": "Ada"})
        shop.wait_for("customer.created")
    shop.status = 200

    with started(tmp_path, shop) as (_, second):
        client = stripe_client(second["api_base"], second["secret_key"])
        assert client.v1.checkout.sessions.retrieve(session.id).url == f"http://127.0.0.1:5000/sandbox/pay/{session.id}"
        assert client.v1.checkout.sessions.create(session_params(), {"idempotency_key": "k"}).id == session.id  # type: ignore[arg-type]
        shop.wait_for("customer.created", count=2)

    payload, signature = shop.received[-1]
    stripe.Webhook.construct_event(payload, signature, first["webhook_secret"])
    assert first["secret_key"] == second["secret_key"]
    assert first["pid"] != second["pid"]


def test_the_file_of_an_older_sandbox_still_works(tmp_path: Path, shop: Shop) -> None:
    with closing(sqlite3.connect(tmp_path / "stripesim.db")) as old:
        old.execute(
            "CREATE TABLE deliveries (id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL,"
            " flavor TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,"
            " next_at REAL NOT NULL, last_status INTEGER, last_error TEXT)"
        )

    with started(tmp_path, shop) as (_, told):
        stripe_client(told["api_base"], told["secret_key"]).v1.customers.create({"name": "Ada"})
        shop.wait_for("customer.created")


def test_only_the_owner_reads_the_keys(tmp_path: Path, shop: Shop) -> None:
    with started(tmp_path, shop) as (process, told):
        assert stat.S_IMODE((tmp_path / "sandbox.json").stat().st_mode) == 0o600
        assert told["pid"] == process.pid
        assert told["api_base"] == f"http://127.0.0.1:{told['port']}"
    assert process.returncode == 0


def test_two_sandboxes_never_share_a_file(tmp_path: Path, shop: Shop) -> None:
    with started(tmp_path, shop) as (_, told):
        second = subprocess.run(
            _command(tmp_path),
            capture_output=True,
            timeout=PATIENCE,
            env=os.environ | {"PYTHONPATH": str(ROOT / "platform")},
            check=False,
        )
        assert json.loads((tmp_path / "sandbox.json").read_text()) == told

    assert second.returncode == 1
    assert b"Another sandbox" in second.stderr


def _command(folder: Path) -> list[str]:
    return [sys.executable, "-m", "stripesim", "--db", str(folder / "stripesim.db"), "--secret-file", str(folder / "sandbox.json")]
