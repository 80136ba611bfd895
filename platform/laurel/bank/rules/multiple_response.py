"""Multiple response: any number of options is chosen; a policy says what the selection is worth."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Self

from laurel.bank.rules.findings import Finding, error, warning
from laurel.bank.rules.grades import ALMOST_ONE, ALMOST_ZERO, ONE, ZERO, Judgement
from laurel.bank.rules.kinds import Answer, Body, Chosen, Inputs, Json, Part, QuestionKind, Renderers, Review, ShownOption, Shuffling
from laurel.bank.rules.options import (
    MAX_OPTIONS,
    Option,
    check_options,
    option_parts,
    read_options,
    render_options,
    review_options,
    show_options,
)
from laurel.bank.rules.reading import read_choice, read_flag, refuse, write_percent


class Policy(StrEnum):
    """How a selection is graded. An empty one is worth nothing under every policy."""

    ALL_OR_NOTHING = "all_or_nothing"
    WEIGHTED = "weighted"
    NET_CORRECT = "net_correct"
    EACH_DECISION = "each_decision"
    HALVES = "halves"

    @property
    def label(self) -> str:
        return {
            Policy.ALL_OR_NOTHING: "All or nothing",
            Policy.WEIGHTED: "Weighted: each option has its credit",
            Policy.NET_CORRECT: "Right ticks minus wrong ticks",
            Policy.EACH_DECISION: "Each decision counts, ticked or not",
            Policy.HALVES: "Halved with each error",
        }[self]


@dataclass(frozen=True, slots=True)
class Selection:
    """A selection, counted: c right ticks, w wrong ones, C keys, N options (the letters of the specification)."""

    right: int
    wrong: int
    keys: int
    options: int

    @property
    def errors(self) -> int:
        return self.keys - self.right + self.wrong


def _all_or_nothing(selection: Selection) -> Decimal:
    return ONE if selection.errors == 0 else ZERO


def _net_correct(selection: Selection) -> Decimal:
    return max(ZERO, Decimal(selection.right - selection.wrong) / selection.keys) if selection.keys else ZERO


def _each_decision(selection: Selection) -> Decimal:
    rightly_unticked = selection.options - selection.keys - selection.wrong
    return Decimal(selection.right + rightly_unticked) / selection.options


def _halves(selection: Selection) -> Decimal:
    if selection.errors == 0:
        return ONE
    if selection.errors == 1 and selection.options >= 3:
        return Decimal("0.5")
    return Decimal("0.25") if selection.errors == 2 and selection.options >= 5 else ZERO


COUNTING: Mapping[Policy, Callable[[Selection], Decimal]] = {
    Policy.ALL_OR_NOTHING: _all_or_nothing,
    Policy.NET_CORRECT: _net_correct,
    Policy.EACH_DECISION: _each_decision,
    Policy.HALVES: _halves,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MultipleResponse(Body):
    """Options of which any number is chosen. An option is a key if its fraction is above 0; only `weighted` uses how much."""

    kind: ClassVar[QuestionKind] = QuestionKind.MULTIPLE_RESPONSE
    inputs: ClassVar[Inputs] = Inputs.MANY
    shuffling: ClassVar[Shuffling] = Shuffling.AS_THE_QUIZ_SAYS

    options: tuple[Option, ...]
    policy: Policy = Policy.ALL_OR_NOTHING
    keep_last: bool = False

    @classmethod
    def from_json(cls, data: Json) -> Self:
        return cls(
            options=read_options(data),
            policy=read_choice(data, "policy", Policy, default=Policy.ALL_OR_NOTHING),
            keep_last=read_flag(data, "keep_last"),
        )

    def to_json(self) -> dict[str, Any]:
        return {"options": [option.to_json() for option in self.options], "policy": self.policy.value, "keep_last": self.keep_last}

    def rendered(self, render: Renderers) -> Self:
        return replace(self, options=render_options(self.options, render))

    def parse_answer(self, raw: Any) -> Answer:
        if raw is None:
            return None
        if not isinstance(raw, dict) or raw.keys() != {"choices"} or not isinstance(raw["choices"], list):
            refuse("An answer to this question is a list of options.")
        chosen = raw["choices"]
        known = {option.key for option in self.options}
        if len(chosen) > MAX_OPTIONS or not all(isinstance(key, str) and key in known for key in chosen):
            refuse("That is not an option of this question.")
        return {"choices": sorted(set(chosen))} if chosen else None

    def from_form(self, chosen: Chosen) -> Any:
        return {"choices": chosen}

    def to_form(self, answer: Answer) -> Chosen:
        return list(answer["choices"]) if answer else []

    def judge(self, answer: Json) -> Judgement:
        chosen = frozenset(answer["choices"])
        if not chosen:
            return Judgement(fraction=ZERO)
        if self.policy is Policy.WEIGHTED:
            total = sum((option.fraction for option in self.options if option.key in chosen), ZERO)
            return Judgement(fraction=min(max(total, ZERO), ONE))
        right = self._right()
        selection = Selection(right=len(chosen & right), wrong=len(chosen - right), keys=len(right), options=len(self.options))
        return Judgement(fraction=COUNTING[self.policy](selection))

    def review(self, answer: Answer) -> Review:
        return Review(options=review_options(self.options, right=self._right(), chosen=frozenset(answer["choices"] if answer else ())))

    def right_answer_text(self) -> str:
        right = self._right()
        return "; ".join(option.words for option in self.options if option.key in right)

    def _right(self) -> frozenset[str]:
        return frozenset(option.key for option in self.options if option.fraction > ALMOST_ZERO)

    def check(self) -> list[Finding]:
        found = check_options(self.options)
        right = self._right()
        if not right:
            found.append(error("No option is marked as right.", "options"))
        elif len(right) == len(self.options):
            found.append(warning("Every option is right: ticking everything earns the whole mark.", "options"))
        if self.policy is Policy.WEIGHTED and right:
            total = sum((option.fraction for option in self.options if option.key in right), ZERO)
            if not ALMOST_ONE <= total <= 2 - ALMOST_ONE:
                found.append(error(f"The right options earn {write_percent(total)} together. It must be 100 %.", "options"))
        return found

    def parts(self) -> list[Part]:
        return [Part("Grading", self.policy.label, is_prose=False), *option_parts(self.options)]

    def shown_options(self) -> tuple[ShownOption, ...]:
        return show_options(self.options)
