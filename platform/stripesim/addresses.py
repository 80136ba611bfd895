"""Postal addresses, as parameters and as parts of objects."""

from stripesim.api.shape import Group, Text, Unsettable
from stripesim.store import Doc

PARTS = ("city", "country", "line1", "line2", "postal_code", "state")
SHAPE = Group({part: Unsettable(Text()) for part in PARTS})


def address(given: Doc | None) -> Doc | None:
    """All the parts of an address, those not given being null."""
    return None if given is None else {part: given.get(part) for part in PARTS}
