"""Where a person may be sent after an action (specs/trust.md §3.5)."""

import pytest

from laurel.web.redirects import is_safe_path, safe_next


@pytest.mark.parametrize(
    "target", ["/", "/learn", "/exam/12?x=1&y=%20", "/article/caf%C3%A9", "/a?next=https://evil.example", "/a#b", "/%2f%2fevil.example"]
)
def test_a_path_of_this_site_is_safe(target: str) -> None:
    assert is_safe_path(target)


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "///evil.example",
        "////evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\\/evil.example",
        "/a//evil.example",
        "https://evil.example",
        "https:evil.example",
        "http:///evil.example",
        "HTTPS://laurel.test/",
        "javascript:alert(1)",
        "data:text/html,x",
        "evil.example",
        "evil.example/",
        "learn",
        "./learn",
        "?x",
        "#x",
        "",
        " /learn",
        "/ evil",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r\nSet-Cookie: x=1",
        "/\x00",
        "/\u2028",
        "/é",
        "/learn\n",
        "／evil.example",
        "/\u3002evil",
        "\x01/learn",
        "//google%E3%80%82com",
        "/.\\evil.example",
        "/%5cevil.example\\",
        ".evil.example",
        "@evil.example",
        "//laurel.test@evil.example",
        "http:/\\evil.example",
    ],
)
def test_whatever_a_browser_could_read_as_another_site_is_not(target: str) -> None:
    assert not is_safe_path(target)


def test_what_is_not_safe_becomes_the_default() -> None:
    assert safe_next("/courses", default="/learn") == "/courses"
    assert safe_next("//evil.example", default="/learn") == "/learn"
    assert safe_next(None, default="/learn") == "/learn"
    assert safe_next("/" + "a" * 2000, default="/learn") == "/learn"
