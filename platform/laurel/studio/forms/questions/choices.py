"""Forms of the kinds that are answered by choosing."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar, cast

from wtforms import BooleanField, HiddenField, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.fields import FieldList, FormField
from wtforms.validators import InputRequired, Length, Optional

from laurel.bank.rules import Body, QuestionKind
from laurel.bank.rules.grades import ALMOST_ONE, ALMOST_ZERO
from laurel.bank.rules.multiple_response import MultipleResponse, Policy
from laurel.bank.rules.options import KEYS, MAX_OPTIONS, Option
from laurel.bank.rules.reading import MAX_LINE
from laurel.bank.rules.single_choice import SingleChoice
from laurel.bank.rules.true_false import TrueFalse
from laurel.studio.forms.questions.base import CreditField, QuestionForm, RowRules, read_credit, write_credit
from laurel.web.forms import PartForm

OPTIONS = RowRules("option", MAX_OPTIONS, says=("text", "feedback"))
POLICIES = [SelectChoice(policy.value, policy.label) for policy in Policy]
KEEP_LAST = "Keep the last option last when the others are shuffled"


class OptionForm(PartForm):
    """One option. Its key stays with it wherever it is moved."""

    key = HiddenField()
    is_right = BooleanField("Right")
    text = TextAreaField("Text", validators=[Length(max=MAX_LINE)])
    credit = CreditField("Credit in percent")
    feedback = TextAreaField("Feedback", validators=[Length(max=20_000)])


def _free_key(taken: Iterable[str]) -> str:
    unfree = set(taken)
    return next((key for key in KEYS if key not in unfree), "")


class _OptionsForm(QuestionForm):
    rows: ClassVar = {"options": OPTIONS}
    options = FieldList(FormField(OptionForm), max_entries=MAX_OPTIONS)

    @classmethod
    def blank(cls) -> dict[str, Any]:
        return {"options": [{"key": key} for key in KEYS[:4]]}

    def new_row(self, rows: list[dict[str, Any]], _name: str) -> dict[str, Any]:
        return {"key": _free_key(row["key"] for row in rows)}

    def _options_json(self, fractions: list[str]) -> list[dict[str, str]]:
        """The filled rows with these fractions; a row that lost its key gets a free one."""
        rows = self.filled("options")
        taken = [row.key.data for row in rows if row.key.data]
        found = []
        for row, fraction in zip(rows, fractions, strict=True):
            key = row.key.data or _free_key(taken)
            taken.append(key)
            found.append({"key": key, "text": row["text"].data or "", "fraction": fraction, "feedback": row.feedback.data or ""})
        return found


class SingleChoiceForm(_OptionsForm):
    """Single choice: one radio button marks the right option."""

    kind: ClassVar = QuestionKind.SINGLE_CHOICE
    right = StringField("Right option", validators=[Optional()])
    keep_last = BooleanField(KEEP_LAST)

    @classmethod
    def fields_of(cls, body: Body) -> dict[str, Any]:
        body = cast(SingleChoice, body)
        right = next((option.key for option in body.options if option.fraction >= ALMOST_ONE), "")
        rows = [_row(option, is_credited=option.key != right) for option in body.options]
        return {"options": rows, "right": right, "keep_last": body.keep_last}

    def body_json(self) -> dict[str, Any]:
        rows = self.filled("options")
        fractions = ["1" if row.key.data and row.key.data == self.right.data else read_credit(row.credit.data, blank="0") for row in rows]
        return {"options": self._options_json(fractions), "keep_last": self.keep_last.data}


class MultipleResponseForm(_OptionsForm):
    """Multiple response: a check box marks each right option; the credit counts under the policy `weighted`."""

    kind: ClassVar = QuestionKind.MULTIPLE_RESPONSE
    policy = SelectField("Grading", choices=POLICIES, default=Policy.ALL_OR_NOTHING.value)
    keep_last = BooleanField(KEEP_LAST)

    @classmethod
    def fields_of(cls, body: Body) -> dict[str, Any]:
        body = cast(MultipleResponse, body)
        rows = [_row(option, is_credited=body.policy is Policy.WEIGHTED) for option in body.options]
        return {"options": rows, "policy": body.policy.value, "keep_last": body.keep_last}

    def validate(self, extra_validators: Any = None) -> bool:
        """Under `weighted` a tick and its credit must say the same."""
        is_valid = bool(super().validate(extra_validators))
        if self.policy.data != Policy.WEIGHTED:
            return is_valid
        for row in self.filled("options"):
            earns = Decimal(read_credit(row.credit.data, blank="0")) > 0
            if earns is not row.is_right.data:
                message = "Tick this option as right, or give it no credit above 0." if earns else "Write how much this right option earns."
                row.credit.errors = [*row.credit.errors, message]
                is_valid = False
        return is_valid

    def body_json(self) -> dict[str, Any]:
        rows = self.filled("options")
        if self.policy.data == Policy.WEIGHTED:
            fractions = [read_credit(row.credit.data, blank="0") for row in rows]
        else:
            fractions = ["1" if row.is_right.data else "0" for row in rows]
        return {"options": self._options_json(fractions), "policy": self.policy.data, "keep_last": self.keep_last.data}


class TrueFalseForm(QuestionForm):
    """True or false."""

    kind: ClassVar = QuestionKind.TRUE_FALSE
    answer = RadioField(
        "The statement is",
        choices=[SelectChoice("true", "True"), SelectChoice("false", "False")],
        validators=[InputRequired("Say whether the statement is true or false.")],
    )
    feedback_true = TextAreaField("Feedback for those who say true", validators=[Length(max=20_000)])
    feedback_false = TextAreaField("Feedback for those who say false", validators=[Length(max=20_000)])

    @classmethod
    def fields_of(cls, body: Body) -> dict[str, Any]:
        body = cast(TrueFalse, body)
        return {
            "answer": "true" if body.is_true else "false",
            "feedback_true": body.feedback_true,
            "feedback_false": body.feedback_false,
        }

    def body_json(self) -> dict[str, Any]:
        return {
            "answer": self.answer.data == "true",
            "feedback_true": self.feedback_true.data or "",
            "feedback_false": self.feedback_false.data or "",
        }


def _row(option: Option, *, is_credited: bool) -> dict[str, Any]:
    return {
        "key": option.key,
        "text": option.text,
        "is_right": option.fraction > ALMOST_ZERO,
        "credit": write_credit(option.fraction) if is_credited and option.fraction else "",
        "feedback": option.feedback,
    }
