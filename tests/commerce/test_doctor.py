"""The doctor says what is wrong with the payments' set-up, and nothing where all is well."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy.orm import Session

from laurel.bookkeeping import tell_findings
from laurel.commands import main
from laurel.commerce.gateway import Account, Endpoint, KeyRefusedError, PaymentsUnavailableError
from laurel.commerce.models import ReconcileRun, StripeEvent
from laurel.commerce.rules import InboxStatus
from laurel.commerce.services.doctor import Finding, Verdict, examine, examine_books
from laurel.commerce.services.inbox import KNOWN_TYPES
from laurel.settings import Settings, Stage
from tests.factories.commerce import make_paid_order
from tests.fakes import FakePayments

VERSION = "2026-10-28.endive"
ADDRESS = "https://laurel.example/stripe/webhook"
ENDPOINT = Endpoint(url=ADDRESS, is_enabled=True, api_version=VERSION, types=KNOWN_TYPES)
ACCOUNT = Account(id="acct_1", country="US", currency="usd", takes_charges=True, is_live=True)


@pytest.fixture
def production(settings: Settings) -> Settings:
    return replace(
        settings,
        stage=Stage.PRODUCTION,
        public_url="https://laurel.example",
        stripe_secret_key="sk_live_1",
        stripe_api_base="",
        stripe_webhook_secrets=("whsec_1",),
    )


@pytest.fixture
def stripe() -> FakePayments:
    return FakePayments(endpoints=[ENDPOINT], account=ACCOUNT)


def wrong(findings: list[Finding], verdict: Verdict = Verdict.FAIL) -> str:
    return " ".join(finding.text for finding in findings if finding.verdict is verdict)


def test_a_good_set_up_has_nothing_wrong(production: Settings, stripe: FakePayments) -> None:
    findings = examine(production, stripe)

    assert {finding.verdict for finding in findings} == {Verdict.OK}
    assert "ok    Stripe accepts the key: account acct_1, US, usd." in tell_findings(findings)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stripe_secret_key": ""}, "STRIPE_SECRET_KEY is missing"),
        ({"stripe_secret_key": "pk_live_1"}, "no secret key"),
        ({"stripe_webhook_secrets": ()}, "STRIPE_WEBHOOK_SECRETS is missing"),
        ({"stripe_webhook_secrets": ("whsec_1", "sk_live_1")}, "1 of STRIPE_WEBHOOK_SECRETS"),
        ({"public_url": "http://laurel.example"}, "https addresses only"),
        ({"currencies": ("usd", "USD")}, "names 'USD'"),
        ({"stripe_secret_key": "sk_test_1"}, "Stripe says live mode"),
    ],
)
def test_each_wrong_setting_is_named(production: Settings, stripe: FakePayments, changes: dict[str, object], said: str) -> None:
    assert said in wrong(examine(replace(production, **changes), stripe))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("endpoints", "said"),
    [
        ([], f"No webhook endpoint is registered for {ADDRESS}"),
        ([replace(ENDPOINT, is_enabled=False)], "No webhook endpoint"),
        ([replace(ENDPOINT, url="https://laurel.example/other")], "No webhook endpoint"),
        ([replace(ENDPOINT, types=KNOWN_TYPES - {"checkout.session.expired"})], "does not send: checkout.session.expired"),
    ],
)
def test_each_wrong_endpoint_is_named(production: Settings, endpoints: list[Endpoint], said: str) -> None:
    assert said in wrong(examine(production, FakePayments(endpoints=endpoints, account=ACCOUNT)))


def test_what_is_doubtful_is_a_warning(production: Settings) -> None:
    twice = FakePayments(endpoints=[ENDPOINT, replace(ENDPOINT, api_version="2020-08-27")], account=ACCOUNT)

    doubts = wrong(examine(production, twice), Verdict.WARN)

    assert "2 webhook endpoints" in doubts
    assert "2020-08-27" in doubts


def test_an_endpoint_for_everything_is_enough(production: Settings) -> None:
    everything = FakePayments(endpoints=[replace(ENDPOINT, types=frozenset({"*"}))], account=ACCOUNT)

    assert wrong(examine(production, everything)) == ""


def test_a_refused_key_and_a_silent_stripe_are_told_apart(production: Settings) -> None:
    refused, silent = FakePayments(failures=[KeyRefusedError("no")]), FakePayments(failures=[PaymentsUnavailableError("timeout")])

    assert "does not accept STRIPE_SECRET_KEY" in wrong(examine(production, refused))
    assert "could not be asked: timeout" in wrong(examine(production, silent))


def test_an_account_that_takes_no_charges_is_named(production: Settings) -> None:
    unfinished = FakePayments(endpoints=[ENDPOINT], account=replace(ACCOUNT, takes_charges=False))

    assert "takes no charges" in wrong(examine(production, unfinished))


def test_silence_after_a_sale_is_wrong_and_a_webhook_makes_it_right(session: Session) -> None:
    order = make_paid_order(session)
    now = order.created_at + timedelta(minutes=1)
    assert "no webhook came" in wrong(examine_books(session, now=now))

    session.add(kept(now, InboxStatus.DONE))
    session.flush()

    assert wrong(examine_books(session, now=now)) == ""


def kept(now: datetime, status: InboxStatus) -> StripeEvent:
    return StripeEvent(
        id=f"evt_{status}",
        type="charge.refunded",
        object_id="ch_1",
        created_at=now,
        api_version=VERSION,
        is_live=False,
        payload={},
        received_at=now,
        status=status,
    )


def test_dead_events_and_differences_are_wrong_and_no_comparison_is_doubtful(session: Session, now: datetime) -> None:
    assert "never compared" in wrong(examine_books(session, now=now), Verdict.WARN)
    session.add(kept(now, InboxStatus.DEAD))
    difference = {"rule": "ledger", "ref": "L-1", "detail": "…"}
    lease = now + timedelta(minutes=10)
    session.add(ReconcileRun(started_at=now, locked_until=lease, is_running=False, finished_at=now, differences=[difference]))
    session.flush()

    findings = examine_books(session, now=now + timedelta(hours=1))

    assert "1 events of Stripe were given up" in wrong(findings)
    assert "differ from Stripe's in 1 places" in wrong(findings)
    assert "last compared" in wrong(findings, Verdict.WARN)


def test_the_command_line_says_what_is_missing_and_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRETS", "STRIPE_API_BASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PUBLIC_URL", "https://laurel.example")
    monkeypatch.setenv("SECRET_KEY", "x" * 40)
    monkeypatch.setenv("LAUREL_STAGE", "production")

    answer = CliRunner().invoke(main, ["payments", "doctor"])

    assert answer.exit_code == 1
    assert "STRIPE_SECRET_KEY is missing" in answer.output
