import pytest

from laurel.credentials.rules.negotiation import CREDENTIAL_TYPES, HTML, PAGE_TYPES, negotiate

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
VALIDATOR = "application/ld+json, application/json, application/activity+json, text/plain"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (BROWSER, HTML),
        (None, "application/vc"),
        ("*/*", "application/vc"),
        (VALIDATOR, "application/ld+json"),
        ("application/json", "application/json"),
        ("application/vc+ld+json", "application/vc+ld+json"),
        ("application/json;q=0.5, application/vc;q=0.9", "application/vc"),
        ("application/json, text/html;q=0.9", "application/json"),
        ("APPLICATION/VC", "application/vc"),
        ("application/*", "application/vc"),
        ("text/*", HTML),
        ("application/vc;q=0, */*", "application/ld+json"),
        ("image/png", None),
        ("text/html;q=0", None),
        ("application/json;q=nonsense", "application/json"),
        (",,;q=1,", None),
    ],
)
def test_the_best_type_that_the_client_names_wins(accept: str | None, chosen: str | None) -> None:
    assert negotiate(accept, PAGE_TYPES) == chosen


def test_a_browser_gets_json_where_there_is_no_page() -> None:
    assert negotiate(BROWSER, CREDENTIAL_TYPES) == "application/vc"
