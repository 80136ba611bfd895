"""What a learner sends from a lesson."""

from wtforms import BooleanField, HiddenField, PasswordField
from wtforms.validators import InputRequired

from laurel.web.forms import LaurelForm


class DoneForm(LaurelForm):
    """I have read this lesson."""


class StartForm(LaurelForm):
    """I start this quiz; `password` where it has one."""

    password = PasswordField("Password")


class StartExamForm(StartForm):
    """I start this exam, by its honor code."""

    honor_code = BooleanField("I agree", validators=[InputRequired("Tick this to say that you keep to the honor code.")])


class CheckForm(LaurelForm):
    """My answer to one practice question; the answer's own fields are read by the quiz."""

    slot = HiddenField()
