"""What the pages of commerce send."""

from uuid import UUID

from wtforms import BooleanField, EmailField, HiddenField, StringField, TextAreaField
from wtforms.validators import AnyOf, DataRequired, Email, InputRequired, Length, Optional, Regexp

from laurel.commerce.rules import OfferingKind, Wish
from laurel.core.ids import id_or_new
from laurel.web.forms import LaurelForm, NameField

NOT_A_CURRENCY = "Choose one of the currencies on this page."
NOT_AN_AMOUNT = "The price on this page was not understood. Reload the page and try again."
NOT_A_NUMBER = "Write the number of seats in digits, between 1 and 500."


class CheckoutForm(LaurelForm):
    """What the buyer saw when they pressed the button: what, how many, the currency, the code and the amount, so that nobody pays
    another price."""

    kind = HiddenField(validators=[Optional(), AnyOf([kind.value for kind in OfferingKind], message="Reload the page and try again.")])
    currency = HiddenField(validators=[Optional(), Regexp(r"[a-z]{3}\Z", message=NOT_A_CURRENCY)])
    quantity = StringField(validators=[Optional(), Regexp(r"[0-9]{1,4}\Z", message=NOT_A_NUMBER)])
    code = StringField(validators=[Optional(), Length(max=60, message="No code is this long.")])
    amount = HiddenField(validators=[Optional(), Regexp(r"[0-9]{1,9}\Z", message=NOT_AN_AMOUNT)])
    permit = HiddenField()
    via = HiddenField()
    remind = BooleanField("Write to me once if I do not finish the payment")

    @property
    def problem(self) -> str:
        """The first thing that is wrong with it."""
        return next((str(errors[0]) for errors in self.errors.values()), "")

    @property
    def offering_kind(self) -> OfferingKind:
        return OfferingKind(self.kind.data) if self.kind.data in set(OfferingKind) else OfferingKind.COURSE

    @property
    def permit_id(self) -> UUID | None:
        """Which renewal is bought; what names none is none."""
        try:
            return UUID(self.permit.data or "") if self.offering_kind is OfferingKind.RENEWAL else None
        except ValueError:
            return None

    def wish(self, course_id: UUID, *, currency: str) -> Wish:
        """What is to be bought, in `currency` if the form says none."""
        return Wish(
            course_id=course_id,
            currency=self.currency.data or currency,
            kind=self.offering_kind,
            quantity=int(self.quantity.data or 1),
            code=self.code.data or "",
            permit_id=self.permit_id,
        )


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
            DataRequired("Say in a sentence or two why you want a refund."),
            Length(max=2000, message="Use at most 2,000 characters."),
        ],
    )


class RedeemForm(LaurelForm):
    """A code that somebody was sent."""

    code = StringField(
        "Code", validators=[InputRequired("Write the code that you were sent."), Length(max=60, message="No code is this long.")]
    )


class SeatForm(LaurelForm):
    """For whom a seat is meant."""

    label = NameField("For whom", validators=[Optional(), Length(max=120, message="Write at most 120 characters.")])


class SeatMailForm(LaurelForm):
    """To whom a seat's code is mailed."""

    email = EmailField(
        "E-mail address",
        validators=[
            InputRequired("Write your colleague’s e-mail address."),
            Email("Write an address such as ada@example.com."),
            Length(max=254, message="No address is this long."),
        ],
    )
