"""Where a person may be sent after an action: a path on this site, and nothing that a browser could read as another."""

import re
from urllib.parse import urlsplit

# One slash, then printable ASCII without space or backslash.
SAFE = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*\Z")


def is_safe_path(target: str) -> bool:
    """Whether `target` stays on this site in every browser (WHATWG URL parsing)."""
    if not SAFE.match(target):
        return False
    parts = urlsplit(target)
    return not parts.scheme and not parts.netloc and "//" not in parts.path


def safe_next(target: str | None, *, default: str) -> str:
    """`target` if it is a safe path of this site, else `default`."""
    return target if target and len(target) <= 2000 and is_safe_path(target) else default
