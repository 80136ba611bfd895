"""What staff send about certificates."""

import hashlib

from wtforms import BooleanField, HiddenField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from laurel.accounts.rules import NAME_MAX
from laurel.credentials.rules.erasure import ErasureReason
from laurel.credentials.rules.verdicts import STAFF_REASONS, RevocationReason
from laurel.web.forms import LaurelForm, NameField

MAX_NOTE = 1000


def note_field(label: str) -> TextAreaField:
    """Free text for the holder and for colleagues."""
    return TextAreaField(
        label,
        validators=[DataRequired("Say why. The holder and your colleagues read it."), Length(max=MAX_NOTE, message="Say it shorter.")],
    )


class RevokeForm(LaurelForm):
    """Why a certificate shall not count any more."""

    reason = SelectField(
        "What anyone who checks it reads",
        choices=[SelectChoice("", "Choose …"), *(SelectChoice(reason.value, reason.value.capitalize()) for reason in STAFF_REASONS)],
        validators=[InputRequired("Choose what the public reads.")],
    )
    note = note_field("What the holder and colleagues read")
    tells_holder = BooleanField("Tell the holder by mail, with an address to appeal to", default=True)

    def public_reason(self) -> RevocationReason:
        return RevocationReason(self.reason.data)


class HoldForm(LaurelForm):
    note = note_field("What the holder and colleagues read")


class ReinstateForm(LaurelForm):
    reason = note_field("Why it counts again")


class EraseForm(LaurelForm):
    """Why a certificate is erased, and its number typed by whoever means it."""

    reason = SelectField(
        "What anyone who checks it reads",
        choices=[SelectChoice("", "Choose …"), *(SelectChoice(reason.value, reason.value.capitalize()) for reason in ErasureReason)],
        validators=[InputRequired("Choose why.")],
    )
    typed = StringField(
        "Number of the certificate",
        validators=[DataRequired("Type the number of the certificate."), Length(max=80, message="Type its number.")],
    )

    def erasure_reason(self) -> ErasureReason:
        return ErasureReason(self.reason.data)


class CorrectForm(LaurelForm):
    """Another name on a certificate. `seen` names what was shown before the last button."""

    holder_name = NameField(
        "Name on the certificate",
        validators=[
            DataRequired("Enter the name as it shall stand on the certificate."),
            Length(max=NAME_MAX, message=f"A name on a certificate has at most {NAME_MAX} characters."),
        ],
    )
    reason = note_field("Why")
    tells_holder = BooleanField("Tell the holder by mail", default=True)
    seen = HiddenField()

    def shown(self, version_n: int) -> str:
        """Names what staff were shown: another name or a newer version has another one."""
        return f"{version_n}-{hashlib.sha256(str(self.holder_name.data).encode()).hexdigest()[:16]}"

    def was_overtaken(self, version_n: int) -> bool:
        """Whether what staff were shown was about an older version. Once they have heard of it they look anew."""
        seen, _, _ = str(self.seen.data or "").partition("-")
        self.seen.data = self.seen.data if seen == str(version_n) else ""
        return bool(seen) and seen != str(version_n)
