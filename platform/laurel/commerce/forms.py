"""What the pages of commerce send."""

from uuid import UUID

from wtforms import HiddenField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, Regexp

from laurel.core.ids import id_or_new
from laurel.web.forms import LaurelForm

NOT_A_CURRENCY = "Choose one of the currencies on this page."
NOT_AN_AMOUNT = "The price on this page was not understood. Reload the page and try again."


class CheckoutForm(LaurelForm):
    """What the buyer saw when they pressed the button: the currency and the amount, so that nobody pays another price."""

    currency = HiddenField(validators=[Optional(), Regexp(r"[a-z]{3}\Z", message=NOT_A_CURRENCY)])
    amount = HiddenField(validators=[Optional(), Regexp(r"[0-9]{1,9}\Z", message=NOT_AN_AMOUNT)])
    via = HiddenField()

    @property
    def problem(self) -> str:
        """The first thing that is wrong with it."""
        return next((str(errors[0]) for errors in self.errors.values()), "")


class GiveBackForm(LaurelForm):
    """A button that gives a purchase back. `refund_id` names the refund beforehand."""

    refund_id = HiddenField()

    def named(self) -> UUID:
        return id_or_new(self.refund_id.data)


class AskRefundForm(LaurelForm):
    """What a buyer writes to whoever decides."""

    words = TextAreaField(
        "Why do you want a refund?",
        validators=[
            InputRequired("Say in a sentence or two why you want a refund."),
            Length(max=2000, message="Use at most 2,000 characters."),
        ],
    )
