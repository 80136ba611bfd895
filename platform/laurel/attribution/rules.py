"""What a touch is, who made it, and how long it counts."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit


class TouchKind(StrEnum):
    """What a reader did with a call to action."""

    CLICK = "click"


class CreditModel(StrEnum):
    """How an order is shared out among the touches before it."""

    LAST_NON_DIRECT = "last_non_direct"


CLICK_LIFETIME = timedelta(minutes=30)
"""How long a click token is worth anything (specs/articles.md §E1: nothing is kept on the reader's device)."""

CRAWLERS = re.compile(
    r"(?<!cu)bots?\b|bot[/;_-]|crawl|spider|slurp|scrap|archiver|facebookexternalhit|facebookcatalog|embedly|preview|whatsapp|"
    r"validator|monitor|uptime|pingdom|lighthouse|headless|phantomjs|selenium|feed(?:fetcher|parser|ly)|rss|"
    r"curl/|wget/|libwww|python-|python/|aiohttp|httpx/|go-http-client|java/|okhttp|axios/|node-fetch|undici|ruby|perl|php/|"
    r"gptbot|chatgpt|claude|perplexity|mediapartners|google-|bingpreview|yandex(?!search)|scan",
    re.IGNORECASE,
)
"""Words in the User-Agent header of programs that fetch pages by themselves."""


def find_bot_reason(user_agent: str, accept_language: str) -> str | None:
    """Why a request was obviously not made by a person; None if nothing speaks against one."""
    if not user_agent.strip():
        return "no user agent"
    if found := CRAWLERS.search(user_agent):
        return f"crawler word: {found.group().lower()}"[:60]
    return None if accept_language.strip() else "no accept-language"


PURPOSE_HEADERS = ("Sec-Purpose", "Purpose", "X-Moz")


def is_prefetch(purposes: Iterable[str]) -> bool:
    """Whether a browser only fetches ahead, by what its PURPOSE_HEADERS say: nobody has clicked yet."""
    return any("prefetch" in purpose.lower() for purpose in purposes)


def find_referrer_host(referrer: str, *, own_host: str) -> str | None:
    """The other site's host that a click came from; None for our own pages and for what is no address."""
    try:
        host = urlsplit(referrer).hostname
    except ValueError:
        return None
    if not host or host == own_host.partition(":")[0] or not re.fullmatch(r"[a-z0-9.-]{1,253}", host):
        return None
    return host


def is_alive(clicked_at: datetime, *, at: datetime) -> bool:
    """Whether the token of a click made at `clicked_at` still counts `at` a later moment."""
    return clicked_at <= at < clicked_at + CLICK_LIFETIME
