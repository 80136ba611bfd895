from datetime import timedelta

import pytest

from laurel.accounts.rules import (
    CAPABILITIES,
    PASSWORD_MAX,
    Role,
    capabilities_of,
    check_password,
    describe_browser,
    is_staff,
    parse_roles,
    session_limits,
)
from laurel.core.errors import InvalidInputError

SUPPORT = {"backoffice:enter", "people:read", "orders:read", "credentials:read"}
SUPPORT |= {"attempts:read", "attempts:extend", "attempts:review", "accommodations:write"}


@pytest.mark.parametrize(
    ("roles", "capabilities"),
    [
        ([], set()),
        (["author"], {"studio:enter", "question:write", "course:write", "grading:own"}),
        (["marketer"], {"studio:enter", "article:write", "cta:write"}),
        (["support"], SUPPORT),
        (["author", "marketer"], {"studio:enter", "question:write", "course:write", "grading:own", "article:write", "cta:write"}),
        (["a role of the future"], set()),
    ],
)
def test_a_role_gives_these_capabilities_and_no_other(roles: list[str], capabilities: set[str]) -> None:
    assert capabilities_of(roles) == capabilities


def test_an_admin_may_all_but_keys_and_roles() -> None:
    assert CAPABILITIES[Role.OWNER] - CAPABILITIES[Role.ADMIN] == {"keys:write", "roles:write"}
    assert CAPABILITIES[Role.ADMIN] > CAPABILITIES[Role.AUTHOR] | CAPABILITIES[Role.MARKETER] | CAPABILITIES[Role.SUPPORT]


@pytest.mark.parametrize(
    ("roles", "expected"), [(["author", "marketer"], False), (["author", "support"], True), (["owner"], True), ([], False)]
)
def test_staff_is_who_enters_the_back_office(roles: list[str], expected: bool) -> None:
    assert is_staff(roles) is expected
    assert ("backoffice:enter" in capabilities_of(roles)) is expected


def test_staff_sessions_are_short() -> None:
    assert session_limits(["admin"]) == (timedelta(minutes=30), timedelta(hours=12))
    assert session_limits([]) == (timedelta(days=14), timedelta(days=60))


def test_roles_are_kept_once_in_their_order() -> None:
    assert parse_roles(["admin", "author", "admin"]) == ["author", "admin"]


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(ValueError, match="emperor"):
        parse_roles(["emperor"])


@pytest.mark.parametrize(
    "password",
    [
        "violin123",
        "password1",
        "password12",
        "Passw0rd!!",
        "p4$$w0rd2026",
        "passwordpassword",
        "laurel2026",
        "Laurel-2026!",
        "1234567890",
        "0987654321",
        "abcdefghij",
        "qwertyuiop",
        "aaaaaaaaaaaa",
        "abababababab",
        "Summer2026!",
        "correct horse battery staple",
        "grace.hopper@example.com",
        "Grace.Hopper",
        "gracehopper1906",
        "tunnel\x00violin",
        "x" * (PASSWORD_MAX + 1),
    ],
)
def test_such_a_password_is_refused(password: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_password(password, email="grace.hopper@example.com", name="Grace Hopper")
    assert refused.value.field == "password"


@pytest.mark.parametrize(
    "password",
    [
        "tunnel violin",
        "  leading and trailing  ",
        "learn-with-laurel",
        "пароль-секретный",
        "🙂🙃😀😁😂🤣😃😄😅😆",
        "vK7#pQ2!zL",
        "8305174926",
        "grace under pressure",
        "w" * 32 + "xyz" * 10,
        "long " * 200,
    ],
)
def test_such_a_password_is_accepted(password: str) -> None:
    check_password(password, email="grace.hopper@example.com", name="Grace Hopper")


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
            "Chrome on Windows",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604.1", "Safari on iPhone"),
        ("", "A browser on an unknown system"),
    ],
)
def test_a_browser_is_named_as_people_know_it(user_agent: str, words: str) -> None:
    assert describe_browser(user_agent) == words
