"""What a grader hands in: points for each criterion of the essay at hand, and a comment."""

from typing import Any

from wtforms import Field, RadioField, SelectChoice, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from laurel.bank.rules.essay import Criterion, Essay
from laurel.bank.rules.reading import write_number
from laurel.core.errors import InvalidInputError
from laurel.quizzes.rules.grading import MAX_COMMENT
from laurel.quizzes.rules.rubrics import Reading
from laurel.web.forms import LaurelForm


class GradingForm(LaurelForm):
    """Made by `form_for`: a field for the points of each criterion, `points-0` and on, and the comment."""

    comment: TextAreaField

    @property
    def points(self) -> list[Field]:
        """The fields of the criteria, in order."""
        return [field for field in self if field.name.startswith("points-")]

    def read_points(self) -> list[str]:
        return [field.data or "" for field in self.points]

    def put_message(self, error: InvalidInputError) -> None:
        """The message beside its field, or on top."""
        field = self._fields.get(error.field or "")
        if field is None:
            self.form_errors.append(error.message)
        else:
            field.errors = [*field.errors, error.message]


def form_for(essay: Essay, *, reading: Reading | None = None, is_posted: bool) -> GradingForm:
    """The form for this essay's rubric: filled with what was posted, else with what its grader gave before."""
    fields: dict[str, Any] = {f"points-{at}": _field(criterion) for at, criterion in enumerate(essay.criteria)}
    fields["comment"] = TextAreaField("Comment", validators=[Optional(), Length(max=MAX_COMMENT)])
    form_class: type[GradingForm] = type("RubricForm", (GradingForm,), fields)
    if is_posted:
        return form_class()
    given = {} if reading is None else {f"points-{at}": write_number(points) for at, points in enumerate(reading.points)}
    return form_class(formdata=None, data=given | ({} if reading is None else {"comment": reading.comment}))


def _field(criterion: Criterion) -> Any:
    if not criterion.levels:
        return StringField(criterion.name, validators=[InputRequired(f"Give points for “{criterion.name}”.")])
    choices = [SelectChoice(write_number(level.points), f"{write_number(level.points)}: {level.text}") for level in criterion.levels]
    required = InputRequired(f"Choose a level for “{criterion.name}”.")
    return RadioField(criterion.name, choices=choices, validators=[required], validate_choice=False)
