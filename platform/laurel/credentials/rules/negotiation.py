"""Which representation of a page a client gets (specs/credentials.md §7)."""

from collections.abc import Sequence

HTML = "text/html"
CREDENTIAL_TYPES = ("application/vc", "application/ld+json", "application/vc+ld+json", "application/json")
PAGE_TYPES = (*CREDENTIAL_TYPES, HTML)
PART_TYPES = ("application/ld+json", "application/json", HTML)
"""What a credential names, the achievement and the evidence: JSON-LD, and no credentials."""


def negotiate(accept: str | None, offered: Sequence[str]) -> str | None:
    """The best type that the client names; where it names none of them, the first that its wildcards allow; else None.

    Among equals the client's own order decides. No Accept header at all is `*/*`.
    """
    wishes = _parse(accept or "*/*")
    refused = {media for media, quality in wishes if quality == 0}
    wanted = sorted((wish for wish in wishes if wish[1] > 0), key=lambda wish: -wish[1])
    named = next((media for media, _quality in wanted if media in offered), None)
    if named is not None:
        return named
    ranges = [media for media, _quality in wanted if media.endswith("/*")]
    return next((media for range_ in ranges for media in offered if media not in refused and _allows(range_, media)), None)


def _parse(accept: str) -> list[tuple[str, float]]:
    wishes = []
    for part in accept.split(",")[:50]:
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((piece.removeprefix("q=") for piece in parameters if piece.startswith("q=")), "1")
        if media:
            wishes.append((media, _quality(quality)))
    return wishes


def _quality(text: str) -> float:
    digits = text.replace(".", "", 1)
    return min(float(text), 1.0) if digits.isascii() and digits.isdigit() and len(text) <= 5 else 1.0


def _allows(range_: str, media: str) -> bool:
    return range_ == "*/*" or media.startswith(range_[:-1])
