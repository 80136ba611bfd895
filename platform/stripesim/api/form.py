"""`a[b][0][c]=1` as nested mappings; lists are told apart from them by the shape, not here."""

import re
from typing import TypeAlias
from urllib.parse import parse_qsl

from stripesim.api.errors import invalid

Raw: TypeAlias = "str | dict[str, Raw]"

NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")


def decode(text: str) -> dict[str, Raw]:
    """The tree of a query string or a form body. Raises `ApiError` for names that contradict."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=2000)
    except ValueError as error:
        raise invalid("The request's parameters could not be read.") from error
    root: dict[str, Raw] = {}
    for name, value in pairs:
        _place(root, name, value)
    return root


def _place(root: dict[str, Raw], name: str, value: str) -> None:
    match = NAME.match(name)
    if match is None:
        raise invalid(f"Invalid parameter name: {name}", param=name)
    steps = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
    node = root
    for step in steps[:-1]:
        below = node.setdefault(step or str(len(node)), {})
        if isinstance(below, str):
            raise invalid(f"Invalid object: {name}", param=name)
        node = below
    node[steps[-1] or str(len(node))] = value
