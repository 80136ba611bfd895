"""What an author sends of a quiz."""

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectChoice,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields import Field
from wtforms.validators import InputRequired, Length, Optional

from laurel.quizzes.rules import QuizKind, QuizSettings, SlotKind, SlotSpec
from laurel.quizzes.rules.quizzes import MAX_ATTEMPTS, MAX_MINUTES, MAX_TEXT, MAX_TITLE
from laurel.web.forms import LaurelForm

KINDS = [
    SelectChoice(QuizKind.PRACTICE.value, "Practice: inside a lesson, with feedback at once, as often as one likes"),
    SelectChoice(QuizKind.GRADED.value, "Graded quiz: ends a module, with a pass mark and feedback afterwards"),
    SelectChoice(QuizKind.EXAM.value, "Exam: leads to a credential; time limit, attempts, pass or fail"),
]


def whole(least: int, most: int, message: str) -> Any:
    """A validator for a text field that holds a whole number."""

    def check(_form: Any, field: Field) -> None:
        text = field.data or ""
        if not (text.isascii() and text.isdigit() and len(text) < 9 and least <= int(text) <= most):
            raise ValidationError(message)

    return check


def number(least: int, most: int, message: str) -> Any:
    """A validator for a text field that holds a number with two decimal places at most."""

    def check(_form: Any, field: Field) -> None:
        value = _decimal(field.data or "")
        if value is None or not least <= value <= most or value != round(value, 2):
            raise ValidationError(message)

    return check


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def hours(_form: Any, field: Field) -> None:
    """Whole hours with commas between them."""
    if not re.fullmatch(r"\d{1,4}(?:\s*,\s*\d{1,4})*", field.data or ""):
        raise ValidationError("Write hours with commas between them, for example 24, 168, 336.")


class NewQuizForm(LaurelForm):
    """A new quiz: the rest follows on its page."""

    title = StringField("Title", validators=[InputRequired("Give the quiz a title."), Length(max=MAX_TITLE)])
    kind = RadioField("Kind", choices=KINDS, validators=[InputRequired("Choose a kind.")])


class ActForm(LaurelForm):
    """A button of the quiz's page. `base` is the state of the quiz that the page showed."""

    base = HiddenField()


class PracticeSettingsForm(ActForm):
    """The settings of a practice quiz."""

    title = StringField("Title", validators=[InputRequired("Give the quiz a title."), Length(max=MAX_TITLE)])
    instructions = TextAreaField("Instructions", validators=[Optional(), Length(max=MAX_TEXT)])

    def apply(self, settings: QuizSettings) -> QuizSettings:
        """The settings with what the form says; what it does not ask for stays."""
        return replace(settings, instructions=self.instructions.data or "")

    @staticmethod
    def values_of(settings: QuizSettings) -> dict[str, Any]:
        return {"instructions": settings.instructions}


class GradedSettingsForm(PracticeSettingsForm):
    """The settings of a graded quiz or an exam."""

    pass_percent = StringField(
        "Pass mark in percent", validators=[number(0, 100, "The pass mark is a number between 0 and 100, for example 70.")]
    )
    minutes = StringField(
        "Minutes",
        validators=[Optional(), whole(1, MAX_MINUTES, f"Write whole minutes between 1 and {MAX_MINUTES}, or leave it empty for no limit.")],
    )
    attempts_allowed = StringField(
        "Attempts",
        validators=[Optional(), whole(1, MAX_ATTEMPTS, f"Write a number between 1 and {MAX_ATTEMPTS}, or leave it empty for no limit.")],
    )
    retake_wait_hours = StringField("Hours to wait after a failed attempt", validators=[Optional(), hours])
    shuffle_questions = BooleanField("Shuffle the questions within each domain")
    shuffle_options = BooleanField("Shuffle the options")
    honor_code = TextAreaField("Honor code", validators=[Optional(), Length(max=MAX_TEXT)])

    def apply(self, settings: QuizSettings) -> QuizSettings:
        waits = self.retake_wait_hours.data or ""
        return replace(
            super().apply(settings),
            pass_percent=_decimal(self.pass_percent.data or "") or Decimal(0),
            minutes=int(self.minutes.data) if self.minutes.data else None,
            attempts_allowed=int(self.attempts_allowed.data) if self.attempts_allowed.data else None,
            retake_wait_hours=tuple(int(part) for part in waits.split(",")) if waits else (),
            shuffle_questions=self.shuffle_questions.data,
            shuffle_options=self.shuffle_options.data,
            honor_code=self.honor_code.data or "",
        )

    @staticmethod
    def values_of(settings: QuizSettings) -> dict[str, Any]:
        return {
            "instructions": settings.instructions,
            "pass_percent": f"{settings.pass_percent.normalize():f}",
            "minutes": str(settings.minutes or ""),
            "attempts_allowed": str(settings.attempts_allowed or ""),
            "retake_wait_hours": ", ".join(str(one) for one in settings.retake_wait_hours),
            "shuffle_questions": settings.shuffle_questions,
            "shuffle_options": settings.shuffle_options,
            "honor_code": settings.honor_code,
        }


class PartForm(ActForm):
    """What all new sections say: where they belong, and what a question of theirs is worth."""

    domain_title = StringField("Domain", validators=[Optional(), Length(max=120)])
    max_mark = StringField("Points for each question", default="1", validators=[number(0, 1000, "Points are a number such as 1 or 0.5.")])

    @property
    def domain(self) -> str:
        """The domain's title as a short name, so that the same title is the same domain."""
        return re.sub(r"[^a-z0-9]+", "-", (self.domain_title.data or "").lower()).strip("-")

    @property
    def points(self) -> Decimal:
        return _decimal(self.max_mark.data or "") or Decimal(0)


class AddQuestionsForm(PartForm):
    """Questions to be asked, each in a fixed slot of its own."""

    questions = SelectMultipleField("Questions", validators=[InputRequired("Tick at least one question.")])

    def offer(self, question_ids: Iterable[UUID]) -> None:
        """Let these be ticked."""
        self.questions.choices = [SelectChoice(str(one), str(one)) for one in question_ids]

    def slots(self) -> list[SlotSpec]:
        return [
            SlotSpec(
                kind=SlotKind.FIXED,
                question_id=UUID(one),
                domain=self.domain,
                domain_title=self.domain_title.data or "",
                max_mark=self.points,
            )
            for one in self.questions.data
        ]
