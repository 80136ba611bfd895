"""What the pages of commerce send."""

from wtforms import BooleanField, HiddenField
from wtforms.validators import Optional, Regexp

from laurel.web.forms import LaurelForm

NOT_A_CURRENCY = "Choose one of the currencies on this page."
NOT_AN_AMOUNT = "The price on this page was not understood. Reload the page and try again."


class CheckoutForm(LaurelForm):
    """What the buyer saw when they pressed the button: the currency and the amount, so that nobody pays another price."""

    currency = HiddenField(validators=[Optional(), Regexp(r"[a-z]{3}\Z", message=NOT_A_CURRENCY)])
    amount = HiddenField(validators=[Optional(), Regexp(r"[0-9]{1,9}\Z", message=NOT_AN_AMOUNT)])
    via = HiddenField()
    remind = BooleanField("Write to me once if I do not finish the payment")

    @property
    def problem(self) -> str:
        """The first thing that is wrong with it."""
        return next((str(errors[0]) for errors in self.errors.values()), "")
