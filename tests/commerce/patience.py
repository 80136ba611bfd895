"""Who comes to a busy site comes again, as the site asks: a person who reloads, Stripe which delivers anew."""

from collections.abc import Callable
from typing import Any

TRIES = 20
"""Each try waits up to two seconds for a place in the process, so twenty are more than any test takes."""


def until_served(ask: Callable[[], Any], *, tries: int = TRIES) -> Any:
    """The answer to `ask`, which is asked again as long as it is our 503 with Retry-After."""
    for _ in range(tries):
        answer = ask()
        if answer.status_code != 503 or "Retry-After" not in answer.headers:
            break
    return answer
