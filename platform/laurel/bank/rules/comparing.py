"""What changed between two versions of a question, part by part and word by word."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from laurel.bank.rules.kinds import Part

MAX_WORDS = 200
WORD = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of a text that is the same on both sides, or is not."""

    text: str
    is_changed: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """One part, before and after."""

    label: str
    before: Sequence[Segment]
    after: Sequence[Segment]

    @property
    def is_changed(self) -> bool:
        return any(segment.is_changed for segment in (*self.before, *self.after))


def compare(before: Iterable[Part], after: Iterable[Part]) -> list[Comparison]:
    """Every part of either side, in the order of the newer one; a part that one side lacks is empty there."""
    old, new = ({part.label: part.text for part in parts} for parts in (before, after))
    labels = [*new, *(label for label in old if label not in new)]
    return [Comparison(label, *_compare_texts(old.get(label, ""), new.get(label, ""))) for label in labels]


def _compare_texts(old: str, new: str) -> tuple[list[Segment], list[Segment]]:
    """Both texts in segments. What they begin and end with in common is set aside first; a very long rest is all changed."""
    before, after = WORD.findall(old), WORD.findall(new)
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    left = [_segment(before[:start], is_changed=False)]
    right = [_segment(after[:start], is_changed=False)]
    old_words, new_words = before[start : len(before) - end], after[start : len(after) - end]
    for is_changed, i1, i2, j1, j2 in _spans(old_words, new_words):
        left.append(_segment(old_words[i1:i2], is_changed=is_changed))
        right.append(_segment(new_words[j1:j2], is_changed=is_changed))
    left.append(_segment(before[len(before) - end :], is_changed=False))
    right.append(_segment(after[len(after) - end :], is_changed=False))
    return [segment for segment in left if segment.text], [segment for segment in right if segment.text]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words two runs begin with in common."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _spans(old: Sequence[str], new: Sequence[str]) -> list[tuple[bool, int, int, int, int]]:
    """(is changed, from and to in the old, from and to in the new)."""
    if max(len(old), len(new)) > MAX_WORDS:  # comparing takes cubic time where words repeat
        return [(True, 0, len(old), 0, len(new))]
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return [(what != "equal", i1, i2, j1, j2) for what, i1, i2, j1, j2 in matcher.get_opcodes()]


def _segment(words: Sequence[str], *, is_changed: bool) -> Segment:
    return Segment("".join(words), is_changed)
