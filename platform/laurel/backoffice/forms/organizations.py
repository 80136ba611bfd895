"""What staff send about organizations that certify in their own name."""

from flask_wtf.file import FileField
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from laurel.credentials.rules.organizations import MAX_NAME, MAX_OFFICIAL, MAX_TEXT, OrganizationFacts
from laurel.web.forms import LaurelForm, NameField

NAME = "Enter the name of the organization. It cannot be empty."
URL = "Enter the address of the organization’s own site."
EMAIL = "Enter an e-mail address to which holders may write."
DESCRIPTION = "Say in one or two sentences what the organization is."


class OrganizationForm(LaurelForm):
    """What its certificates say of it."""

    name = NameField("Name", validators=[DataRequired(NAME), Length(max=MAX_NAME, message=f"Use at most {MAX_NAME} characters.")])
    url = StringField("Its own site", validators=[DataRequired(URL), Length(max=300, message="This address is too long.")])
    email = StringField("E-mail address of a role", validators=[DataRequired(EMAIL), Length(max=254, message="This address is too long.")])
    description = TextAreaField(
        "Description", validators=[DataRequired(DESCRIPTION), Length(max=MAX_TEXT, message=f"Use at most {MAX_TEXT} characters.")]
    )
    official = NameField(
        "Who answers for it", validators=[Optional(), Length(max=MAX_OFFICIAL, message=f"Use at most {MAX_OFFICIAL} characters.")]
    )
    linkedin_id = StringField("Its number at LinkedIn", validators=[Optional()])
    logo = FileField("Logo")

    def facts(self) -> OrganizationFacts:
        return OrganizationFacts(
            name=self.name.data or "",
            url=self.url.data or "",
            email=self.email.data or "",
            description=self.description.data or "",
            official=self.official.data or "",
            linkedin_id=self.linkedin_id.data or "",
        )

    def picture(self) -> bytes | None:
        """The file that was sent, if one was."""
        return self.logo.data.read() if self.logo.data else None


class NewOrganizationForm(OrganizationForm):
    """The same, with the name that stands in its DID."""

    slug = StringField("Short name", validators=[DataRequired("Choose the name that stands in its addresses for good.")])


class AwardForm(LaurelForm):
    """What shall be awarded in the organization's name."""

    achievement = SelectField("Credential", validators=[InputRequired("Choose a credential.")])
