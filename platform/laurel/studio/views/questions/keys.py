"""The key of a question as a table for its author."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from laurel.bank.rules import Body
from laurel.bank.rules.essay import Essay
from laurel.bank.rules.grades import ALMOST_ONE, ALMOST_ZERO, ONE, ZERO
from laurel.bank.rules.multiple_response import MultipleResponse, Policy
from laurel.bank.rules.numerical import Numerical
from laurel.bank.rules.options import Option
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
    """One row for each option or accepted answer, then one for anything else where answers are typed. An essay has none: its
    key is a rubric."""
    if isinstance(body, SingleChoice | MultipleResponse):
        is_counted = isinstance(body, MultipleResponse) and body.policy is not Policy.WEIGHTED
        return [_option_row(option, is_counted=is_counted) for option in body.options]
    if isinstance(body, TrueFalse):
        return [
            KeyRow("True", "", _credit(ONE if body.is_true else ZERO), body.is_true, body.feedback_true_html),
            KeyRow("False", "", _credit(ZERO if body.is_true else ONE), not body.is_true, body.feedback_false_html),
        ]
    if isinstance(body, ShortAnswer):
        rows = [KeyRow(a.pattern, "", _credit(a.fraction), a.fraction >= ALMOST_ONE, a.feedback_html) for a in body.answers]
        return [*rows, KeyRow("Anything else", "", _credit(ZERO), False, body.feedback_otherwise_html)]
    if isinstance(body, Numerical):
        rows = [KeyRow(a.show(), "", _credit(a.fraction), a.fraction >= ALMOST_ONE, a.feedback_html) for a in body.answers]
        return [*rows, KeyRow("Anything else", "", _credit(ZERO), False, body.feedback_otherwise_html)]
    if isinstance(body, Essay):
        return []
    raise TypeError(f"There is no table for the key of {body.kind}.")


def _option_row(option: Option, *, is_counted: bool) -> KeyRow:
    credit = _credit(option.fraction, is_counted=is_counted)
    return KeyRow(option.text, option.html, credit, option.fraction > ALMOST_ZERO, option.feedback_html)


def _credit(fraction: Decimal, *, is_counted: bool = False) -> str:
    """`50 %`; where a policy counts ticks, whether the option is one to tick."""
    if is_counted:
        return "tick" if fraction > ALMOST_ZERO else "leave"
    return write_percent(fraction)
