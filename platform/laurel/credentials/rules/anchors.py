"""Anchors: signed lines that say how far the chain of events went. A chain by itself cannot show that its end was cut off."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from laurel.credentials.rules.moments import timestamp

EVERY = timedelta(hours=1)
EVERY_ENTRIES = 1_000
FORM = "laurel-anchor-1"
"""An anchor begins with it, so that its signature is good for nothing else: what a proof signs are 64 bytes of two hashes."""
LINE = re.compile(
    rf"({FORM} (\d{{1,12}}) ([0-9a-f]{{64}}) [0-9TZ:-]{{20}} ([^\s\"#]{{1,300}}#[A-Za-z0-9-]{{1,40}})) ([A-Za-z0-9_-]{{86}})(?![\w-])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """What one says, as it is signed (`words`), by which key and with which signature."""

    words: str
    position: int
    hash: str
    method: str
    signature: bytes


def words_of(*, position: int, head: str, at: datetime, method: str) -> str:
    """What is signed: that the entry at `position` was the last one, and its hash."""
    return f"{FORM} {position} {head} {timestamp(at)} {method}"


def write_anchor(words: str, signature: bytes) -> str:
    """The whole line."""
    return f"{words} {urlsafe_b64encode(signature).decode().rstrip('=')}"


def find_anchors(lines: Iterable[str]) -> Iterator[Anchor]:
    """Every anchor in some text, whatever stands before and behind it: a log, a mail, a list."""
    for line in lines:
        for words, position, head, method, signature in LINE.findall(line):
            yield Anchor(words=words, position=int(position), hash=head, method=method, signature=urlsafe_b64decode(signature + "=="))


def is_due(*, grown: int, since: timedelta | None) -> bool:
    """Whether it is time for the next one. `grown`: by how many entries, `since`: how long ago the last one was made, if there is one."""
    return grown > 0 and (since is None or since >= EVERY or grown >= EVERY_ENTRIES)
