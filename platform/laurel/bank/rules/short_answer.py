"""Short answer: the first pattern that matches what was typed gives its fraction. No credit for almost."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar, Self

from laurel.bank.rules import patterns
from laurel.bank.rules.findings import Finding, error, warning
from laurel.bank.rules.grades import ALMOST_ONE, ZERO, Judgement
from laurel.bank.rules.kinds import Answer, Body, Json, Part, QuestionKind, Renderers, Review
from laurel.bank.rules.reading import (
    MAX_LINE,
    read_flag,
    read_fraction,
    read_html,
    read_rows,
    read_text,
    refuse,
    write_number,
    write_percent,
)
from laurel.bank.rules.typed import parse_text

MAX_ANSWERS = 30
MAX_LENGTH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedText:
    """One pattern and what matching it is worth."""

    pattern: str
    fraction: Decimal
    feedback: str = ""
    feedback_html: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "pattern": self.pattern,
            "fraction": write_number(self.fraction),
            "feedback": self.feedback,
            "feedback_html": self.feedback_html,
        }


def _read_answer(row: Mapping[str, Any], index: int) -> AcceptedText:
    place = ("answers", index)
    pattern = read_text(row, "pattern", *place, limit=MAX_LINE)
    if not pattern:
        refuse(f"Write answer {index + 1}, or remove it.", *place, "pattern")
    return AcceptedText(
        pattern=pattern,
        fraction=read_fraction(row, "fraction", *place, least=0, default="1"),
        feedback=read_text(row, "feedback", *place),
        feedback_html=read_html(row, "feedback_html"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortAnswer(Body):
    """Patterns, tried in order, and feedback for when none matched."""

    kind: ClassVar[QuestionKind] = QuestionKind.SHORT_ANSWER

    answers: tuple[AcceptedText, ...]
    case_sensitive: bool = False
    feedback_otherwise: str = ""
    feedback_otherwise_html: str = ""

    @classmethod
    def from_json(cls, data: Json) -> Self:
        rows = read_rows(data, "answers", most=MAX_ANSWERS, noun="answers")
        return cls(
            answers=tuple(_read_answer(row, index) for index, row in enumerate(rows)),
            case_sensitive=read_flag(data, "case_sensitive"),
            feedback_otherwise=read_text(data, "feedback_otherwise"),
            feedback_otherwise_html=read_html(data, "feedback_otherwise_html"),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "answers": [answer.to_json() for answer in self.answers],
            "case_sensitive": self.case_sensitive,
            "feedback_otherwise": self.feedback_otherwise,
            "feedback_otherwise_html": self.feedback_otherwise_html,
        }

    def rendered(self, render: Renderers) -> Self:
        answers = tuple(replace(answer, feedback_html=render.block(answer.feedback)) for answer in self.answers)
        return replace(self, answers=answers, feedback_otherwise_html=render.block(self.feedback_otherwise))

    def parse_answer(self, raw: Any) -> Answer:
        return parse_text(raw, limit=MAX_LENGTH)

    def judge(self, answer: Json) -> Judgement:
        index = self._match(answer["text"])
        if index is not None:
            return Judgement(fraction=self.answers[index].fraction, matched=index)
        return Judgement(fraction=ZERO, is_near_miss=self._is_near_miss(answer["text"]))

    def _is_near_miss(self, text: str) -> bool:
        creditable = (answer.pattern for answer in self.answers if answer.fraction > 0)
        return any(patterns.is_near_miss(pattern, text, case_sensitive=self.case_sensitive) for pattern in creditable)

    def _match(self, text: str) -> int | None:
        matching = (
            at for at, answer in enumerate(self.answers) if patterns.matches(answer.pattern, text, case_sensitive=self.case_sensitive)
        )
        return next(matching, None)

    def review(self, answer: Answer) -> Review:
        index = self._match(answer["text"]) if answer else None
        return Review(feedback_html=self.feedback_otherwise_html if index is None else self.answers[index].feedback_html)

    def right_answer_text(self) -> str:
        right = [answer.pattern for answer in self.answers if answer.fraction >= ALMOST_ONE]
        plain = [pattern for pattern in right if len(patterns.split(pattern)) == 1]
        return patterns.show((plain or right or [""])[0])

    def check(self) -> list[Finding]:
        found = []
        if not any(answer.fraction >= ALMOST_ONE for answer in self.answers):
            found.append(error("No answer earns the whole mark.", "answers"))
        seen: set[str] = set()
        for index, answer in enumerate(self.answers):
            key = patterns.normalize(answer.pattern, case_sensitive=self.case_sensitive)
            if "*" in seen or key in seen:
                found.append(warning(f"Answer {index + 1} is never reached: an earlier one wins.", f"answers-{index}-pattern"))
            seen.add(key)
            if not answer.feedback:
                found.append(warning(f"Answer {index + 1} has no feedback.", f"answers-{index}-feedback"))
        if not self.feedback_otherwise:
            found.append(warning("There is no feedback for an answer that matches nothing.", "feedback_otherwise"))
        return found

    def parts(self) -> list[Part]:
        found = [Part("Upper and lower case", "counts" if self.case_sensitive else "does not count", is_prose=False)]
        for number, answer in enumerate(self.answers, start=1):
            found.append(Part(f"Answer {number}", answer.pattern))
            found.append(Part(f"Credit of answer {number}", write_percent(answer.fraction), is_prose=False))
            found.append(Part(f"Feedback on answer {number}", answer.feedback))
        return [*found, Part("Feedback otherwise", self.feedback_otherwise)]
