"""Single choice: one option is chosen, and its fraction is the grade."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from laurel.bank.rules.findings import Finding, error, warning
from laurel.bank.rules.grades import ALMOST_ONE, Judgement
from laurel.bank.rules.kinds import Answer, Body, Chosen, Json, Part, QuestionKind, Renderers, Review, ShownOption, Shuffling
from laurel.bank.rules.options import Option, check_options, option_parts, read_options, render_options, review_options, show_options
from laurel.bank.rules.reading import read_flag, refuse

TELLING_LENGTH = 1.3
"""A key that is longer than every other option by this factor gives itself away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleChoice(Body):
    """Options of which one is chosen. With `keep_last` the last one stays last when the others are shuffled."""

    kind: ClassVar[QuestionKind] = QuestionKind.SINGLE_CHOICE
    shuffling: ClassVar[Shuffling] = Shuffling.AS_THE_QUIZ_SAYS

    options: tuple[Option, ...]
    keep_last: bool = False

    @classmethod
    def from_json(cls, data: Json) -> Self:
        return cls(options=read_options(data), keep_last=read_flag(data, "keep_last"))

    def to_json(self) -> dict[str, Any]:
        return {"options": [option.to_json() for option in self.options], "keep_last": self.keep_last}

    def rendered(self, render: Renderers) -> Self:
        return replace(self, options=render_options(self.options, render))

    def parse_answer(self, raw: Any) -> Answer:
        if raw is None:
            return None
        if not isinstance(raw, dict) or raw.keys() != {"choice"}:
            refuse("An answer to this question is one option.")
        key = raw["choice"]
        if key is None or key == "":
            return None
        if not isinstance(key, str) or key not in {option.key for option in self.options}:
            refuse("That is not an option of this question.")
        return {"choice": key}

    def from_form(self, chosen: Chosen) -> Any:
        return {"choice": chosen}

    def to_form(self, answer: Answer) -> Chosen:
        return str(answer["choice"]) if answer else ""

    def judge(self, answer: Json) -> Judgement:
        index = next(at for at, option in enumerate(self.options) if option.key == answer["choice"])
        return Judgement(fraction=self.options[index].fraction, matched=index)

    def review(self, answer: Answer) -> Review:
        chosen = frozenset({answer["choice"]} if answer else ())
        return Review(options=review_options(self.options, right=frozenset(option.key for option in self._right()), chosen=chosen))

    def right_answer_text(self) -> str:
        return " or ".join(option.words for option in self._right())

    def _right(self) -> list[Option]:
        return [option for option in self.options if option.fraction >= ALMOST_ONE]

    def check(self) -> list[Finding]:
        found = check_options(self.options)
        right = self._right()
        if not right:
            found.append(error("No option is marked as right.", "options"))
        elif len(right) > 1:
            found.append(error("Two options are worth the whole mark. Only one can be right here.", "options"))
        elif len(self.options) > 2 and len(right[0].text) > TELLING_LENGTH * max(len(o.text) for o in self.options if o is not right[0]):
            found.append(warning("The right option is much longer than the others: its length gives it away.", "options"))
        return found

    def parts(self) -> list[Part]:
        return option_parts(self.options)

    def shown_options(self) -> tuple[ShownOption, ...]:
        return show_options(self.options)
