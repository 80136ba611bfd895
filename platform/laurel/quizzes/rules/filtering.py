"""What a random slot draws from: the filter on its category, and how many easy, medium and hard questions it wants."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from laurel.bank.rules.drafts import EASIEST, HARDEST, MAX_OBJECTIVE
from laurel.bank.rules.tags import clean_tags
from laurel.core.errors import InvalidInputError


class TagsMatch(StrEnum):
    """Whether a question needs all of the tags or any one of them."""

    ALL = "all"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Band:
    """Difficulties that count as one in a spread."""

    name: str
    easiest: int
    hardest: int

    @property
    def label(self) -> str:
        return self.name.capitalize()

    def holds(self, difficulty: int) -> bool:
        return self.easiest <= difficulty <= self.hardest


BANDS = (Band("easy", 1, 2), Band("medium", 3, 3), Band("hard", 4, 5))


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawFilter:
    """Which questions of its category a random slot may draw; the defaults let all of them pass.

    `objective` is found anywhere in the question's own, in whatever case. `spread` says how many of the drawn questions come
    from each of `BANDS`, in their order; empty: as chance has it.
    """

    with_subcategories: bool = False
    tags: tuple[str, ...] = ()
    tags_match: TagsMatch = TagsMatch.ALL
    objective: str = ""
    easiest: int = EASIEST
    hardest: int = HARDEST
    spread: tuple[int, ...] = ()

    @property
    def narrows(self) -> bool:
        """Whether there is any question of its categories that it could keep out."""
        return bool(self.tags or self.objective) or (self.easiest, self.hardest) != (EASIEST, HARDEST)

    def admits(self, *, tags: Collection[str], objective: str, difficulty: int) -> bool:
        """Whether a question of the category may be drawn."""
        if not self.easiest <= difficulty <= self.hardest:
            return False
        if self.objective and self.objective.casefold() not in objective.casefold():
            return False
        return not self.tags or (any if self.tags_match is TagsMatch.ANY else all)(tag in tags for tag in self.tags)

    def words(self) -> list[str]:
        """The filter as an author reads it, part by part; the spread is not among them."""
        found = ["with subcategories"] if self.with_subcategories else []
        if self.tags:
            found.append("tagged " + (" or " if self.tags_match is TagsMatch.ANY else " and ").join(self.tags))
        if self.objective:
            found.append(f"objective “{self.objective}”")
        if (self.easiest, self.hardest) != (EASIEST, HARDEST):
            found.append(f"difficulty {self.easiest}" + (f" to {self.hardest}" if self.hardest > self.easiest else ""))
        return found

    def spread_words(self) -> str:
        """`3 easy, 5 medium, 2 hard`; "" without a spread."""
        return ", ".join(f"{count} {band.name}" for band, count in zip(BANDS, self.spread, strict=False) if count)

    def to_json(self) -> dict[str, Any]:
        return {
            "with_subcategories": self.with_subcategories,
            "tags": list(self.tags),
            "tags_match": self.tags_match.value,
            "objective": self.objective,
            "difficulty": [self.easiest, self.hardest],
            "spread": list(self.spread),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "DrawFilter":
        return cls(
            with_subcategories=data["with_subcategories"],
            tags=tuple(data["tags"]),
            tags_match=TagsMatch(data["tags_match"]),
            objective=data["objective"],
            easiest=data["difficulty"][0],
            hardest=data["difficulty"][1],
            spread=tuple(data["spread"]),
        )


EVERYTHING = DrawFilter()


def check_filter(wanted: DrawFilter, *, count: int) -> None:
    """Raise InvalidInputError, with the field, for a filter that nobody can mean."""
    if clean_tags(wanted.tags) != wanted.tags:
        raise InvalidInputError("Write each tag once, in small letters.", field="tags")
    if len(wanted.objective) > MAX_OBJECTIVE:
        raise InvalidInputError(f"An objective has at most {MAX_OBJECTIVE} characters.", field="objective")
    if not EASIEST <= wanted.easiest <= wanted.hardest <= HARDEST:
        raise InvalidInputError("The difficulty goes from 1 to 5, the lower one first.", field="hardest")
    if not wanted.spread:
        return
    if len(wanted.spread) != len(BANDS) or min(wanted.spread) < 0:
        raise InvalidInputError("A spread says how many easy, medium and hard questions are drawn.", field="spread")
    if sum(wanted.spread) != count:
        raise InvalidInputError(f"The spread adds up to {sum(wanted.spread)}, but {count} are drawn. Make them the same.", field="count")
