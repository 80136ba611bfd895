"""Stripe's own library, set up as we need it, and its errors in our words. (specs/payments.md §1)"""

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import requests
import stripe

from laurel.commerce.gateway import CheckoutNotFoundError, KeyRefusedError, PaymentsRefusedError, PaymentsUnavailableError
from laurel.settings import Settings

log = logging.getLogger("laurel.commerce")
stripe.enable_telemetry = False

PATIENT = (3.05, 20.0)
QUICK = (2.0, 4.0)
BUSY_PAUSES = (0.5, 1.5)
"""How long to wait, in seconds, before asking again what Stripe was too busy to answer."""
Answer = TypeVar("Answer")


class StripeConnection:
    """Two clients. What changes something is asked patiently and up to three times under one key. What only reads is asked
    once and quickly: a webhook or a page waits for it, and both come again.
    """

    def __init__(self, settings: Settings) -> None:
        self.options = settings.payment_options
        self.patient = make_client(settings, timeout=PATIENT, retries=2)
        self.quick = make_client(settings, timeout=QUICK, retries=0)


def make_client(settings: Settings, *, timeout: tuple[float, float], retries: int) -> stripe.StripeClient:
    key = settings.stripe_secret_key
    if not settings.uses_sandbox:
        return stripe.StripeClient(key, max_network_retries=retries, http_client=stripe.RequestsClient(timeout=timeout))
    direct = requests.Session()
    direct.trust_env = False  # the sandbox is on this machine: no proxy of the environment stands between
    return stripe.StripeClient(
        key,
        base_addresses={"api": settings.stripe_api_base},
        max_network_retries=retries,
        http_client=stripe.RequestsClient(timeout=timeout, session=direct),
    )


def frozen(params: dict[str, Any]) -> str:
    return json.dumps(params, sort_keys=True, separators=(",", ":"))


def when_not_busy(call: Callable[[], Answer]) -> Answer:
    """Call, and call again after a pause where Stripe is busy (429, or `lock_timeout`): its own library gives up at once."""
    for pause in BUSY_PAUSES:
        try:
            return call()
        except stripe.RateLimitError as error:
            log.warning("Stripe is busy: %s", error)
            time.sleep(pause)
    return call()


@contextmanager
def plain_errors() -> Iterator[None]:
    """Stripe's errors in our words. Its own text is for the log: it may hold what no buyer should read."""
    try:
        yield
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        log.critical("Stripe does not accept our key: %s", error)
        raise KeyRefusedError(str(error)) from error
    except stripe.InvalidRequestError as error:
        if error.http_status == 404:
            raise CheckoutNotFoundError from error
        about = error.param or ""
        raise PaymentsRefusedError(
            str(error), is_about_customer=about == "customer", is_about_coupon="[coupon]" in about, code=error.code or ""
        ) from error
    except (stripe.IdempotencyError, stripe.CardError) as error:
        raise PaymentsRefusedError(str(error)) from error
    except stripe.StripeError as error:
        status = error.http_status or 0
        raise PaymentsUnavailableError(str(error), is_definite=status >= 500) from error


def whole_amount(value: object) -> int:
    """Whole minor units. None is nothing; a fraction is never rounded."""
    if value is None:
        return 0
    if type(value) is not int:
        raise PaymentsUnavailableError(f"{value!r} is no amount")
    return value
