"""Forms of the kinds that are answered by typing."""

from typing import Any, ClassVar, cast

from wtforms import BooleanField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.fields import FieldList, FormField
from wtforms.validators import Length

from laurel.bank.rules import Body, QuestionKind
from laurel.bank.rules.numbers import ToleranceKind
from laurel.bank.rules.numerical import ANY, MAX_UNITS, Numerical
from laurel.bank.rules.numerical import MAX_ANSWERS as MAX_NUMBERS
from laurel.bank.rules.reading import MAX_LINE, write_number
from laurel.bank.rules.short_answer import MAX_ANSWERS, ShortAnswer
from laurel.studio.forms.questions.base import CreditField, NumberField, QuestionForm, RowRules, read_credit, write_credit
from laurel.web.forms import PartForm

TOLERANCES = [
    SelectChoice(ToleranceKind.NOMINAL.value, "plus or minus the tolerance"),
    SelectChoice(ToleranceKind.RELATIVE.value, "plus or minus this share (0.05 is 5 %)"),
    SelectChoice(ToleranceKind.GEOMETRIC.value, "divided or multiplied by one plus this share"),
]


class PatternForm(PartForm):
    """One accepted text."""

    pattern = StringField("Answer", validators=[Length(max=MAX_LINE)])
    credit = CreditField("Credit in percent", default="100")
    feedback = TextAreaField("Feedback", validators=[Length(max=20_000)])


class ShortAnswerForm(QuestionForm):
    """Short answer: patterns that are tried in order."""

    kind: ClassVar = QuestionKind.SHORT_ANSWER
    rows: ClassVar = {"answers": RowRules("answer", MAX_ANSWERS, says=("pattern", "feedback"))}
    answers = FieldList(FormField(PatternForm), max_entries=MAX_ANSWERS)
    case_sensitive = BooleanField("Upper and lower case count")
    feedback_otherwise = TextAreaField("Feedback when nothing matched", validators=[Length(max=20_000)])

    @classmethod
    def blank(cls) -> dict[str, Any]:
        return {"answers": [{}, {}]}

    @classmethod
    def fields_of(cls, body: Body) -> dict[str, Any]:
        body = cast(ShortAnswer, body)
        rows = [
            {"pattern": answer.pattern, "credit": write_credit(answer.fraction), "feedback": answer.feedback} for answer in body.answers
        ]
        return {"answers": rows, "case_sensitive": body.case_sensitive, "feedback_otherwise": body.feedback_otherwise}

    def body_json(self) -> dict[str, Any]:
        answers = [
            {"pattern": row.pattern.data or "", "fraction": read_credit(row.credit.data, blank="1"), "feedback": row.feedback.data or ""}
            for row in self.filled("answers")
        ]
        return {
            "answers": answers,
            "case_sensitive": self.case_sensitive.data,
            "feedback_otherwise": self.feedback_otherwise.data or "",
        }


class AcceptedNumberForm(PartForm):
    """One accepted number with its tolerance."""

    value = StringField("Number", validators=[Length(max=200)])
    tolerance = NumberField("Tolerance", default="0")
    tolerance_kind = SelectField("The number may be", choices=TOLERANCES, default=ToleranceKind.NOMINAL.value)
    credit = CreditField("Credit in percent", default="100")
    feedback = TextAreaField("Feedback", validators=[Length(max=20_000)])


class UnitForm(PartForm):
    """One unit that may stand beside the number."""

    name = StringField("Unit", validators=[Length(max=40)])
    multiplier = NumberField("Factor", default="1")


class NumericalForm(QuestionForm):
    """Numerical: numbers that are tried in order, and the units they may be written in."""

    kind: ClassVar = QuestionKind.NUMERICAL
    rows: ClassVar = {
        "answers": RowRules("answer", MAX_NUMBERS, says=("value", "feedback")),
        "units": RowRules("unit", MAX_UNITS, says=("name",)),
    }
    answers = FieldList(FormField(AcceptedNumberForm), max_entries=MAX_NUMBERS)
    units = FieldList(FormField(UnitForm), max_entries=MAX_UNITS)
    needs_unit = BooleanField("A number without a unit is not accepted")
    feedback_otherwise = TextAreaField("Feedback when no answer is near enough", validators=[Length(max=20_000)])

    @classmethod
    def blank(cls) -> dict[str, Any]:
        return {"answers": [{}, {}]}

    @classmethod
    def fields_of(cls, body: Body) -> dict[str, Any]:
        body = cast(Numerical, body)
        answers = [
            {
                "value": ANY if answer.value is None else write_number(answer.value),
                "tolerance": write_number(answer.tolerance),
                "tolerance_kind": answer.tolerance_kind.value,
                "credit": write_credit(answer.fraction),
                "feedback": answer.feedback,
            }
            for answer in body.answers
        ]
        units = [{"name": unit.name, "multiplier": write_number(unit.multiplier)} for unit in body.units]
        return {"answers": answers, "units": units, "needs_unit": body.needs_unit, "feedback_otherwise": body.feedback_otherwise}

    def body_json(self) -> dict[str, Any]:
        answers = [
            {
                "value": row.value.data or "",
                "tolerance": row.tolerance.data or "0",
                "tolerance_kind": row.tolerance_kind.data,
                "fraction": read_credit(row.credit.data, blank="1"),
                "feedback": row.feedback.data or "",
            }
            for row in self.filled("answers")
        ]
        units = [{"name": row["name"].data, "multiplier": row.multiplier.data or "1"} for row in self.filled("units")]
        return {
            "answers": answers,
            "units": units,
            "needs_unit": self.needs_unit.data,
            "feedback_otherwise": self.feedback_otherwise.data or "",
        }
