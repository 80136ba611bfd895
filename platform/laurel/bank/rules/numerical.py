"""Numerical: the first answer within whose tolerance the typed number lies gives its fraction."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations
from typing import Any, ClassVar, Self

from laurel.bank.rules.findings import Finding, error, warning
from laurel.bank.rules.grades import ALMOST_ONE, ONE, ZERO, Judgement
from laurel.bank.rules.kinds import Answer, Body, Json, Part, QuestionKind, Renderers, Review
from laurel.bank.rules.numbers import MAX_LENGTH, ToleranceKind, Unit, bounds, is_near_enough, parse_number, parse_quantity
from laurel.bank.rules.reading import (
    read_choice,
    read_flag,
    read_fraction,
    read_html,
    read_number,
    read_rows,
    read_text,
    refuse,
    write_number,
    write_percent,
)
from laurel.bank.rules.typed import parse_text

MAX_ANSWERS = 20
MAX_UNITS = 10
ANY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedNumber:
    """A number with its tolerance, and what coming that near is worth. `value` is None for “any number”."""

    value: Decimal | None
    tolerance: Decimal = ZERO
    tolerance_kind: ToleranceKind = ToleranceKind.NOMINAL
    fraction: Decimal = ONE
    feedback: str = ""
    feedback_html: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "value": ANY if self.value is None else write_number(self.value),
            "tolerance": write_number(self.tolerance),
            "tolerance_kind": self.tolerance_kind.value,
            "fraction": write_number(self.fraction),
            "feedback": self.feedback,
            "feedback_html": self.feedback_html,
        }

    def accepts(self, number: Decimal) -> bool:
        return self.value is None or is_near_enough(number, self.value, tolerance=self.tolerance, kind=self.tolerance_kind)

    def show(self) -> str:
        """`14`, `72.9 (72.86 to 72.94)`, `any number`."""
        if self.value is None:
            return "any number"
        if not self.tolerance:
            return write_number(self.value)
        low, high = (write_number(+number) for number in bounds(self.value, tolerance=self.tolerance, kind=self.tolerance_kind))
        return f"{write_number(self.value)} ({low} to {high})"


def _read_answer(row: Mapping[str, Any], index: int) -> AcceptedNumber:
    place = ("answers", index)
    text = read_text(row, "value", *place, limit=MAX_LENGTH)
    if not text:
        refuse(f"Write answer {index + 1}, or remove it.", *place, "value")
    value = None if text == ANY else parse_number(text)
    if value is None and text != ANY:
        refuse("This is not a number. Write it like 0.5 or 1,500, or * for any number.", *place, "value")
    tolerance = read_number(row, "tolerance", *place)
    if tolerance < 0:
        refuse("A tolerance is zero or more.", *place, "tolerance")
    return AcceptedNumber(
        value=value,
        tolerance=tolerance,
        tolerance_kind=read_choice(row, "tolerance_kind", ToleranceKind, *place, default=ToleranceKind.NOMINAL),
        fraction=read_fraction(row, "fraction", *place, least=0, default="1"),
        feedback=read_text(row, "feedback", *place),
        feedback_html=read_html(row, "feedback_html"),
    )


def _read_unit(row: Mapping[str, Any], index: int) -> Unit:
    place = ("units", index)
    name = read_text(row, "name", *place, limit=40)
    if not name:
        refuse("Write the unit, or remove it.", *place, "name")
    multiplier = read_number(row, "multiplier", *place, default="1")
    if multiplier <= 0:
        refuse("The factor of a unit is above zero.", *place, "multiplier")
    return Unit(name, multiplier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numerical(Body):
    """Numbers, tried in order, the units they may be written in, and feedback for when none was near enough."""

    kind: ClassVar[QuestionKind] = QuestionKind.NUMERICAL

    answers: tuple[AcceptedNumber, ...]
    units: tuple[Unit, ...] = ()
    needs_unit: bool = False
    feedback_otherwise: str = ""
    feedback_otherwise_html: str = ""

    @classmethod
    def from_json(cls, data: Json) -> Self:
        answers = read_rows(data, "answers", most=MAX_ANSWERS, noun="answers")
        units = read_rows(data, "units", most=MAX_UNITS, noun="units")
        return cls(
            answers=tuple(_read_answer(row, index) for index, row in enumerate(answers)),
            units=tuple(_read_unit(row, index) for index, row in enumerate(units)),
            needs_unit=read_flag(data, "needs_unit"),
            feedback_otherwise=read_text(data, "feedback_otherwise"),
            feedback_otherwise_html=read_html(data, "feedback_otherwise_html"),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "answers": [answer.to_json() for answer in self.answers],
            "units": [{"name": unit.name, "multiplier": write_number(unit.multiplier)} for unit in self.units],
            "needs_unit": self.needs_unit,
            "feedback_otherwise": self.feedback_otherwise,
            "feedback_otherwise_html": self.feedback_otherwise_html,
        }

    def rendered(self, render: Renderers) -> Self:
        answers = tuple(replace(answer, feedback_html=render.block(answer.feedback)) for answer in self.answers)
        return replace(self, answers=answers, feedback_otherwise_html=render.block(self.feedback_otherwise))

    def parse_answer(self, raw: Any) -> Answer:
        return parse_text(raw, limit=MAX_LENGTH)

    def judge(self, answer: Json) -> Judgement:
        number = self._read(answer["text"])
        index = self._match(number)
        if index is None:
            return Judgement(fraction=ZERO, is_invalid=number is None)
        return Judgement(fraction=self.answers[index].fraction, matched=index)

    def _read(self, text: str) -> Decimal | None:
        return parse_quantity(text, self.units, needs_unit=self.needs_unit)

    def _match(self, number: Decimal | None) -> int | None:
        if number is None:
            return None
        return next((at for at, answer in enumerate(self.answers) if answer.accepts(number)), None)

    def review(self, answer: Answer) -> Review:
        index = self._match(self._read(answer["text"])) if answer else None
        return Review(feedback_html=self.feedback_otherwise_html if index is None else self.answers[index].feedback_html)

    def right_answer_text(self) -> str:
        right = next((answer for answer in self.answers if answer.fraction >= ALMOST_ONE), None)
        if right is None:
            return ""
        base = next((unit.name for unit in self.units if unit.multiplier == 1), "")
        return f"{right.show()} {base}".strip()

    def check(self) -> list[Finding]:
        found = []
        if not any(answer.fraction >= ALMOST_ONE for answer in self.answers):
            found.append(error("No answer earns the whole mark.", "answers"))
        if self.needs_unit and not self.units:
            found.append(error("A unit is asked for, but none is listed.", "units"))
        if len({unit.name for unit in self.units}) < len(self.units):
            found.append(error("Two units have the same name.", "units"))
        for index, answer in enumerate(self.answers):
            if not answer.feedback:
                found.append(warning(f"Answer {index + 1} has no feedback.", f"answers-{index}-feedback"))
        if not self.feedback_otherwise:
            found.append(warning("There is no feedback for a number that is not near any answer.", "feedback_otherwise"))
        return [*found, *self._check_order()]

    def _check_order(self) -> list[Finding]:
        found = []
        for (_, one), (at, other) in combinations(enumerate(self.answers), 2):
            if one.value is None:
                found.append(warning(f"Answer {at + 1} is never reached: an earlier one accepts any number.", f"answers-{at}-value"))
            elif other.value is not None and one.accepts(other.value):
                found.append(warning(f"Answer {at + 1} lies within an earlier one, which wins.", f"answers-{at}-value"))
        return found

    def parts(self) -> list[Part]:
        found = []
        for number, answer in enumerate(self.answers, start=1):
            found.append(Part(f"Answer {number}", answer.show()))
            found.append(Part(f"Credit of answer {number}", write_percent(answer.fraction), is_prose=False))
            found.append(Part(f"Feedback on answer {number}", answer.feedback))
        units = ", ".join(f"{unit.name} (× {write_number(unit.multiplier)})" for unit in self.units)
        found.append(Part("Units", units, is_prose=False))
        found.append(Part("A unit is", "asked for" if self.needs_unit else "not asked for", is_prose=False))
        return [*found, Part("Feedback otherwise", self.feedback_otherwise)]
