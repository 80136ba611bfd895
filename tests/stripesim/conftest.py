"""A sandbox on a real socket, a shop that listens for its events, Stripe's own client in front of it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe

from stripesim.sandbox import Settings
from stripesim.server import Server
from tests.stripesim.driver import Buyer, Control, Shop, stripe_client


@pytest.fixture(autouse=True, scope="session")
def no_telemetry() -> None:
    stripe.enable_telemetry = False


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.close()


@pytest.fixture
def server(tmp_path: Path, shop: Shop) -> Iterator[Server]:
    server = Server(
        Settings(
            db=tmp_path / "stripesim.db",
            secret_file=tmp_path / "sandbox.json",
            webhook_url=shop.url,
            public_url="",
            record=tmp_path / "record",
        )
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server
    server.stop()
    thread.join()


@pytest.fixture
def base(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


@pytest.fixture
def key(server: Server) -> str:
    return server.sandbox.secrets.secret_key


@pytest.fixture
def webhook_secret(server: Server) -> str:
    return server.sandbox.secrets.webhook_secret


@pytest.fixture
def client(base: str, key: str) -> stripe.StripeClient:
    return stripe_client(base, key)


@pytest.fixture
def control(base: str, key: str) -> Iterator[Control]:
    control = Control(base, key)
    yield control
    control.close()


@pytest.fixture
def buyer() -> Iterator[Buyer]:
    buyer = Buyer()
    yield buyer
    buyer.close()
