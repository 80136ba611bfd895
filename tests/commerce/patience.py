"""Who comes to a busy site comes again, as the site asks: a person who reloads, Stripe which delivers anew."""

import time
from collections.abc import Callable
from typing import Any

PATIENCE_SECONDS = 60
PAUSE_SECONDS = 0.05
"""Where many wait in vain a busy site refuses at once (`web.urgency`): tries alone would be used up before anything moves."""


def until_served(ask: Callable[[], Any]) -> Any:
    """The answer to `ask`, which is asked again as long as it is our 503 with Retry-After."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (answer := ask()).status_code == 503 and "Retry-After" in answer.headers and time.monotonic() < end:
        time.sleep(PAUSE_SECONDS)
    return answer
