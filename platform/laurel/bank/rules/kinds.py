"""What every kind of question offers. A kind is one module with one `Body`; `registry` lists them."""

import html
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Self, TypeAlias

from laurel.bank.rules.findings import Finding
from laurel.bank.rules.grades import GradeState, Judgement

Answer: TypeAlias = Mapping[str, Any] | None
"""An answer as it is stored, JSON: `{"choice": "b"}`, `{"choices": ["a", "c"]}`, `{"value": true}`, `{"text": "…"}`,
`{"pairs": {"<stem>": "<choice>"}}`, `{"order": ["<item>", null, "<item>"]}`, `{"gaps": {"1": "…"}}`; None if empty."""
Json: TypeAlias = Mapping[str, Any]
Chosen: TypeAlias = str | list[str] | Mapping[str, str]
"""An answer as a form holds it: one value, several values, or a value for each part, as `Body.inputs` says."""


class QuestionKind(StrEnum):
    """The kinds of question."""

    SINGLE_CHOICE = "single_choice"
    MULTIPLE_RESPONSE = "multiple_response"
    TRUE_FALSE = "true_false"
    SHORT_ANSWER = "short_answer"
    NUMERICAL = "numerical"
    MATCHING = "matching"
    ORDERING = "ordering"
    CLOZE = "cloze"
    ESSAY = "essay"

    @property
    def label(self) -> str:
        """`Single choice`, for people."""
        return "True or false" if self is QuestionKind.TRUE_FALSE else self.value.replace("_", " ").capitalize()


class Inputs(StrEnum):
    """What a form posts for one question: one value, any number of values, or one value for each of its parts."""

    ONE = "one"
    MANY = "many"
    PARTS = "parts"


class Shuffling(StrEnum):
    """Whether a paper shuffles what is chosen from: never, where its quiz says so, or always."""

    NEVER = "never"
    AS_THE_QUIZ_SAYS = "as_the_quiz_says"
    ALWAYS = "always"


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

    @property
    def words(self) -> str:
        """The option as plain text, for a list that can hold nothing else."""
        return plain_text(self.html)


class PartInput(StrEnum):
    """How a part is answered."""

    CHOICE = "choice"
    TEXT = "text"
    NUMBER = "number"

    @property
    def label(self) -> str:
        return {PartInput.CHOICE: "Choice", PartInput.TEXT: "Text", PartInput.NUMBER: "Number"}[self]


@dataclass(frozen=True, slots=True)
class ShownPart:
    """What a learner answers by itself: a stem to be matched, a gap in a text. No key and no feedback in it."""

    key: str
    html: str = ""
    input: PartInput = PartInput.CHOICE
    options: Sequence[ShownOption] = ()


@dataclass(frozen=True, slots=True)
class OptionReview:
    """How one option did."""

    is_correct: bool
    is_chosen: bool
    feedback_html: str


@dataclass(frozen=True, slots=True)
class PartReview:
    """How one part did; `state` is None where the rule does not judge it by itself.

    `gives_away`: the feedback explains the right answer, not the given one, so that whoever may not see the key yet may
    not see it either, unless they were right.
    """

    state: GradeState | None
    feedback_html: str
    right_text: str
    gives_away: bool = True


@dataclass(frozen=True, slots=True)
class Review:
    """Everything that may be shown about an answer once it may be shown.

    `options` has an entry for each option of the page and `parts` for each part; `feedback_html` belongs to the answer as
    a whole where there are neither.
    """

    options: Mapping[str, OptionReview] = field(default_factory=dict)
    parts: Mapping[str, PartReview] = field(default_factory=dict)
    feedback_html: str = ""


class Body(ABC):
    """What a version of a question holds besides stem and general feedback. Frozen; HTML is rendered when it is saved."""

    kind: ClassVar[QuestionKind]
    inputs: ClassVar[Inputs] = Inputs.ONE
    shuffling: ClassVar[Shuffling] = Shuffling.NEVER

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

    def check_stem(self, _stem: str) -> list[Finding]:
        """What speaks against the question's own words, where they must fit the body."""
        return []

    def from_form(self, chosen: Chosen) -> Any:
        """The raw answer, as `parse_answer` takes it, of what a form holds. Here: what was typed into the one field."""
        return {"text": chosen}

    def to_form(self, answer: Answer) -> Chosen:
        """The other way round: what a form holds for a stored answer."""
        return str(answer["text"]) if answer else ""

    def shown_options(self) -> Sequence[ShownOption]:
        """What a learner picks from, in the author's order or one that says nothing; empty where the answer is typed."""
        return ()

    def arranged(self, order: Sequence[str], _answer: Answer) -> Sequence[str]:
        """The keys of the options in the order in which a page shows them, beginning with the paper's."""
        return order

    def shown_parts(self, _order: Sequence[str]) -> Sequence[ShownPart]:
        """What is answered part by part, the options of each in the paper's order."""
        return ()

    def shown_stem(self, stem_html: str) -> Sequence[tuple[str, str]]:
        """The stem in pieces: (HTML, key of the part that stands behind it, or "")."""
        return ((stem_html, ""),)

    def forbidden_order(self) -> Sequence[str]:
        """The order of the options that no paper may show, because it is the key."""
        return ()


def plain_text(clean_html: str) -> str:
    """The words of HTML that our own renderer wrote."""
    return html.unescape(re.sub(r"<[^>]+>", "", clean_html)).strip()
