"""Holding the chain of events against its anchors: those of our own table, and those that somebody kept where it does not reach."""

from collections.abc import Iterable, Iterator
from itertools import islice

from sqlalchemy.orm import Session

from laurel.credentials.ed25519_gateway import fits
from laurel.credentials.queries import chain
from laurel.credentials.rules.anchors import Anchor, find_anchors
from laurel.credentials.rules.auditing import Difference

PAGE = 500


def compare_kept_anchors(session: Session) -> Iterator[Difference]:
    """Every anchor of the table. Its words count, not its columns."""
    after = 0
    while page := chain.list_anchors(session, after=after, limit=PAGE):
        after = page[-1].position
        said = [(row, next(find_anchors([row.statement]), None)) for row in page]
        for row, anchor in said:
            if anchor is None or (anchor.position, anchor.hash) != (row.position, row.hash):
                yield Difference(subject=f"anchor {row.position}", detail="its line does not say what is stored of it")
        yield from compare_anchors(session, [anchor for _row, anchor in said if anchor is not None])


def compare_anchors(session: Session, anchors: Iterable[Anchor]) -> Iterator[Difference]:
    """Whether each was signed by a key of ours, and the chain is still what it says."""
    left = iter(anchors)
    while page := list(islice(left, PAGE)):
        hashes = chain.map_hashes(session, {anchor.position for anchor in page})
        keys = {method: chain.find_key_by_method(session, method) for method in {anchor.method for anchor in page}}
        for anchor in page:
            key, subject = keys[anchor.method], f"anchor {anchor.position}"
            if key is None or not fits(anchor.words.encode(), anchor.signature, key.public_key):
                yield Difference(subject=subject, detail=f"{anchor.method} did not sign it: “{anchor.words}”")
            elif anchor.position not in hashes:
                yield Difference(subject=subject, detail=f"the history had {anchor.position} entries when it was made, and ends before")
            elif hashes[anchor.position] != anchor.hash:
                yield Difference(subject=subject, detail=f"entry {anchor.position} of the history was another one when it was made")
