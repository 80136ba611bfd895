"""Who comes to a busy site comes again, as the site asks: a person who reloads, Stripe which delivers anew."""

from collections.abc import Callable
from time import monotonic
from typing import Any

PATIENCE = 60
"""Seconds: more than any crowd of these tests takes, also on a busy machine."""


def until_served(ask: Callable[[], Any]) -> Any:
    """The answer to `ask`, which is asked again as long as it is our 503 with Retry-After."""
    ends_at = monotonic() + PATIENCE
    while True:
        answer = ask()
        if answer.status_code != 503 or "Retry-After" not in answer.headers or monotonic() > ends_at:
            return answer
