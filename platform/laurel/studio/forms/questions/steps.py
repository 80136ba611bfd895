"""Small forms around questions: a step of its life, and a new category."""

from wtforms import BooleanField, IntegerField, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from laurel.bank.rules import QuestionStatus
from laurel.web.forms import LaurelForm


class StepForm(LaurelForm):
    """Which step, and which revision of the question the person saw when they decided it. `accepts_stop`: they know that it keeps
    learners from starting a quiz, where it does."""

    status = SelectField("Status", choices=[SelectChoice(status.value, status.label) for status in QuestionStatus])
    base_revision = IntegerField("Revision", validators=[InputRequired(), NumberRange(min=1, max=10**9)])
    accepts_stop = BooleanField("Although nobody can start then")


class CategoryForm(LaurelForm):
    """A new category."""

    title = StringField("Title", validators=[DataRequired("Give the category a title."), Length(max=160)])
    parent = SelectField("Within", validators=[Optional()])
