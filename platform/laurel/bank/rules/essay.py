"""Essay: a text that a person reads and gives points for, criterion by criterion."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal
from typing import Any, ClassVar, Self

from laurel.bank.rules.findings import Finding, error, warning
from laurel.bank.rules.grades import ONE, TEN_PLACES, ZERO, Grade, Judgement, state_of
from laurel.bank.rules.kinds import Answer, Body, Json, Part, QuestionKind, Renderers, Review
from laurel.bank.rules.numbers import parse_number
from laurel.bank.rules.reading import MAX_LINE, clean_text, read_html, read_number, read_rows, read_text, refuse, write_number
from laurel.core.errors import InvalidInputError

MAX_LENGTH = 15_000
"""Characters of an answer. At four bytes each, one saved answer stays below the 64 kB that the save route takes."""
MAX_CRITERIA = 20
MAX_LEVELS = 10
MAX_NAME = 200
MAX_POINTS = 1000
MAX_WORDS = 5000
CONTROLS = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"}
STORABLE = CONTROLS | {ord(sign): "\n" for sign in "\x0b\x0c\x85\u2028\u2029"}
"""Line ends of word processors become ours, other control characters go: no essay is refused for what its pasting brought along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One step of a criterion: what an answer is like that earns these points."""

    points: Decimal
    text: str

    def to_json(self) -> dict[str, Any]:
        return {"points": write_number(self.points), "text": self.text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One thing that the grader looks at. With levels, one of them is chosen; without, any points from 0 to `points`."""

    name: str
    points: Decimal
    description: str = ""
    levels: tuple[Level, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "points": write_number(self.points),
            "description": self.description,
            "levels": [level.to_json() for level in self.levels],
        }

    def read(self, text: str, *place: str | int) -> Decimal:
        """The points that a grader wrote or chose; refuses what this criterion cannot earn."""
        points = parse_number(text.strip().replace(",", "."))
        if self.levels:
            if points not in {level.points for level in self.levels}:
                refuse(f"Choose a level for “{self.name}”.", *place)
        elif points is None or not 0 <= points <= self.points or points != round(points, 2):
            refuse(f"Give “{self.name}” from 0 to {write_number(self.points)} points, with two decimal places at most.", *place)
        return points if points is not None else ZERO

    def level_of(self, points: Decimal) -> str:
        """What the level with these points says, "" if there is none."""
        return next((level.text for level in self.levels if level.points == points), "")


def _read_points(row: Mapping[str, Any], *place: str | int, least: Decimal) -> Decimal:
    points = read_number(row, "points", *place, default="-1")
    if not least <= points <= MAX_POINTS or points != round(points, 2):
        refuse(f"Write points from {write_number(least)} to {MAX_POINTS}, with two decimal places at most.", *place, "points")
    return Decimal(write_number(points))


def _read_level(row: Mapping[str, Any], number: int, *place: str | int) -> Level:
    try:
        text = _one_line(read_text(row, "text", limit=MAX_LINE))
        points = _read_points(row, least=ZERO)
    except InvalidInputError as wrong:
        refuse(f"Level {number}: {wrong.message}", *place)
    if not text:
        refuse(f"Level {number}: say what an answer is like that earns its points.", *place)
    return Level(points=points, text=text)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _read_criterion(row: Mapping[str, Any], index: int) -> Criterion:
    place = ("criteria", index)
    name = _one_line(read_text(row, "name", *place, limit=MAX_NAME))
    if not name:
        refuse(f"Name criterion {index + 1}, or remove it.", *place, "name")
    points = _read_points(row, *place, least=Decimal("0.01"))
    rows = read_rows(row, "levels", most=MAX_LEVELS, noun="levels")
    levels = tuple(_read_level(level, number, *place, "levels") for number, level in enumerate(rows, start=1))
    if len({level.points for level in levels}) < len(levels):
        refuse("Two levels earn the same points.", *place, "levels")
    if any(level.points > points for level in levels):
        refuse(f"A level earns more than the {write_number(points)} points of its criterion.", *place, "levels")
    return Criterion(name=name, points=points, description=read_text(row, "description", *place, limit=MAX_LINE), levels=levels)


def _read_words(data: Json, key: str) -> int | None:
    """A number of words, None if it is blank."""
    if data.get(key) is None:
        return None
    number = read_number(data, key, default="0")
    if not 0 <= number <= MAX_WORDS or number != int(number):
        refuse(f"Write a whole number of words, {MAX_WORDS:,} at most, or leave it empty.", key)
    return int(number) or None


def count_words(text: str) -> int:
    """How many words a text has: what stands between spaces."""
    return len(text.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Essay(Body):
    """What to write and how much, and what its grader looks for. Word limits are told, not enforced.

    `model_answer` and `grader_notes` are the key: the notes are for graders alone.
    """

    kind: ClassVar[QuestionKind] = QuestionKind.ESSAY

    criteria: tuple[Criterion, ...]
    instructions: str = ""
    instructions_html: str = ""
    min_words: int | None = None
    max_words: int | None = None
    model_answer: str = ""
    model_answer_html: str = ""
    grader_notes: str = ""
    grader_notes_html: str = ""

    @classmethod
    def from_json(cls, data: Json) -> Self:
        rows = read_rows(data, "criteria", most=MAX_CRITERIA, noun="criteria")
        least, most = _read_words(data, "min_words"), _read_words(data, "max_words")
        if least is not None and most is not None and least > most:
            refuse("The most words are fewer than the least.", "max_words")
        return cls(
            criteria=tuple(_read_criterion(row, index) for index, row in enumerate(rows)),
            instructions=read_text(data, "instructions"),
            instructions_html=read_html(data, "instructions_html"),
            min_words=least,
            max_words=most,
            model_answer=read_text(data, "model_answer"),
            model_answer_html=read_html(data, "model_answer_html"),
            grader_notes=read_text(data, "grader_notes"),
            grader_notes_html=read_html(data, "grader_notes_html"),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "criteria": [criterion.to_json() for criterion in self.criteria],
            "instructions": self.instructions,
            "instructions_html": self.instructions_html,
            "min_words": str(self.min_words or ""),
            "max_words": str(self.max_words or ""),
            "model_answer": self.model_answer,
            "model_answer_html": self.model_answer_html,
            "grader_notes": self.grader_notes,
            "grader_notes_html": self.grader_notes_html,
        }

    def rendered(self, render: Renderers) -> Self:
        return replace(
            self,
            instructions_html=render.block(self.instructions),
            model_answer_html=render.block(self.model_answer),
            grader_notes_html=render.block(self.grader_notes),
        )

    def parse_answer(self, raw: Any) -> Answer:
        """`{"text": …}` with its line breaks; what cannot be seen is left out rather than refused."""
        if raw is None:
            return None
        if not isinstance(raw, dict) or raw.keys() != {"text"} or not isinstance(raw["text"], str | None):
            refuse("An answer to this question is a text.")
        text = clean_text(_storable(raw["text"] or ""), limit=MAX_LENGTH)
        return {"text": text} if text else None

    def judge(self, answer: Json) -> Judgement:
        return Judgement(fraction=ZERO, needs_grader=True)

    def review(self, answer: Answer) -> Review:
        return Review()

    def right_answer_text(self) -> str:
        """There is no right answer in one line: see `model_answer`."""
        return ""

    @property
    def length_asked(self) -> str:
        """`50 to 300 words`, "" where any length will do."""
        if self.min_words and self.max_words:
            return f"{self.min_words} to {self.max_words} words"
        if self.min_words or self.max_words:
            return f"{self.min_words} words or more" if self.min_words else f"{self.max_words} words at most"
        return ""

    @property
    def max_points(self) -> Decimal:
        return sum((criterion.points for criterion in self.criteria), ZERO)

    def read_points(self, raw: Sequence[str]) -> tuple[Decimal, ...]:
        """A grader's points, one for each criterion in order; refuses a wrong one at the place `points-<index>`."""
        if len(raw) != len(self.criteria):
            refuse("Give points for every criterion.")
        return tuple(criterion.read(text, "points", at) for at, (criterion, text) in enumerate(zip(self.criteria, raw, strict=True)))

    def grade_points(self, points: Sequence[Decimal]) -> Grade:
        """The grade that follows from a grader's points."""
        fraction = self.mark_for(points, max_mark=ONE).normalize() + ZERO
        return Grade(fraction=fraction, state=state_of(fraction))

    def mark_for(self, points: Sequence[Decimal], *, max_mark: Decimal) -> Decimal:
        """The share of `max_mark` that these points earn, with ten places, which is what the databases keep. It is rounded up in
        the last one, so that three thirds are a whole: who reaches the pass mark exactly shall pass."""
        if not self.max_points:
            return ZERO
        return (sum(points, ZERO) * max_mark / self.max_points).quantize(TEN_PLACES, ROUND_CEILING)

    def check(self) -> list[Finding]:
        found = []
        if not self.criteria:
            found.append(error("There is no criterion: nothing that a grader could give points for.", "criteria"))
        if not self.model_answer:
            found.append(warning("There is no model answer to compare with.", "model_answer"))
        for index, criterion in enumerate(self.criteria):
            place = f"criteria-{index}"
            points = {level.points for level in criterion.levels}
            if points and criterion.points not in points:
                found.append(error(f"No level of “{criterion.name}” earns all its points.", f"{place}-levels"))
            if points and 0 not in points:
                found.append(warning(f"No level of “{criterion.name}” earns nothing.", f"{place}-levels"))
            if not points and not criterion.description:
                found.append(warning(f"“{criterion.name}” does not say what earns its points.", f"{place}-description"))
        return found

    def parts(self) -> list[Part]:
        found = [Part("Instructions", self.instructions), Part("Length", self.length_asked or "any", is_prose=False)]
        for number, criterion in enumerate(self.criteria, start=1):
            found.append(Part(f"Criterion {number}", criterion.name))
            found.append(Part(f"Description of criterion {number}", criterion.description))
            found.append(Part(f"Points of criterion {number}", write_number(criterion.points), is_prose=False))
            found.append(Part(f"Levels of criterion {number}", write_levels(criterion.levels)))
        return [*found, Part("Model answer", self.model_answer), Part("Notes for graders", self.grader_notes)]


def _storable(text: str) -> str:
    """The text in NFC with plain line ends and without control characters, so that its length is the one that is stored."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").translate(STORABLE))


def write_levels(levels: Sequence[Level]) -> str:
    """One line for each level, `4: Clear and complete`, as authors write them."""
    return "\n".join(f"{write_number(level.points)}: {level.text}" for level in levels)


def read_levels(text: str) -> list[dict[str, str]]:
    """The other way round, as JSON for the body; a line without points has none."""
    rows = [line.partition(":") for line in text.split("\n") if line.strip()]
    return [
        {"points": points.strip() if colon else "", "text": words.strip() if colon else points.strip()} for points, colon, words in rows
    ]
