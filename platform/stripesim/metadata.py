"""Metadata: pairs of strings that belong to the shop."""

from stripesim.store import Doc

Pairs = dict[str, str]


def merged(old: Pairs, params: Doc) -> Pairs:
    """The metadata after a request: unnamed keys stay, emptied ones go, an empty whole clears all."""
    if "metadata" not in params:
        return old
    new: Pairs | None = params["metadata"]
    if new is None:
        return {}
    return {key: value for key, value in (old | new).items() if value != ""}
