"""The form of essays."""

from typing import Any, ClassVar, cast

from wtforms import StringField, TextAreaField
from wtforms.fields import FieldList, FormField
from wtforms.validators import Length, Optional

from laurel.bank.rules import Body, QuestionKind
from laurel.bank.rules.essay import MAX_CRITERIA, MAX_NAME, Essay, read_levels, write_levels
from laurel.bank.rules.reading import MAX_LINE, write_number
from laurel.studio.forms.questions.base import NumberField, QuestionForm, RowRules
from laurel.web.forms import PartForm


class CriterionForm(PartForm):
    """One criterion; its levels are lines such as `4: Clear and complete`."""

    name = StringField("What the grader looks at", validators=[Length(max=MAX_NAME)])
    points = NumberField("Points")
    description = TextAreaField("What earns the points", validators=[Optional(), Length(max=MAX_LINE)])
    levels = TextAreaField("Levels", validators=[Optional(), Length(max=20_000)])


class EssayForm(QuestionForm):
    """Essay: what to write, how much, and the criteria by which a person gives points."""

    kind: ClassVar = QuestionKind.ESSAY
    rows: ClassVar = {"criteria": RowRules("criterion", MAX_CRITERIA, says=("name", "description", "levels"))}
    instructions = TextAreaField("Instructions", validators=[Optional(), Length(max=20_000)])
    min_words = NumberField("Words at least", validators=[Optional()])
    max_words = NumberField("Words at most", validators=[Optional()])
    criteria = FieldList(FormField(CriterionForm), max_entries=MAX_CRITERIA)
    model_answer = TextAreaField("Model answer", validators=[Optional(), Length(max=20_000)])
    grader_notes = TextAreaField("Notes for graders", validators=[Optional(), Length(max=20_000)])

    @classmethod
    def blank(cls) -> dict[str, Any]:
        return {"criteria": [{}, {}]}

    @classmethod
    def fields_of(cls, body: Body) -> dict[str, Any]:
        body = cast(Essay, body)
        criteria = [
            {
                "name": criterion.name,
                "points": write_number(criterion.points),
                "description": criterion.description,
                "levels": write_levels(criterion.levels),
            }
            for criterion in body.criteria
        ]
        return {
            "criteria": criteria,
            "instructions": body.instructions,
            "min_words": str(body.min_words or ""),
            "max_words": str(body.max_words or ""),
            "model_answer": body.model_answer,
            "grader_notes": body.grader_notes,
        }

    def body_json(self) -> dict[str, Any]:
        criteria = [
            {
                "name": row["name"].data or "",
                "points": row.points.data or "",
                "description": row.description.data or "",
                "levels": read_levels(row.levels.data or ""),
            }
            for row in self.filled("criteria")
        ]
        texts = {name: self[name].data or "" for name in ("instructions", "min_words", "max_words", "model_answer", "grader_notes")}
        return {"criteria": criteria, **texts}
