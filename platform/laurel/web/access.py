"""Who may enter. Every view says it with `@policy`; a view that does not say it is closed to everybody."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask, abort, current_app, g, request
from flask.typing import ResponseReturnValue

from laurel.web.session import SAFE_METHODS

PUBLIC = "public"
"""Anyone. The page reads no cookie, so it can be cached."""
SIGNED_IN = "signed_in"
"""Anyone who is signed in; whose things they see is decided by the queries."""
ANYONE = "anyone"
"""Anyone, signed in or not, and the page may know who (sign-in and registration)."""
WEBHOOK = "webhook"
"""A machine that proves itself by a signature; no cookie is read."""
READING = "reading"
"""Anyone, with a POST that changes nothing: what it carries is looked at and forgotten. No cookie is read, and nothing is written but that
somebody guessed."""

ENTRIES = frozenset({PUBLIC, SIGNED_IN, ANYONE, WEBHOOK, READING})

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at the page, as far as pages need to know."""

    id: UUID
    name: str
    email: str
    capabilities: frozenset[str]
    has_second_factor: bool = True

    def may(self, capability: str) -> bool:
        return capability in self.capabilities

    @property
    def may_author(self) -> bool:
        return self.may("question:write")

    @property
    def may_market(self) -> bool:
        return self.may("article:write")

    @property
    def is_staff(self) -> bool:
        return self.may("backoffice:enter")


def policy(*, writes_on_get: bool = False, **methods: str) -> Callable[[View], View]:
    """Declare who may use a view, method by method: `@policy(GET=PUBLIC, POST="article:write")`.

    A value is PUBLIC, ANYONE, SIGNED_IN, WEBHOOK, READING or a capability of `accounts.rules`. HEAD follows GET.
    `writes_on_get` names the rare GET that records something (a CTA click).
    """

    def declare(view: View) -> View:
        view.access_policy = dict(methods)  # type: ignore[attr-defined]
        view.writes_on_get = writes_on_get  # type: ignore[attr-defined]
        view.reads_on_post = methods.get("POST") == READING  # type: ignore[attr-defined]
        return view

    return declare


def purpose(words: Callable[..., str]) -> Callable[[View], View]:
    """Declare why a stranger comes to a view, `words` taking its arguments: `@purpose(lambda slug: "enroll in …")`.

    Whoever is not signed in is then asked to register first, and told what for.
    """

    def declare(view: View) -> View:
        view.purpose = words  # type: ignore[attr-defined]
        return view

    return declare


def set_policy(app: Flask, endpoint: str, **methods: str) -> None:
    """Declare the policy of a view that a library registered."""
    policy(writes_on_get=False, **methods)(app.view_functions[endpoint])


def policy_of(app: Flask, endpoint: str) -> dict[str, str] | None:
    """The declared policy of an endpoint, or None if nobody declared one."""
    return getattr(app.view_functions.get(endpoint), "access_policy", None)


def viewer() -> Viewer | None:
    """Who is signed in, on pages that may know it; None on public ones."""
    found: Viewer | None = g.get("viewer")
    return found


def my_id() -> UUID:
    """The id of the person who is signed in. Only for views behind SIGNED_IN or a capability."""
    found = viewer()
    if found is None:
        raise RuntimeError("This view needs a policy that asks for a signed-in person.")
    return found.id


@dataclass(frozen=True)
class Gate:
    """How to find out who is there and what to do with those who may not enter; given by `accounts`."""

    identify: Callable[[], Viewer | None]
    ask_to_sign_in: Callable[[], ResponseReturnValue]
    ask_for_second_factor: Callable[[], ResponseReturnValue]


def init_app(app: Flask, gate: Gate) -> None:
    """Check every request against its view's policy before the view runs. Deny by default."""

    @app.before_request
    def enforce() -> ResponseReturnValue | None:
        if request.routing_exception is not None or request.endpoint is None or request.method == "OPTIONS":
            return None
        declared = policy_of(app, request.endpoint)
        method = "GET" if request.method == "HEAD" else request.method
        if declared is None or method not in declared:
            current_app.logger.error("No access policy for %s %s", method, request.endpoint)
            abort(500)
        return _admit(declared[method], gate)


def _admit(entry: str, gate: Gate) -> ResponseReturnValue | None:
    if entry in {PUBLIC, WEBHOOK, READING}:
        return None
    g.viewer = gate.identify()
    if entry == ANYONE:
        return None
    if g.viewer is None:
        if request.method in SAFE_METHODS and not request.is_json:
            return gate.ask_to_sign_in()
        abort(401)
    if entry == SIGNED_IN:
        return None
    if not g.viewer.may(entry):
        abort(403)
    if not g.viewer.has_second_factor:
        return gate.ask_for_second_factor()
    return None
