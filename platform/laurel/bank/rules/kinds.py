"""What every kind of question offers. A kind is one module with one `Body`; `registry` lists them."""

import html
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Self, TypeAlias

from laurel.bank.rules.findings import Finding
from laurel.bank.rules.grades import Judgement

Answer: TypeAlias = Mapping[str, Any] | None
"""An answer as it is stored, JSON: `{"choice": "b"}`, `{"choices": ["a", "c"]}`, `{"value": true}`, `{"text": "…"}`; None if empty."""
Json: TypeAlias = Mapping[str, Any]


class QuestionKind(StrEnum):
    """The kinds of question."""

    SINGLE_CHOICE = "single_choice"
    MULTIPLE_RESPONSE = "multiple_response"
    TRUE_FALSE = "true_false"
    SHORT_ANSWER = "short_answer"
    NUMERICAL = "numerical"
    ESSAY = "essay"

    @property
    def label(self) -> str:
        """`Single choice`, for people."""
        return "True or false" if self is QuestionKind.TRUE_FALSE else self.value.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Renderers:
    """Markdown in, safe HTML out: for texts of several paragraphs, and for a line within one."""

    block: Callable[[str], str]
    inline: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing about a question: what it is called, what it says, and whether that is prose or a setting."""

    label: str
    text: str
    is_prose: bool = True


@dataclass(frozen=True, slots=True)
class ShownOption:
    """What a learner can pick, as it stands in the page: no key and no feedback in it."""

    key: str
    html: str


@dataclass(frozen=True, slots=True)
class OptionReview:
    """How one option did."""

    is_correct: bool
    is_chosen: bool
    feedback_html: str


@dataclass(frozen=True, slots=True)
class Review:
    """Everything that may be shown about an answer once it may be shown.

    `options` has an entry for each option of the page; `feedback_html` belongs to the answer as a whole where there are
    no options.
    """

    options: Mapping[str, OptionReview] = field(default_factory=dict)
    feedback_html: str = ""


class Body(ABC):
    """What a version of a question holds besides stem and general feedback. Frozen; HTML is rendered when it is saved."""

    kind: ClassVar[QuestionKind]

    @classmethod
    @abstractmethod
    def from_json(cls, data: Json) -> Self:
        """The body that `data` describes; raises InvalidInputError with the place of what is wrong."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """JSON from which `from_json` makes the same body again. Numbers are text in it."""

    @abstractmethod
    def rendered(self, render: Renderers) -> Self:
        """The same body with its HTML made anew from its Markdown."""

    @abstractmethod
    def parse_answer(self, raw: Any) -> Answer:
        """The answer in its stored form, None if it is empty; raises InvalidInputError for what this question could not have asked for."""

    @abstractmethod
    def judge(self, answer: Json) -> Judgement:
        """What a given answer is worth by this kind's rule."""

    @abstractmethod
    def review(self, answer: Answer) -> Review:
        """Verdicts and feedback. Never for a page whose learner may not see them yet."""

    @abstractmethod
    def right_answer_text(self) -> str:
        """The right answer in one line of plain text."""

    @abstractmethod
    def check(self) -> list[Finding]:
        """What speaks against using it."""

    @abstractmethod
    def parts(self) -> list[Part]:
        """Everything an author wrote or decided, in order, for comparing and searching."""

    def shown_options(self) -> Sequence[ShownOption]:
        """What a learner picks from, in the author's order; empty where the answer is typed."""
        return ()


def plain_text(clean_html: str) -> str:
    """The words of HTML that our own renderer wrote."""
    return html.unescape(re.sub(r"<[^>]+>", "", clean_html)).strip()
