"""Matching typed words: `*` stands for any run of characters, `\\*` for a star, everything else for itself."""

import re
import unicodedata

_PARTS = re.compile(r"\\\*|\*|[^\\*]+|\\")


def normalize(text: str, *, case_sensitive: bool) -> str:
    """`text` as it is compared: trimmed, NFC, and without case unless case counts."""
    text = unicodedata.normalize("NFC", text.strip())
    return text if case_sensitive else unicodedata.normalize("NFC", text.casefold())


def split(pattern: str) -> list[str]:
    """The literal runs of a pattern, in order; between two of them stands a star. `a*\\*` is ["a", "*"]."""
    runs = [""]
    for part in _PARTS.findall(pattern.strip()):
        if part == "*":
            runs.append("")
        else:
            runs[-1] += "*" if part == r"\*" else part
    return runs


def matches(pattern: str, text: str, *, case_sensitive: bool) -> bool:
    """Whether `text` matches the whole of `pattern`. Takes time in proportion to the text, whatever the pattern."""
    text = normalize(text, case_sensitive=case_sensitive)
    runs = [_fold(run, case_sensitive=case_sensitive) for run in split(pattern)]
    if len(runs) == 1:
        return text == runs[0]
    first, *middle, last = runs
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for run in middle:
        found = text.find(run, at, end)
        if found < 0:
            return False
        at = found + len(run)
    return True


def _fold(run: str, *, case_sensitive: bool) -> str:
    """A run of a pattern in the text's own form. Not trimmed: a space beside a star counts."""
    run = unicodedata.normalize("NFC", run)
    return run if case_sensitive else unicodedata.normalize("NFC", run.casefold())


def is_near_miss(pattern: str, text: str, *, case_sensitive: bool) -> bool:
    """Whether one character more, less or other would have matched a pattern without stars. For a human to look at, never for credit."""
    runs = split(pattern)
    if len(runs) != 1:
        return False
    right, typed = _fold(runs[0], case_sensitive=case_sensitive), normalize(text, case_sensitive=case_sensitive)
    return right != typed and _is_one_edit_away(right, typed)


def _is_one_edit_away(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1:
        return False
    same = next((at for at, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    rest = short[same + 1 :] if len(short) == len(long) else short[same:]
    return rest == long[same + 1 :]


def show(pattern: str) -> str:
    """A pattern as people read it: an ellipsis where anything may stand."""
    return "…".join(split(pattern)).strip()
