"""The key of a question as a table for its author."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from laurel.bank.rules import Body, QuestionKind
from laurel.bank.rules.cloze import Cloze
from laurel.bank.rules.grades import ALMOST_ONE, ALMOST_ZERO, ONE, ZERO
from laurel.bank.rules.matching import Matching
from laurel.bank.rules.multiple_response import MultipleResponse, Policy
from laurel.bank.rules.numerical import Numerical
from laurel.bank.rules.options import Option
from laurel.bank.rules.ordering import Ordering
from laurel.bank.rules.reading import write_percent
from laurel.bank.rules.short_answer import ShortAnswer
from laurel.bank.rules.single_choice import SingleChoice
from laurel.bank.rules.true_false import TrueFalse


@dataclass(frozen=True, slots=True)
class KeyRow:
    """What can be answered, what it is worth, and what the learner hears. `html` is clean; without it `text` is shown."""

    text: str
    html: str
    credit: str
    is_right: bool
    feedback_html: str


def key_rows(body: Body) -> Sequence[KeyRow]:
    """One row for each option, accepted answer or part, then one for anything else where answers are typed. An essay has none:
    its key is a rubric."""
    return ROWS[body.kind](body)


def _choice_rows(body: SingleChoice | MultipleResponse) -> list[KeyRow]:
    is_counted = isinstance(body, MultipleResponse) and body.policy is not Policy.WEIGHTED
    return [_option_row(option, is_counted=is_counted) for option in body.options]


def _true_false_rows(body: TrueFalse) -> list[KeyRow]:
    return [
        KeyRow("True", "", _credit(ONE if body.is_true else ZERO), body.is_true, body.feedback_true_html),
        KeyRow("False", "", _credit(ZERO if body.is_true else ONE), not body.is_true, body.feedback_false_html),
    ]


def _text_rows(body: ShortAnswer) -> list[KeyRow]:
    rows = [KeyRow(a.pattern, "", _credit(a.fraction), a.fraction >= ALMOST_ONE, a.feedback_html) for a in body.answers]
    return [*rows, KeyRow("Anything else", "", _credit(ZERO), False, body.feedback_otherwise_html)]


def _number_rows(body: Numerical) -> list[KeyRow]:
    rows = [KeyRow(a.show(), "", _credit(a.fraction), a.fraction >= ALMOST_ONE, a.feedback_html) for a in body.answers]
    return [*rows, KeyRow("Anything else", "", _credit(ZERO), False, body.feedback_otherwise_html)]


def _matching_rows(body: Matching) -> list[KeyRow]:
    """The pairs, then what matches nothing."""
    choices = {choice.key: choice for choice in body.choices}
    pairs = [KeyRow("", f"{stem.html} → {choices[stem.choice].html}", "pair", True, stem.feedback_html) for stem in body.stems]
    return [*pairs, *(KeyRow(choice.text, choice.html, "fits nothing", False, "") for choice in body.distractors())]


def _ordering_rows(body: Ordering) -> list[KeyRow]:
    return [KeyRow(item.text, item.html, f"place {place}", True, item.feedback_html) for place, item in enumerate(body.items, start=1)]


def _cloze_rows(body: Cloze) -> list[KeyRow]:
    """The rows of each gap with its number before them."""
    return [
        replace(row, text=f"[[{gap.key}]] {row.text}", html=row.html and f"[[{gap.key}]] {row.html}")
        for gap in body.gaps
        for row in key_rows(gap.body)
    ]


ROWS: Mapping[QuestionKind, Callable[[Any], list[KeyRow]]] = {
    QuestionKind.SINGLE_CHOICE: _choice_rows,
    QuestionKind.MULTIPLE_RESPONSE: _choice_rows,
    QuestionKind.TRUE_FALSE: _true_false_rows,
    QuestionKind.SHORT_ANSWER: _text_rows,
    QuestionKind.NUMERICAL: _number_rows,
    QuestionKind.MATCHING: _matching_rows,
    QuestionKind.ORDERING: _ordering_rows,
    QuestionKind.CLOZE: _cloze_rows,
    QuestionKind.ESSAY: lambda _body: [],
}


def _option_row(option: Option, *, is_counted: bool) -> KeyRow:
    credit = _credit(option.fraction, is_counted=is_counted)
    return KeyRow(option.text, option.html, credit, option.fraction > ALMOST_ZERO, option.feedback_html)


def _credit(fraction: Decimal, *, is_counted: bool = False) -> str:
    """`50 %`; where a policy counts ticks, whether the option is one to tick."""
    if is_counted:
        return "tick" if fraction > ALMOST_ZERO else "leave"
    return write_percent(fraction)
