"""`laurel payments …` from the command line, and the worker's schedule, against the sandbox."""

import pytest
from click.testing import CliRunner, Result
from huey import MemoryHuey
from sqlalchemy import select, update

from laurel.app import Ports
from laurel.commands import main
from laurel.commerce.models import LedgerEntry, ReconcileRun
from laurel.commerce.rules import OrderState
from laurel.timetable import add_tasks
from laurel.worker import Chores
from tests.commerce.matrix.conftest import Shop


@pytest.fixture
def environment(shop: Shop, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an operator would set for this site."""
    settings = shop.stand.settings
    values = {
        "LAUREL_STAGE": "test",
        "LAUREL_INSTANCE": str(settings.instance),
        "PUBLIC_URL": settings.public_url,
        "DATABASE_URL": database_url,
        "SECRET_KEY": settings.secret_key,
        "STRIPE_SECRET_KEY": settings.stripe_secret_key,
        "STRIPE_API_BASE": settings.stripe_api_base,
        "STRIPE_WEBHOOK_SECRETS": settings.stripe_webhook_secrets[0],
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["payments", *words])


def buy(shop: Shop) -> None:
    shop.browser.pay(shop.open_page())
    shop.wait_until(lambda: shop.order().state is OrderState.PAID, "the order is paid")
    shop.session.rollback()


@pytest.mark.usefixtures("environment")
def test_reconcile_says_0_differences_and_ends_with_0_then_1_when_there_are_some(shop: Shop) -> None:
    buy(shop)
    well = run("reconcile")

    shop.session.execute(update(LedgerEntry).values(amount=1))
    shop.session.commit()
    ill = run("reconcile")

    assert (well.exit_code, well.output.splitlines()[-1]) == (0, "0 differences"), well.output
    assert (ill.exit_code, ill.output.splitlines()[-1]) == (1, "1 difference"), ill.output
    assert "payment: the order says 19500, the ledger 1" in ill.output
    assert [found.started_by for found in shop.session.scalars(select(ReconcileRun))] == ["command line"] * 2


@pytest.mark.usefixtures("environment")
def test_reconcile_without_stripe_ends_with_1_and_says_why(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_API_BASE", "http://127.0.0.1:1")

    answer = run("reconcile")

    assert answer.exit_code == 1
    assert "not everything could be compared: unavailable" in answer.output


@pytest.mark.usefixtures("environment")
def test_the_doctor_finds_the_sandbox_well_and_a_wrong_key_not(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    buy(shop)
    well = run("doctor")
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_wrong")
    ill = run("doctor")

    assert well.exit_code == 0, well.output
    assert "The sandbox reports to this site by itself." in well.output
    assert ill.exit_code == 1
    assert "does not accept STRIPE_SECRET_KEY" in ill.output


@pytest.mark.usefixtures("environment")
def test_the_doctor_reads_a_registered_endpoint(shop: Shop) -> None:
    address = f"{shop.stand.settings.public_url}/stripe/webhook"
    events = {"enabled_events[0]": "checkout.session.completed"}
    endpoint = shop.stand.api("POST", "/v1/webhook_endpoints", url=address, **events)

    answer = run("doctor")

    assert "does not send: charge.dispute.closed, " in answer.output
    shop.stand.api("DELETE", f"/v1/webhook_endpoints/{endpoint['id']}")


def test_the_worker_compares_by_schedule(shop: Shop, ports: Ports) -> None:
    names = set(_registered())
    chores = Chores(shop.stand.settings, shop.stand.database, Ports(payments=shop.stand.gateway, mailer=ports.mailer, keys=ports.keys))

    found = chores.reconcile(is_deep=True)

    assert {"each_five_minutes", "each_night"} <= names
    assert found is not None
    assert found.started_by == "schedule"


def _registered() -> list[str]:
    queue = MemoryHuey()
    add_tasks(queue, None)
    return [task.name for task in queue._registry.periodic_tasks]
