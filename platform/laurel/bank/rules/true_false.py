"""True or false: worth 1 or 0."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from laurel.bank.rules.findings import Finding, warning
from laurel.bank.rules.grades import ONE, ZERO, Judgement
from laurel.bank.rules.kinds import Answer, Body, Chosen, Json, OptionReview, Part, QuestionKind, Renderers, Review, ShownOption
from laurel.bank.rules.reading import read_flag, read_html, read_text, refuse

WORDS = {"true": True, "false": False, "": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueFalse(Body):
    """A statement; `is_true` is the key. There is feedback for whoever says true and for whoever says false."""

    kind: ClassVar[QuestionKind] = QuestionKind.TRUE_FALSE

    is_true: bool
    feedback_true: str = ""
    feedback_false: str = ""
    feedback_true_html: str = ""
    feedback_false_html: str = ""

    @classmethod
    def from_json(cls, data: Json) -> Self:
        if "answer" not in data:
            refuse("Say whether the statement is true or false.", "answer")
        return cls(
            is_true=read_flag(data, "answer"),
            feedback_true=read_text(data, "feedback_true"),
            feedback_false=read_text(data, "feedback_false"),
            feedback_true_html=read_html(data, "feedback_true_html"),
            feedback_false_html=read_html(data, "feedback_false_html"),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "answer": self.is_true,
            "feedback_true": self.feedback_true,
            "feedback_true_html": self.feedback_true_html,
            "feedback_false": self.feedback_false,
            "feedback_false_html": self.feedback_false_html,
        }

    def rendered(self, render: Renderers) -> Self:
        return replace(self, feedback_true_html=render.block(self.feedback_true), feedback_false_html=render.block(self.feedback_false))

    def parse_answer(self, raw: Any) -> Answer:
        if raw is None:
            return None
        if not isinstance(raw, dict) or raw.keys() != {"value"}:
            refuse("An answer to this question is true or false.")
        if raw["value"] is None:
            return None
        if not isinstance(raw["value"], bool):
            refuse("An answer to this question is true or false.")
        return {"value": raw["value"]}

    def from_form(self, chosen: Chosen) -> Any:
        return {"value": WORDS.get(str(chosen), chosen)}

    def to_form(self, answer: Answer) -> Chosen:
        return str(answer["value"]).lower() if answer else ""

    def judge(self, answer: Json) -> Judgement:
        return Judgement(fraction=ONE if answer["value"] is self.is_true else ZERO)

    def review(self, answer: Answer) -> Review:
        said = answer["value"] if answer else None
        return Review(
            options={
                "true": OptionReview(self.is_true, said is True, self.feedback_true_html),
                "false": OptionReview(not self.is_true, said is False, self.feedback_false_html),
            }
        )

    def right_answer_text(self) -> str:
        return "True" if self.is_true else "False"

    def check(self) -> list[Finding]:
        found = []
        if not self.feedback_true:
            found.append(warning("There is no feedback for those who say true.", "feedback_true"))
        if not self.feedback_false:
            found.append(warning("There is no feedback for those who say false.", "feedback_false"))
        return found

    def parts(self) -> list[Part]:
        return [
            Part("The statement is", self.right_answer_text().lower(), is_prose=False),
            Part("Feedback on “true”", self.feedback_true),
            Part("Feedback on “false”", self.feedback_false),
        ]

    def shown_options(self) -> tuple[ShownOption, ...]:
        return ShownOption("true", "True"), ShownOption("false", "False")
