"""`expand[]`: ids become objects, and parts that are left out by default are put in."""

from collections.abc import Callable
from typing import Any

from stripesim.api.errors import invalid
from stripesim.store import Doc
from stripesim.work import Work

DEEPEST = 4

# For each kind of object, its fields that hold an id, and the kind of object that the id names.
REFERENCES: dict[str, dict[str, str]] = {
    "checkout.session": {
        "customer": "customer",
        "payment_intent": "payment_intent",
        "invoice": "invoice",
        "payment_link": "payment_link",
        "setup_intent": "setup_intent",
        "subscription": "subscription",
        "discounts.coupon": "coupon",
        "discounts.promotion_code": "promotion_code",
    },
    "payment_intent": {
        "customer": "customer",
        "latest_charge": "charge",
        "payment_method": "payment_method",
        "review": "review",
        "on_behalf_of": "account",
    },
    "charge": {
        "customer": "customer",
        "payment_intent": "payment_intent",
        "balance_transaction": "balance_transaction",
        "failure_balance_transaction": "balance_transaction",
        "review": "review",
    },
    "refund": {
        "balance_transaction": "balance_transaction",
        "charge": "charge",
        "customer": "customer",
        "failure_balance_transaction": "balance_transaction",
        "payment_intent": "payment_intent",
        "payment_method": "payment_method",
    },
    "balance_transaction": {"source": ""},
    "discount": {
        "customer": "customer",
        "promotion_code": "promotion_code",
        "source.coupon": "coupon",
    },
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "invoice": {"customer": "customer", "discounts": "discount"},
    "promotion_code": {"customer": "customer", "promotion.coupon": "coupon"},
    "radar.early_fraud_warning": {"charge": "charge", "payment_intent": "payment_intent"},
    "tax_id": {"customer": "customer"},
    "price": {"product": "product"},
    "customer": {"default_source": "source"},
}
SOURCES = {"ch": "charge", "py": "charge", "re": "refund", "dp": "dispute"}

Part = Callable[[Work, Doc], Any]


class Expander:
    """Expands one answer. `parts` gives, for each kind, what is only shown on request."""

    def __init__(self, work: Work, parts: dict[str, dict[str, Part]]) -> None:
        self._work, self._parts = work, parts

    def expand(self, doc: Doc, paths: list[str]) -> Doc:
        for path in paths:
            steps = path.split(".")
            if len(steps) > DEEPEST:
                raise invalid(f"You cannot expand more than {DEEPEST} levels of a property.")
            self._walk(doc, steps, path)
        return doc

    def _walk(self, doc: Doc, steps: list[str], path: str) -> None:
        """Follow the steps from an object (or list) on, expanding on the way."""
        if doc.get("object") == "list":
            if steps[0] != "data":
                message = f"This property cannot be expanded ({path}). You may want to try"
                raise invalid(f"{message} expanding 'data.{path}' instead.", param="expand")
            for item in doc["data"]:
                if steps[1:]:
                    self._walk(item, steps[1:], path)
            return
        self._step(doc, doc, steps, "", path)

    def _step(self, owner: Doc, node: Doc, steps: list[str], above: str, path: str) -> None:
        name, rest = steps[0], steps[1:]
        full = f"{above}.{name}" if above else name
        kind = owner.get("object", "")
        part = self._parts.get(kind, {}).get(full)
        if part is not None:
            node.setdefault(name, part(self._work, owner))
        elif full in REFERENCES.get(kind, {}):
            node[name] = self._resolve(REFERENCES[kind][full], node.get(name))
        elif name not in node or not (rest and isinstance(node[name], dict | list)):
            raise invalid(f"This property cannot be expanded ({path}).", param="expand")
        for child in node[name] if isinstance(node[name], list) else [node[name]]:
            if rest and isinstance(child, dict):
                if "object" in child:
                    self._walk(child, rest, path)
                else:
                    self._step(owner, child, rest, full, path)

    def _resolve(self, kind: str, value: Any) -> Any:
        if isinstance(value, list):
            return [self._resolve(kind, one) for one in value]
        if not isinstance(value, str):
            return value  # null, or expanded by an earlier path
        return self._work.books.get(kind or SOURCES[value.split("_")[0]], value)
