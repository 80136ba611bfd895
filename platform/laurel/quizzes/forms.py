"""What an exam's pages post."""

from uuid import UUID

from wtforms import HiddenField, TextAreaField
from wtforms.validators import InputRequired, Length

from laurel.quizzes.rules.appealing import MAX_STATEMENT
from laurel.quizzes.rules.saving import InvalidSaveError, read_lease, read_op_id
from laurel.web.forms import LaurelForm


class AnswerForm(LaurelForm):
    """One question's page. The answer's own fields are read by the kind of the question.

    `op_id` and `seq` come with the page, so that sending it twice saves it once, and sending an old page overwrites nothing newer.
    """

    op_id = HiddenField()
    seq = HiddenField()
    lease = HiddenField()

    def read_operation(self) -> tuple[UUID, int, str | None]:
        """op_id, seq and lease; raises InvalidSaveError for what no page of ours holds."""
        seq = self.seq.data or ""
        if not (seq.isascii() and seq.isdigit() and len(seq) < 10 and int(seq) > 0):
            raise InvalidSaveError("The page is damaged. Reload it and answer again.")
        return read_op_id(self.op_id.data), int(seq), read_lease(self.lease.data or None)


class ReviewRequestForm(LaurelForm):
    """Please look at this exam again."""

    statement = TextAreaField(
        "What should be looked at?",
        validators=[
            InputRequired("Say what should be looked at."),
            Length(max=MAX_STATEMENT, message=f"Use at most {MAX_STATEMENT:,} characters."),
        ],
    )


class HandInForm(LaurelForm):
    """I hand this in."""


class DismissForm(LaurelForm):
    """I have read this. `back`: the page on which it stood."""

    number = HiddenField()
    back = HiddenField()

    def read_number(self) -> int:
        """The announcement's number, 0 for what is none."""
        number = self.number.data or ""
        return int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 0
