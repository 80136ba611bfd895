"""Ordering: items are brought into an order; a scheme says what the order is worth."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, cast

from laurel.bank.rules.findings import Finding, error
from laurel.bank.rules.grades import GradeState, Judgement
from laurel.bank.rules.keys import fill_in, read_key
from laurel.bank.rules.kinds import (
    Answer,
    Body,
    Chosen,
    Inputs,
    Json,
    Part,
    PartReview,
    QuestionKind,
    Renderers,
    Review,
    ShownOption,
    Shuffling,
    plain_text,
)
from laurel.bank.rules.orders import Scheme, worth
from laurel.bank.rules.reading import MAX_LINE, read_choice, read_html, read_rows, read_text, refuse

MAX_ITEMS = 12
LEAST_ITEMS = 3
"""Of two items the order that is shown, which is never the right one, would tell the right one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that has a place in the order."""

    key: str
    text: str
    feedback: str = ""
    html: str = ""
    feedback_html: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"key": self.key, "text": self.text, "html": self.html, "feedback": self.feedback, "feedback_html": self.feedback_html}

    @property
    def words(self) -> str:
        return plain_text(self.html) or self.text


def _read_item(row: Mapping[str, Any], index: int) -> Item:
    place = ("items", index)
    text = read_text(row, "text", *place, limit=MAX_LINE)
    if not text:
        refuse(f"Write item {index + 1}, or remove it.", *place, "text")
    return Item(
        key=read_key(row, *place),
        text=text,
        feedback=read_text(row, "feedback", *place),
        html=read_html(row, "html"),
        feedback_html=read_html(row, "feedback_html"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering(Body):
    """Items in the right order, and the scheme by which another order is graded."""

    kind: ClassVar[QuestionKind] = QuestionKind.ORDERING
    inputs: ClassVar[Inputs] = Inputs.PARTS
    shuffling: ClassVar[Shuffling] = Shuffling.ALWAYS

    items: tuple[Item, ...]
    scheme: Scheme = Scheme.ABSOLUTE_POSITION

    @classmethod
    def from_json(cls, data: Json) -> Self:
        items = [_read_item(row, index) for index, row in enumerate(read_rows(data, "items", most=MAX_ITEMS, noun="items"))]
        keys = fill_in([item.key for item in items], [item.text for item in items])
        return cls(
            items=tuple(replace(item, key=key) for item, key in zip(items, keys, strict=True)),
            scheme=read_choice(data, "scheme", Scheme, default=Scheme.ABSOLUTE_POSITION),
        )

    def to_json(self) -> dict[str, Any]:
        return {"items": [item.to_json() for item in self.items], "scheme": self.scheme.value}

    def rendered(self, render: Renderers) -> Self:
        items = (replace(item, html=render.inline(item.text), feedback_html=render.block(item.feedback)) for item in self.items)
        return replace(self, items=tuple(items))

    def parse_answer(self, raw: Any) -> Answer:
        """A list with the key of the item in each place, null where there is none yet."""
        if raw is None:
            return None
        if not isinstance(raw, dict) or raw.keys() != {"order"} or not isinstance(raw["order"], list):
            refuse("An answer to this question is a list of items.")
        order = raw["order"]
        if len(order) != len(self.items):
            refuse("This question has as many places as items.")
        known = {item.key for item in self.items}
        if not all(key is None or (isinstance(key, str) and key in known) for key in order):
            refuse("That is not an item of this question.")
        placed = [key for key in order if key is not None]
        if len(set(placed)) < len(placed):
            refuse("An item has one place only.")
        return {"order": list(order)} if placed else None

    def from_form(self, chosen: Chosen) -> Any:
        """The order that follows from the place of each item; raises InvalidInputError if two want the same."""
        places = {key: place for key, place in cast(Mapping[str, str], chosen).items() if place}
        order: list[str | None] = [None] * len(self.items)
        for key, place in places.items():
            if not (place.isascii() and place.isdigit() and len(place) < 4 and 1 <= int(place) <= len(order)):
                refuse("That is not a place in this order.")
            order[int(place) - 1] = key
        twice = sorted(int(place) for place, count in Counter(places.values()).items() if count > 1)
        if twice:
            refuse(f"Two items are in place {twice[0]}. Give each item a place of its own.")
        return {"order": order}

    def to_form(self, answer: Answer) -> Chosen:
        return {key: str(place) for place, key in enumerate(answer["order"], start=1) if key is not None} if answer else {}

    def judge(self, answer: Json) -> Judgement:
        right = {item.key: place for place, item in enumerate(self.items)}
        return Judgement(fraction=worth(self.scheme, [None if key is None else right[key] for key in answer["order"]]))

    def review(self, answer: Answer) -> Review:
        order = answer["order"] if answer else [None] * len(self.items)
        return Review(
            parts={
                item.key: PartReview(self._state(item, place, order), item.feedback_html, f"Place {place + 1}")
                for place, item in enumerate(self.items)
            }
        )

    def _state(self, item: Item, place: int, order: Sequence[str | None]) -> GradeState | None:
        if item.key not in order:
            return GradeState.GAVE_UP
        if not self.scheme.judges_places:
            return None
        return GradeState.CORRECT if order[place] == item.key else GradeState.INCORRECT

    def right_answer_text(self) -> str:
        return "; ".join(f"{place}. {item.words}" for place, item in enumerate(self.items, start=1))

    def check(self) -> list[Finding]:
        found = []
        if len(self.items) < LEAST_ITEMS:
            found.append(error("A question about an order needs three items at least.", "items"))
        seen: set[str] = set()
        for index, item in enumerate(self.items):
            if item.text.casefold() in seen:
                found.append(error(f"Item {index + 1} says the same as another one.", f"items-{index}-text"))
            seen.add(item.text.casefold())
        return found

    def parts(self) -> list[Part]:
        found = [Part("Grading", self.scheme.label, is_prose=False)]
        for number, item in enumerate(self.items, start=1):
            found += [Part(f"Item {number}", item.text), Part(f"Feedback on item {number}", item.feedback)]
        return found

    def shown_options(self) -> tuple[ShownOption, ...]:
        """The items by their keys, which say nothing about the order; never the right order."""
        keys = sorted(item.key for item in self.items)
        if keys == self.forbidden_order():
            keys = [*keys[1:], keys[0]]
        items = {item.key: item for item in self.items}
        return tuple(ShownOption(key, items[key].html) for key in keys)

    def arranged(self, order: Sequence[str], answer: Answer) -> Sequence[str]:
        """What has a place in it, what has none yet behind it."""
        placed = [key for key in answer["order"] if key is not None] if answer else []
        return [*placed, *(key for key in order if key not in placed)]

    def forbidden_order(self) -> list[str]:
        return [item.key for item in self.items]
