"""What a person may do, and which password is none."""

import re
from collections.abc import Collection, Iterable
from datetime import timedelta
from enum import StrEnum

from laurel.core.errors import InvalidInputError


class Role(StrEnum):
    """What a person is besides a learner, which everybody is."""

    AUTHOR = "author"
    MARKETER = "marketer"
    SUPPORT = "support"
    ADMIN = "admin"
    OWNER = "owner"


_AUTHOR = frozenset({"studio:enter", "question:write", "course:write", "grading:own"})
_MARKETER = frozenset({"studio:enter", "article:write", "cta:write"})
_SUPPORT = frozenset({"backoffice:enter", "people:read", "orders:read", "credentials:read", "attempts:review"})
_SUPPORT |= {"attempts:read", "attempts:extend", "accommodations:write"}
_ADMIN = _AUTHOR | _MARKETER | _SUPPORT | {"credentials:write", "jobs:read", "grading:all", "attempts:manage", "overrides:write"}
_ADMIN |= {"payments:write", "codes:write", "prices:write", "revenue:read"}
_OWNER = _ADMIN | {"keys:write", "roles:write"}

CAPABILITIES: dict[Role, frozenset[str]] = {
    Role.AUTHOR: _AUTHOR,
    Role.MARKETER: _MARKETER,
    Role.SUPPORT: _SUPPORT,
    Role.ADMIN: _ADMIN,
    Role.OWNER: _OWNER,
}
STAFF = frozenset({Role.SUPPORT, Role.ADMIN, Role.OWNER})
"""The roles that enter the back office. They need a second factor, and their sessions are short."""


def parse_roles(names: Iterable[str]) -> list[str]:
    """The names as they are kept: known ones only, each once, in the order of `Role`."""
    wanted = {Role(name) for name in names}
    return [role.value for role in Role if role in wanted]


def capabilities_of(role_names: Iterable[str]) -> frozenset[str]:
    """Everything that a person with these roles may do. A role this version does not know gives nothing."""
    known = [Role(name) for name in role_names if name in set(Role)]
    return frozenset().union(*(CAPABILITIES[role] for role in known))


def home_of(capabilities: Collection[str]) -> str:
    """The page that such a person begins with."""
    if "backoffice:enter" in capabilities:
        return "/backoffice"
    return "/studio" if "studio:enter" in capabilities else "/learn"


def is_staff(role_names: Iterable[str]) -> bool:
    """Whether one of the roles enters the back office."""
    return not STAFF.isdisjoint(role_names)


def session_limits(role_names: Iterable[str]) -> tuple[timedelta, timedelta]:
    """How long a session of such a person may idle, and how long it may last at all."""
    if is_staff(role_names):
        return timedelta(minutes=30), timedelta(hours=12)
    return timedelta(days=14), timedelta(days=60)


_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def describe_browser(user_agent: str) -> str:
    """`Firefox on Linux`, as far as the browser says so itself."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), "A browser")
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "an unknown system")
    return f"{browser} on {system}"


# ---- names

NAME_MAX = 120
"""Characters of a person's name, wherever one is typed: for an account, for certificates, in a list of those. Older ones may be longer."""


# ---- passwords

PASSWORD_MIN = 10
PASSWORD_MAX = 1000
PRODUCT_WORDS = frozenset({"laurel", "laurels", "laurelacademy", "academy", "certificate", "certification", "credential", "exam", "course"})
# The words that lists of stolen passwords are made of. Digits, signs, repetition and the usual swaps (p4ssw0rd) are seen
# through, so each stands for all its variants.
_COMMON = """
password passwort mypassword thepassword newpassword motdepasse contrasena wachtwoord haslo parola senha
qwerty qwertyuiop qwertz qwertzuiop azerty azertyuiop asdf asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx qazwsxedc qweasd qweasdzxc qwe asd
poiuytrewq mnbvcxz abc abcd abcdef abcdefg abcdefgh abcdefghij xyz admin administrator root toor superuser user username guest test
tester testing demo default sample example welcome welcomeback letmein letmeinnow login logmein signin changeme changemenow
pleasechangeme secret topsecret mysecret private access open opensesame master masterkey trustno trustnoone nopassword nopass pass
passphrase iloveyou iloveyouforever iloveu iloveme loveyou loveme lovely love ilovegod mylove jesus jesuschrist god blessed faith angel
angels heaven princess prince queen king sunshine sunflower rainbow flower flowers butterfly summer winter spring autumn monday tuesday
wednesday thursday friday saturday sunday january february march april may june july august september october november december monkey
dragon tiger lion eagle falcon phoenix wolf shadow ninja samurai pirate warrior hunter cheese chocolate cookie cookies banana
strawberry pepper ginger coffee whatever nothing something anything blah football baseball basketball soccer hockey liverpool arsenal
chelsea barcelona realmadrid juventus manchester manchesterunited yankees lakers cowboys steelers superman batman spiderman ironman
starwars pokemon pikachu naruto minecraft fortnite roblox harrypotter hellokitty mickeymouse donald garfield snoopy michael michelle
jennifer jessica ashley daniel andrew joshua matthew thomas robert william charlie charlotte jordan hannah samantha elizabeth alexander
alexandra victoria nicole stephanie patrick anthony computer internet microsoft windows google facebook samsung iphone linkedin
instagram youtube twitter hello helloworld goodbye forever freedom money mustang mercedes ferrari porsche corvette yamaha maverick
merlin mexico london newyork paris canada america germany france spain india correcthorsebatterystaple
"""
COMMON_WORDS = frozenset(_COMMON.split())
_SWAPS = str.maketrans({"0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
_RUNS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm")
_ENDING = "0123456789!?.*#$-_ "


def check_password(password: str, *, email: str = "", name: str = "") -> None:
    """Raise InvalidInputError unless the password may be used. Length first, nothing is changed about it: it is kept as typed."""
    if "\x00" in password:
        raise InvalidInputError("A password cannot contain that character.", field="password")
    if len(password) < PASSWORD_MIN:
        raise InvalidInputError(f"Use {PASSWORD_MIN} characters or more.", field="password")
    if len(password) > PASSWORD_MAX:
        raise InvalidInputError(f"Use {PASSWORD_MAX} characters at most.", field="password")
    if _is_personal(password, email, name):
        raise InvalidInputError("Use something that is not your name or e-mail address.", field="password")
    if _is_common(password):
        raise InvalidInputError("That password is one of the first that others would guess. Choose another.", field="password")


def _is_personal(password: str, email: str, name: str) -> bool:
    own = {_letters(email), _letters(email.partition("@")[0]), _letters(name), *(_letters(part) for part in name.split())}
    return password.casefold() == email.casefold() or _letters(password) in own - {""}


def _is_common(password: str) -> bool:
    folded = password.casefold()
    if len(set(folded)) <= 3 or any(folded in run or folded in run[::-1] for run in _RUNS):
        return True
    readings = {_letters(folded), _letters(folded.translate(_SWAPS)), _letters(folded.rstrip(_ENDING).translate(_SWAPS))}
    return not {_unrepeated(reading) for reading in readings}.isdisjoint(COMMON_WORDS | PRODUCT_WORDS)


def _letters(text: str) -> str:
    return re.sub(r"[\W\d_]+", "", text.casefold())


def _unrepeated(text: str) -> str:
    """`abcabc` as `abc`."""
    return text[: (text + text).find(text, 1)] if text else text
