"""What staff send."""

from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from laurel.quizzes.rules.appealing import MAX_STATEMENT
from laurel.web.forms import LaurelForm


class DecideForm(LaurelForm):
    """The answer to a request for a review."""

    decision = TextAreaField(
        "Your answer to the learner",
        validators=[
            InputRequired("Write to the learner what you found and what follows."),
            Length(max=MAX_STATEMENT, message=f"Use at most {MAX_STATEMENT:,} characters."),
        ],
    )
