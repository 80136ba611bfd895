"""The shape of what people type about themselves."""

from wtforms import EmailField, PasswordField, StringField
from wtforms.fields import Field
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from laurel.accounts.rules import NAME_MAX, PASSWORD_MAX, check_password
from laurel.accounts.services import normalize_email
from laurel.core.errors import InvalidInputError
from laurel.web.forms import LaurelForm, NameField

_ADDRESS = [InputRequired("Enter your e-mail address."), Length(max=254, message="That address is too long.")]
_PRESENT_PASSWORD = [InputRequired("Enter your password."), Length(max=PASSWORD_MAX, message="That password is too long.")]
_NEW_PASSWORD = [InputRequired("Choose a password.")]
_NAME = [DataRequired("Enter your name."), Length(max=NAME_MAX, message=f"Use {NAME_MAX} characters at most.")]


class SignInForm(LaurelForm):
    class Meta:
        only_known = True

    email = EmailField("E-mail address", validators=_ADDRESS)
    password = PasswordField("Password", validators=_PRESENT_PASSWORD)


class RegistrationForm(LaurelForm):
    class Meta:
        only_known = True

    name = NameField("Your name", validators=_NAME)
    email = EmailField("E-mail address", validators=_ADDRESS)
    password = PasswordField("Password", validators=_NEW_PASSWORD)

    def validate_email(self, field: Field) -> None:
        try:
            field.data = normalize_email(field.data)
        except InvalidInputError as error:
            raise ValidationError(error.message) from None

    def validate_password(self, field: Field) -> None:
        weakness = weakness_of(field.data or "", email=self.email.data or "", name=self.name.data or "")
        if weakness is not None:
            raise ValidationError(weakness)


class ResetForm(LaurelForm):
    email = EmailField("E-mail address", validators=_ADDRESS)


class AddressForm(LaurelForm):
    email = EmailField("E-mail address", validators=_ADDRESS)


class NewPasswordForm(LaurelForm):
    password = PasswordField("New password", validators=_NEW_PASSWORD)


class ChangePasswordForm(NewPasswordForm):
    present = PasswordField("Present password", validators=_PRESENT_PASSWORD)


class ConfirmPasswordForm(LaurelForm):
    password = PasswordField("Password", validators=_PRESENT_PASSWORD)


class CodeForm(LaurelForm):
    code = StringField("Code", validators=[InputRequired("Enter the code."), Length(max=40, message="That is no code.")])


class NameForm(LaurelForm):
    name = NameField("Your name", validators=_NAME)


def weakness_of(password: str, *, email: str, name: str) -> str | None:
    """Why this person should not use this password, or None."""
    try:
        check_password(password, email=email, name=name)
    except InvalidInputError as error:
        return error.message
    return None
