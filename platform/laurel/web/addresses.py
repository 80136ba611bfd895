"""Numbers in addresses."""

from werkzeug.routing import IntegerConverter

LARGEST = 2**31 - 1
"""The largest integer that a column keeps on PostgreSQL."""


class StorableInteger(IntegerConverter):
    """`<int:…>`: a number that a database column could hold. Any other is an address that does not exist."""

    regex = r"\d{1,10}"

    def __init__(self, map: object, *args: int, **kwargs: int) -> None:  # noqa: A002 (werkzeug's name)
        super().__init__(map, *args, **{"max": LARGEST, **kwargs})  # type: ignore[arg-type]
