"""Who clicked, from where, and how long it counts."""

from datetime import datetime, timedelta

import pytest

from laurel.attribution.rules import CLICK_LIFETIME, find_bot_reason, find_referrer_host, is_alive, is_prefetch

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15"
CUBOT = "Mozilla/5.0 (Linux; Android 11; CUBOT X50) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36"


@pytest.mark.parametrize("user_agent", [FIREFOX, SAFARI, CUBOT])
def test_a_browser_that_speaks_a_language_is_a_person(user_agent: str) -> None:
    assert find_bot_reason(user_agent, "en-US,en;q=0.5") is None


@pytest.mark.parametrize(
    "user_agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36",
        "curl/8.5.0",
        "python-requests/2.32.3",
        "Go-http-client/2.0",
        "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
        "Baiduspider+(+http://www.baidu.com/search/spider.htm)",
    ],
)
def test_a_program_that_says_so_is_flagged_with_the_word(user_agent: str) -> None:
    reason = find_bot_reason(user_agent, "en")

    assert reason is not None
    assert reason.startswith("crawler word: ")


@pytest.mark.parametrize(("user_agent", "language", "reason"), [("", "en", "no user agent"), (FIREFOX, " ", "no accept-language")])
def test_what_no_browser_leaves_out_gives_a_program_away(user_agent: str, language: str, reason: str) -> None:
    assert find_bot_reason(user_agent, language) == reason


@pytest.mark.parametrize(("purposes", "expected"), [(["", "", ""], False), (["prefetch;prerender"], True), (["", "Prefetch"], True)])
def test_fetching_ahead_is_told_by_its_header(purposes: list[str], expected: bool) -> None:
    assert is_prefetch(purposes) is expected


@pytest.mark.parametrize(
    ("referrer", "host"),
    [
        ("https://news.example/story?id=1", "news.example"),
        ("http://laurel.test/articles/a", None),
        ("http://LAUREL.test:8000/articles/a", None),
        ("", None),
        ("about:blank", None),
        ("http://[::1", None),
        ("https://bad_host\\evil/", None),
    ],
)
def test_a_referrer_is_kept_as_its_host_and_only_if_it_is_not_ours(referrer: str, host: str | None) -> None:
    assert find_referrer_host(referrer, own_host="laurel.test:8123") == host


def test_a_click_counts_for_thirty_minutes(now: datetime) -> None:
    assert is_alive(now, at=now)
    assert is_alive(now, at=now + CLICK_LIFETIME - timedelta(seconds=1))
    assert not is_alive(now, at=now + CLICK_LIFETIME)
    assert not is_alive(now, at=now - timedelta(seconds=1))
