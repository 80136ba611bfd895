"""Webhook endpoints that a shop registers over the API, each with a signing secret of its own."""

from typing import Any

from stripesim import API_VERSION
from stripesim.api.endpoint import PAGE, Call, Endpoint
from stripesim.api.errors import invalid
from stripesim.api.paging import page
from stripesim.api.shape import Boolean, Choice, Field, Group, ListOf, Metadata, Text, Unsettable, Url
from stripesim.events import TYPES
from stripesim.ids import new_id, random_text
from stripesim.metadata import merged
from stripesim.store import Doc
from stripesim.webhooks.listeners import KIND

LABEL = "webhook endpoint"
MOST = 16
EVENTS = ListOf(Choice(("*", *TYPES)), most=250)
COMMON: dict[str, Field] = {
    "description": Unsettable(Text(5000)),
    "enabled_events": EVENTS,
    "metadata": Metadata(),
    "url": Url(),
}
CREATE = Group(COMMON | {"api_version": Text(), "connect": Boolean()}, ("enabled_events", "url"))
CHANGE = Group(COMMON | {"disabled": Boolean()})


def create_endpoint(call: Call) -> Doc:
    """Register an address. The answer alone shows its secret."""
    work, params = call.work, call.params
    _check(call, params)
    endpoint = {
        "id": new_id("we"),
        "object": KIND,
        "api_version": params.get("api_version"),
        "application": None,
        "created": work.now,
        "description": params.get("description"),
        "enabled_events": params["enabled_events"],
        "livemode": False,
        "metadata": merged({}, params),
        "status": "enabled",
        "url": params["url"],
    }
    secret = f"whsec_{random_text(32)}"
    work.books.insert(endpoint, {"secret": secret})
    return endpoint | {"secret": secret}


def _check(call: Call, params: dict[str, Any]) -> None:
    if params.get("api_version", API_VERSION) != API_VERSION:
        raise invalid(f"Invalid Stripe API version: {params['api_version']}. The sandbox speaks {API_VERSION}.", param="api_version")
    if params.get("connect"):
        raise invalid("The sandbox has no connected accounts.", param="connect")
    if len(call.work.books.list(KIND)) >= MOST:
        raise invalid(f"You have reached the maximum of {MOST} test webhook endpoints.")


def get_endpoint(call: Call) -> Doc:
    return call.subject(KIND, label=LABEL)


def update_endpoint(call: Call) -> Doc:
    endpoint, params = call.subject(KIND, label=LABEL), call.params
    changes = {name: params[name] for name in ("description", "enabled_events", "url") if name in params}
    changed = endpoint | changes | {"metadata": merged(endpoint["metadata"], params)}
    if "disabled" in params:
        changed["status"] = "disabled" if params["disabled"] else "enabled"
    call.work.books.update(changed)
    return changed


def delete_endpoint(call: Call) -> Doc:
    endpoint = call.subject(KIND, label=LABEL)
    call.work.books.retire(endpoint)
    return {"id": endpoint["id"], "object": KIND, "deleted": True}


def list_endpoints(call: Call) -> Doc:
    return page(call, KIND)


ENDPOINTS = (
    Endpoint("POST", "/v1/webhook_endpoints", create_endpoint, CREATE),
    Endpoint("GET", "/v1/webhook_endpoints/<object_id>", get_endpoint),
    Endpoint("POST", "/v1/webhook_endpoints/<object_id>", update_endpoint, CHANGE),
    Endpoint("DELETE", "/v1/webhook_endpoints/<object_id>", delete_endpoint),
    Endpoint("GET", "/v1/webhook_endpoints", list_endpoints, Group(PAGE)),
)
