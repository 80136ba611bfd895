"""Tags and duplicate groups: the two names by which questions belong together across categories."""

from collections.abc import Iterable

from laurel.bank.rules.reading import clean_text, refuse

MAX_TAGS = 20
MAX_TAG = 60
MAX_GROUP = 120


def clean_tags(tags: Iterable[str], field: str = "tags") -> tuple[str, ...]:
    """The tags as they are stored: case-folded, single spaces, each once, in order. Raises InvalidInputError for what is no tag."""
    found = sorted({" ".join(clean_text(tag, field).casefold().split()) for tag in tags} - {""})
    if len(found) > MAX_TAGS:
        refuse(f"There can be {MAX_TAGS} tags at most.", field)
    for tag in found:
        if len(tag) > MAX_TAG or "," in tag:
            refuse(f"A tag has at most {MAX_TAG} characters and no comma in it.", field)
    return tuple(found)


def split_tags(text: str) -> list[str]:
    """Tags as a person writes them, with commas between."""
    return [part for part in (piece.strip() for piece in text.split(",")) if part]


def clean_group(name: str) -> str:
    """The name of a duplicate group as it is stored, so that the same words are the same group."""
    found = " ".join(clean_text(name, "duplicate_group").casefold().split())
    if len(found) > MAX_GROUP:
        refuse(f"The name of a group has at most {MAX_GROUP} characters.", "duplicate_group")
    return found
