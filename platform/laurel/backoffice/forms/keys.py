"""What staff send about signing keys."""

from collections.abc import Sequence
from typing import Any

from wtforms import HiddenField, RadioField, SelectChoice, SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length

from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.keys import KeyPurpose
from laurel.web.forms import LaurelForm

MAX_REASON = 240


class KeyReasonForm(LaurelForm):
    """Why something is done with keys."""

    reason = TextAreaField(
        "Why",
        validators=[
            DataRequired("Say why. It is kept in the history for good."),
            Length(max=MAX_REASON, message=f"Say it in at most {MAX_REASON} characters."),
        ],
    )


class KeyActForm(KeyReasonForm):
    """An act on a key that needs nothing but a reason. `seen` names what was shown that it does."""

    seen = HiddenField()


class StageForm(KeyReasonForm):
    """A new key."""

    purpose = RadioField(
        "What it shall sign",
        choices=[
            SelectChoice(KeyPurpose.DATA_INTEGRITY.value, "Certificates and status lists (Ed25519)"),
            SelectChoice(KeyPurpose.JWT.value, "The same certificates as tokens (RS256)"),
        ],
        validators=[InputRequired("Choose what the key shall sign.")],
        default=KeyPurpose.DATA_INTEGRITY.value,
    )
    organization = SelectField("In whose name")

    def __init__(self, issuers: Sequence[Issuer], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.organization.choices = [(issuer.slug, issuer.name) for issuer in issuers]


class CompromiseForm(KeyActForm):
    """Withdrawing a stolen key: its name, typed by hand."""

    name = StringField("Name of the key", validators=[DataRequired("Type the name of the key.")])

    def __init__(self, fragment: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fragment = fragment

    def validate_name(self, field: StringField) -> None:
        if (field.data or "").strip() != self.fragment:
            raise ValidationError(f"That is not the name of this key. Type {self.fragment}.")


class AnswerForm(LaurelForm):
    """Agreeing to a request: `seen` names exactly what was shown."""

    seen = HiddenField()
