"""Examining how payments are set up: what works, what is doubtful, what is wrong and what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from laurel.commerce.gateway import Endpoint, KeyRefusedError, PaymentGateway, PaymentsRefusedError, PaymentsUnavailableError
from laurel.commerce.queries.health import count_dead_events, count_paid_orders_since, find_last_notice
from laurel.commerce.queries.reconciling import find_last_run
from laurel.commerce.rules import check_price
from laurel.commerce.rules.reconciling import IS_LATE
from laurel.commerce.services.inbox import KNOWN_TYPES
from laurel.core.errors import InvalidInputError
from laurel.settings import Settings, Stage

WEBHOOK_PATH = "/stripe/webhook"
SILENCE = timedelta(days=1)


class Verdict(StrEnum):
    """`warn`: it works, and somebody should look at it."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    verdict: Verdict
    text: str

    @property
    def is_failure(self) -> bool:
        return self.verdict is Verdict.FAIL


def ok(text: str) -> Finding:
    return Finding(Verdict.OK, text)


def warn(text: str) -> Finding:
    return Finding(Verdict.WARN, text)


def fail(text: str) -> Finding:
    return Finding(Verdict.FAIL, text)


def examine(settings: Settings, payments: PaymentGateway) -> list[Finding]:
    """Settings first, then what Stripe itself says. A key that Stripe refuses ends it there."""
    findings = list(_examine_settings(settings))
    try:
        findings += _examine_account(settings, payments)
        findings += _examine_endpoints(settings, payments)
    except KeyRefusedError:
        findings.append(fail("Stripe does not accept STRIPE_SECRET_KEY. Take a valid one from the dashboard, under Developers › API keys."))
    except (PaymentsUnavailableError, PaymentsRefusedError) as error:
        findings.append(fail(f"Stripe could not be asked: {error.reason}"))
    return findings


def _examine_settings(settings: Settings) -> Iterator[Finding]:
    key = settings.stripe_secret_key
    if not key:
        yield fail("STRIPE_SECRET_KEY is missing.")
    elif not key.startswith(("sk_", "rk_")):
        yield fail("STRIPE_SECRET_KEY is no secret key: those begin with sk_ or rk_. Never use the publishable key (pk_) here.")
    if settings.uses_sandbox:
        yield warn(f"Payments go to the sandbox at {settings.stripe_api_base}: no real money is taken.")
    elif settings.stage is Stage.PRODUCTION and not settings.takes_real_money:
        yield warn("STRIPE_SECRET_KEY is a test key: this production site takes no real money.")
    if not settings.stripe_webhook_secrets:
        yield fail("STRIPE_WEBHOOK_SECRETS is missing: without it no webhook is believed.")
    odd = [secret for secret in settings.stripe_webhook_secrets if not secret.startswith("whsec_")]
    if odd:
        yield fail(f"{len(odd)} of STRIPE_WEBHOOK_SECRETS do not begin with whsec_: they are no signing secrets.")
    elif settings.stripe_webhook_secrets:
        count = len(settings.stripe_webhook_secrets)
        yield ok(f"{count} webhook signing {'secret is' if count == 1 else 'secrets are'} set.")
    if not settings.is_https and not settings.uses_sandbox:
        yield fail(f"PUBLIC_URL is {settings.public_url}: Stripe sends buyers and webhooks to https addresses only.")
    yield from _examine_currencies(settings)


def _examine_currencies(settings: Settings) -> Iterator[Finding]:
    for currency in settings.currencies:
        try:
            check_price(0, currency)
        except InvalidInputError:
            yield fail(f"PAYMENTS_CURRENCIES names {currency!r}, in which we cannot sell. Write lower-case codes such as usd.")


def _examine_account(settings: Settings, payments: PaymentGateway) -> Iterator[Finding]:
    account = payments.fetch_account()
    yield ok(f"Stripe accepts the key: account {account.id}, {account.country}, {account.currency}.")
    mode = {True: "live", False: "test"}
    if account.is_live is settings.takes_real_money:
        yield ok(f"Stripe and we agree that this is {mode[account.is_live]} mode.")
    else:
        yield fail(f"The key looks like {mode[settings.takes_real_money]} mode, and Stripe says {mode[account.is_live]} mode.")
    if not account.takes_charges:
        yield fail("Stripe takes no charges for this account yet: complete its set-up in the dashboard.")


def _examine_endpoints(settings: Settings, payments: PaymentGateway) -> Iterator[Finding]:
    address = settings.public_url + WEBHOOK_PATH
    ours = [endpoint for endpoint in payments.list_endpoints() if endpoint.url.rstrip("/") == address and endpoint.is_enabled]
    if not ours and settings.uses_sandbox:
        yield ok("The sandbox reports to this site by itself.")
    elif not ours:
        yield fail(f"No webhook endpoint is registered for {address}: add one in the dashboard, under Developers › Webhooks.")
    if len(ours) > 1:
        yield warn(f"{len(ours)} webhook endpoints are registered for {address}: one is enough.")
    for endpoint in ours:
        yield from _examine_endpoint(endpoint, payments.api_version)


def _examine_endpoint(endpoint: Endpoint, version: str) -> Iterator[Finding]:
    missing = sorted(KNOWN_TYPES - endpoint.types) if "*" not in endpoint.types else []
    if missing:
        yield fail(f"The webhook endpoint does not send: {', '.join(missing)}.")
    else:
        yield ok(f"Stripe reports all {len(KNOWN_TYPES)} kinds of events to {endpoint.url}.")
    if endpoint.api_version not in {None, version}:
        yield warn(f"The webhook endpoint speaks API version {endpoint.api_version}; we are written for {version}.")


def examine_books(session: Session, *, now: datetime) -> list[Finding]:
    """What our own database says about how payments go."""
    return [*_examine_notices(session, now=now), *_examine_runs(session, now=now)]


def _examine_notices(session: Session, *, now: datetime) -> Iterator[Finding]:
    last = find_last_notice(session)
    if last is not None:
        yield ok(f"The last webhook came on {last:%d %B %Y at %H:%M} UTC.")
    if count_paid_orders_since(session, now - SILENCE) and (last is None or last < now - SILENCE):
        yield fail("Orders were paid within the last day, and no webhook came: see whether Stripe can reach this site.")
    if dead := count_dead_events(session):
        yield fail(f"{dead} events of Stripe were given up after many tries. See the back office's reconciliation page.")


def _examine_runs(session: Session, *, now: datetime) -> Iterator[Finding]:
    last = find_last_run(session)
    if last is None:
        yield warn("The books were never compared with Stripe's: is the worker running?")
        return
    if now - last.started_at > IS_LATE:
        yield warn(f"The books were last compared on {last.started_at:%d %B %Y at %H:%M} UTC: is the worker running?")
    if last.differences:
        yield fail(f"The books differ from Stripe's in {len(last.differences)} places. See `laurel payments reconcile`.")
    elif not last.error:
        yield ok("The books and Stripe's agree.")
