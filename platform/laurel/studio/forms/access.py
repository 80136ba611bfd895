"""What an author decides about who may start a quiz, how one goes through it, and what one sees of it afterwards."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from wtforms import BooleanField, DateTimeLocalField, SelectChoice, SelectMultipleField, StringField, ValidationError
from wtforms.fields import Field as FormField
from wtforms.validators import Optional

from laurel.quizzes.rules import QuizKind, QuizSettings
from laurel.quizzes.rules.access import MAX_PASSWORD, MIN_PASSWORD, is_fit_for_an_exam
from laurel.quizzes.rules.briefing import may_decide, settle
from laurel.quizzes.rules.reviewing import Field, Phase, ReviewMatrix, preset_of
from laurel.studio.forms.quizzes import ActForm


def fit(_form: Any, field: FormField) -> None:
    """A validator for a new password."""
    if not is_fit_for_an_exam(field.data or ""):
        raise ValidationError(f"Use {MIN_PASSWORD} to {MAX_PASSWORD} characters.")


class AccessForm(ActForm):
    """Window, password, no way back, focus log. Moments are in UTC. An empty password keeps the one that is set."""

    opens_at = DateTimeLocalField("Opens", format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], validators=[Optional()])
    closes_at = DateTimeLocalField("Closes", format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], validators=[Optional()])
    password = StringField("New password", validators=[Optional(), fit])
    removes_password = BooleanField("Take the password away")
    one_way = BooleanField("Nobody can go back: Next closes a question for good")
    logs_focus = BooleanField("Note when a learner leaves the page, and how much is pasted")

    def apply(self, settings: QuizSettings, *, password_hash: str | None) -> QuizSettings:
        """The settings with what the form says; `password_hash` is that of the new password, None if none was typed."""
        kept = None if self.removes_password.data else settings.access.password_hash
        access = replace(settings.access, password_hash=password_hash or kept, one_way=self.one_way.data, logs_focus=self.logs_focus.data)
        return replace(settings, opens_at=_in_utc(self.opens_at.data), closes_at=_in_utc(self.closes_at.data), access=access)

    @staticmethod
    def values_of(settings: QuizSettings) -> dict[str, Any]:
        access = settings.access
        times = {"opens_at": settings.opens_at, "closes_at": settings.closes_at}
        return {**times, "one_way": access.one_way, "logs_focus": access.logs_focus}


def _in_utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


class ReviewMatrixForm(ActForm):
    """A box for each cell of the matrix that an author decides, named `field.phase`."""

    cells = SelectMultipleField("What may be seen")
    answers_early = BooleanField("Show right answers also to learners who have an attempt left")

    def offer(self, kind: QuizKind) -> None:
        """Let the cells be ticked that this kind of quiz leaves to its author."""
        names = [name_of(field, phase) for field in Field for phase in Phase if may_decide(kind, field, phase)]
        self.cells.choices = [SelectChoice(name, name) for name in names]

    def matrix(self, kind: QuizKind) -> ReviewMatrix:
        """What is ticked, and what this kind of quiz shows anyway."""
        ticked = set(self.cells.data or ())
        cells = frozenset((field, phase) for field in Field for phase in Phase if name_of(field, phase) in ticked)
        return settle(ReviewMatrix(cells, answers_early=self.answers_early.data), kind)

    def fill(self, matrix: ReviewMatrix) -> None:
        """Tick what the matrix shows."""
        self.cells.data = [name_of(field, phase) for field, phase in matrix.cells]
        self.answers_early.data = matrix.answers_early


def name_of(field: Field, phase: Phase) -> str:
    return f"{field.value}.{phase.value}"


def apply_matrix(settings: QuizSettings, matrix: ReviewMatrix) -> QuizSettings:
    """The settings with this matrix: by name if it is a preset's, else cell by cell."""
    preset = preset_of(matrix)
    return replace(settings, review_preset=preset or settings.review_preset, review=None if preset else matrix)
