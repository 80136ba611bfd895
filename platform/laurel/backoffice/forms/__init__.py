"""What staff send: acts on attempts, overrides, groups, accommodations, answers to requests for a review."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    HiddenField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields import Field
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from laurel.commerce.queries import LineStand
from laurel.commerce.rules import AccessEffect, CodeTerms, OfferingKind, RefundReason, TaxBehavior, check_part, check_price
from laurel.commerce.rules.discounts import MAX_USES
from laurel.core.errors import InvalidInputError
from laurel.core.ids import new_id
from laurel.core.money import exponent, parse_amount
from laurel.quizzes.rules.appealing import MAX_STATEMENT
from laurel.quizzes.rules.quizzes import MAX_ATTEMPTS, MAX_MINUTES
from laurel.quizzes.rules.staff import MAX_REASON
from laurel.quizzes.rules.terms import ALWAYS, MAX_EXTRA_MINUTES, NEVER, Override, Profile, ReasonCategory
from laurel.web.forms import LaurelForm, NameField

MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


def whole(least: int, most: int, message: str) -> Any:
    """A validator for a text field that holds a whole number."""

    def check(_form: Any, field: Field) -> None:
        text = field.data or ""
        if not (text.isascii() and text.isdigit() and len(text) < 9 and least <= int(text) <= most):
            raise ValidationError(message)

    return check


def parse_money(text: str, currency: str, *, field: str) -> int:
    """Minor units of what was written; InvalidInputError names the field."""
    try:
        return parse_amount(text.replace(",", "."), currency)
    except InvalidInputError as error:
        raise InvalidInputError(error.message, field=field) from None


def parse_price(text: str, currency: str, *, field: str) -> int:
    """As `parse_money`, for what something may cost."""
    amount = parse_money(text, currency, field=field)
    try:
        return check_price(amount, currency)
    except InvalidInputError as error:
        raise InvalidInputError(error.message, field=field) from None


def show_error(form: LaurelForm, error: InvalidInputError) -> None:
    """Put what a service refused beside the field that it is about."""
    if error.field is not None and error.field in form:
        form[error.field].errors = [*form[error.field].errors, error.message]
    else:
        form.form_errors.append(error.message)


class ReasonForm(LaurelForm):
    """An act that needs nothing but a reason."""

    reason = TextAreaField(
        "Reason", validators=[InputRequired("Say why. It is kept with the attempt."), Length(max=MAX_REASON, message="Say it shorter.")]
    )

    def facts(self) -> dict[str, Any]:
        """What the service of the act takes besides actor and time."""
        return {"reason": self.reason.data}


class MinutesForm(ReasonForm):
    """More time, or a new end."""

    minutes = StringField("Minutes", validators=[whole(1, MAX_MINUTES, f"Write whole minutes between 1 and {MAX_MINUTES}.")])

    def facts(self) -> dict[str, Any]:
        return {"reason": self.reason.data, "minutes": int(self.minutes.data)}


class VoidForm(ReasonForm):
    """Setting aside."""

    gives_back = BooleanField("The learner may take another attempt instead")

    def facts(self) -> dict[str, Any]:
        return {"reason": self.reason.data, "gives_back": self.gives_back.data}


class AccommodationForm(LaurelForm):
    """What a learner is accommodated with."""

    multiplier = StringField("Time multiplied by", default="1", validators=[InputRequired("Write 1 to leave the time as it is.")])
    extra_minutes = StringField(
        "Extra minutes", default="0", validators=[whole(0, MAX_EXTRA_MINUTES, f"Write whole minutes between 0 and {MAX_EXTRA_MINUTES}.")]
    )
    hides_timer = BooleanField("Hide the timer; it is shown when the learner asks for it")
    reason = SelectField("Reason", choices=[SelectChoice(reason.value, reason.label) for reason in ReasonCategory])
    last_day = DateField("Last day", validators=[Optional()])

    def profile(self) -> Profile:
        """The accommodation; raises InvalidInputError for a multiplier that is no number."""
        try:
            multiplier = Decimal((self.multiplier.data or "").replace(",", "."))
        except InvalidOperation:
            multiplier = Decimal(0)
        expires_at = datetime.combine(self.last_day.data, time(), UTC) + timedelta(days=1) if self.last_day.data else None
        return Profile(
            multiplier=multiplier if multiplier.is_finite() else Decimal(0),
            extra_minutes=int(self.extra_minutes.data),
            hides_timer=self.hides_timer.data,
            expires_at=expires_at,
        )


class OverrideForm(ReasonForm):
    """What of a quiz is different for a learner or a group. What stays empty stays as the quiz says."""

    minutes = StringField("Minutes", validators=[Optional(), whole(0, MAX_MINUTES, f"Write minutes up to {MAX_MINUTES}; 0: no limit.")])
    opens_at = DateTimeLocalField("Opens (UTC)", format=MOMENTS, validators=[Optional()])
    is_always_open = BooleanField("Open at once, whenever the quiz opens")
    closes_at = DateTimeLocalField("Closes (UTC)", format=MOMENTS, validators=[Optional()])
    never_closes = BooleanField("Never closes")
    attempts = StringField("Attempts", validators=[Optional(), whole(0, MAX_ATTEMPTS, f"Write up to {MAX_ATTEMPTS}; 0: no limit.")])
    waives_wait = BooleanField("No waiting time between attempts")

    def override(self) -> Override:
        """The override that the form says."""
        return Override(
            minutes=int(self.minutes.data) if self.minutes.data else None,
            opens_at=ALWAYS if self.is_always_open.data else _utc(self.opens_at.data),
            closes_at=NEVER if self.never_closes.data else _utc(self.closes_at.data),
            attempts=int(self.attempts.data) if self.attempts.data else None,
            waives_wait=self.waives_wait.data or None,
        )


class NewOverrideForm(OverrideForm):
    """An override with whom it is for: an address, or a group."""

    email = StringField("Learner’s e-mail address", validators=[Optional(), Length(max=254)])
    group = SelectField("Group")

    def validate_group(self, field: Field) -> None:
        if bool(field.data) == bool(self.email.data):
            raise ValidationError("Name either a learner or a group.")


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


class GroupForm(LaurelForm):
    """A new group."""

    name = NameField("Name", validators=[InputRequired("Give the group a name."), Length(max=120)])


class MemberForm(LaurelForm):
    """A learner for a group."""

    email = StringField(
        "Learner’s e-mail address", validators=[InputRequired("Write the address of the learner’s account."), Length(max=254)]
    )


class RemoveForm(LaurelForm):
    """A button that removes."""


class DecideForm(LaurelForm):
    """The answer to a request for a review."""

    decision = TextAreaField(
        "Your answer to the learner",
        validators=[
            InputRequired("Write to the learner what you found and what follows."),
            Length(max=MAX_STATEMENT, message=f"Use at most {MAX_STATEMENT:,} characters."),
        ],
    )


class RefundForm(LaurelForm):
    """A refund. Its fields for each line are made by `refund_form`; `seen` says what staff were shown before they pressed the button."""

    refund_id = HiddenField()
    seen = HiddenField()
    reason = SelectField(
        "Reason", choices=[SelectChoice(reason.value, reason.value.replace("_", " ").capitalize()) for reason in RefundReason]
    )
    access = RadioField(
        "Access",
        choices=[
            SelectChoice(AccessEffect.REVOKE.value, "End what is refunded, as soon as the money is back"),
            SelectChoice(AccessEffect.KEEP.value, "Keep it: the money is a kindness"),
        ],
        default=AccessEffect.REVOKE.value,
    )
    note = TextAreaField("Note for colleagues", validators=[Optional(), Length(max=MAX_REASON, message="Say it shorter.")])

    def parts(self, stands: Sequence[LineStand], currency: str) -> dict[UUID, tuple[int, int]]:
        """What goes back of each line: (amount in minor units, seats). Raises InvalidInputError that names the field."""
        found: dict[UUID, tuple[int, int]] = {}
        for stand in stands:
            number = stand.line.line_no
            text = self[f"amount_{number}"].data or ""
            try:
                amount = parse_amount(text, currency) if text else 0
            except InvalidInputError as error:
                raise InvalidInputError(error.message, field=f"amount_{number}") from None
            seats = int(self[f"seats_{number}"].data or 0) if f"seats_{number}" in self else 0
            if amount or seats:
                _check(stand, amount, seats, number)
                found[stand.line.id] = amount, seats
        if not found:
            first = stands[0].line.line_no if stands else 1
            raise InvalidInputError("Write how much goes back.", field=f"amount_{first}")
        return found


def _check(stand: LineStand, amount: int, seats: int, number: int) -> None:
    try:
        check_part(stand.money, amount=amount, seats=seats, unused_seats=stand.unused_seats)
    except InvalidInputError as error:
        raise InvalidInputError(error.message, field=f"{error.field}_{number}") from None


def refund_form(stands: Sequence[LineStand], currency: str) -> RefundForm:
    """A form with an amount for each line, all that is left to begin with, and a number of seats where the line has some."""
    fields: dict[str, Any] = {}
    validators = [Optional()] if len(stands) > 1 else []
    for stand in stands:
        line, number = stand.line, stand.line.line_no
        left = Decimal(stand.money.left).scaleb(-exponent(currency))
        fields[f"amount_{number}"] = StringField(f"{line.title}: amount in {currency.upper()}", default=f"{left:f}", validators=validators)
        if line.kind is OfferingKind.SEATS:
            most = stand.unused_seats
            check = whole(0, most, f"Write how many of the {most} unused seats are taken back.")
            fields[f"seats_{number}"] = StringField(f"{line.title}: seats taken back", default=str(most), validators=[Optional(), check])
    form: RefundForm = type("LineRefundForm", (RefundForm,), fields)(refund_id=str(new_id()))
    return form


class TaskForm(LaurelForm):
    """The answer to a question about money."""

    answer = TextAreaField(
        "What you found and did",
        validators=[DataRequired("Say what you found and did."), Length(max=2000, message="Use at most 2,000 characters.")],
    )


EVIDENCE_TEXTS = {
    "product_description": "What was sold",
    "customer_name": "The buyer’s name",
    "customer_email_address": "The buyer’s e-mail address",
    "service_date": "When it was delivered",
    "access_activity_log": "What the buyer did with it",
    "refund_policy_disclosure": "What we promise about refunds, and where the buyer saw it",
    "uncategorized_text": "Anything else",
}
"""Stripe's names for what a bank reads, and ours."""


class EvidenceForm(LaurelForm):
    """Our answer to a bank. Filled in from what we know; staff may change every word."""

    product_description = TextAreaField(EVIDENCE_TEXTS["product_description"], validators=[Optional(), Length(max=20_000)])
    customer_name = StringField(EVIDENCE_TEXTS["customer_name"], validators=[Optional(), Length(max=300)])
    customer_email_address = StringField(EVIDENCE_TEXTS["customer_email_address"], validators=[Optional(), Length(max=300)])
    service_date = StringField(EVIDENCE_TEXTS["service_date"], validators=[Optional(), Length(max=300)])
    access_activity_log = TextAreaField(
        EVIDENCE_TEXTS["access_activity_log"], validators=[InputRequired("Say what the buyer did."), Length(max=20_000)]
    )
    refund_policy_disclosure = TextAreaField(EVIDENCE_TEXTS["refund_policy_disclosure"], validators=[Optional(), Length(max=20_000)])
    uncategorized_text = TextAreaField(EVIDENCE_TEXTS["uncategorized_text"], validators=[Optional(), Length(max=20_000)])

    def texts(self) -> dict[str, str]:
        """What was written, by Stripe's names."""
        return {name: self[name].data or "" for name in EVIDENCE_TEXTS}


class CodeForm(LaurelForm):
    """A new discount code."""

    code = StringField("Code", validators=[InputRequired("Write the code."), Length(max=40, message="A code has 40 signs at most.")])
    percent = StringField("Percentage off", validators=[Optional(), whole(1, 100, "Write a whole number between 1 and 100.")])
    amount = StringField("Amount off", validators=[Optional(), Length(max=20)])
    currency = SelectField("Currency of the amount")
    offerings = SelectMultipleField("For what")
    max_uses = StringField("Orders that may use it", validators=[Optional(), whole(1, MAX_USES, f"Write a number up to {MAX_USES:,}.")])
    per_user = StringField("Orders of each buyer", default="1", validators=[whole(1, 1000, "Write a number between 1 and 1,000.")])
    first_day = DateField("First day (UTC)", validators=[Optional()])
    last_day = DateField("Last day (UTC)", validators=[Optional()])
    note = StringField("Note", validators=[Optional(), Length(max=300, message="Write at most 300 characters.")])

    def terms(self) -> CodeTerms:
        """What the code shall give; InvalidInputError for an amount that is none."""
        currency = self.currency.data or ""
        last = self.last_day.data
        return CodeTerms(
            code=self.code.data or "",
            percent=int(self.percent.data) if self.percent.data else None,
            amount=parse_money(self.amount.data, currency, field="amount") if self.amount.data else None,
            currency=currency if self.amount.data else None,
            max_uses=int(self.max_uses.data) if self.max_uses.data else None,
            per_user=int(self.per_user.data),
            valid_from=datetime.combine(self.first_day.data, time(), UTC) if self.first_day.data else None,
            valid_until=datetime.combine(last, time(), UTC) + timedelta(days=1) if last else None,
            note=self.note.data or "",
        )


class PricesForm(LaurelForm):
    """What something costs in each currency; `make_prices_form` adds a field for each."""

    tax_behavior = SelectField(
        "Taxes",
        choices=[
            SelectChoice(TaxBehavior.INCLUSIVE.value, "are included in the price"),
            SelectChoice(TaxBehavior.EXCLUSIVE.value, "are added on top"),
        ],
    )

    def prices(self) -> dict[str, int]:
        """Minor units by currency; a field that is empty sets no price. InvalidInputError for what is no amount."""
        written = {field.name.removeprefix("amount_"): field for field in self if field.name.startswith("amount_") and field.data}
        return {currency: parse_price(field.data, currency, field=field.name) for currency, field in written.items()}


def make_prices_form(currencies: Iterable[str]) -> type[PricesForm]:
    """The form with a field for the amount in each of the currencies."""
    fields = {f"amount_{code}": StringField(code.upper(), validators=[Optional(), Length(max=20)]) for code in currencies}
    return type("PricesForm", (PricesForm,), fields)
