"""The shape of what holders say about their certificates."""

from wtforms import BooleanField, HiddenField, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, Optional

from laurel.accounts.rules import NAME_MAX
from laurel.credentials.rules.points import MAX_LINE, MAX_LINK, MAX_NOTE
from laurel.credentials.rules.visibility import Visibility
from laurel.web.forms import DayField, LaurelForm, NameField

VISIBILITIES = [
    SelectChoice(Visibility.UNLISTED.value, "Unlisted: whoever has its address or its number sees it; search engines do not list it"),
    SelectChoice(Visibility.PUBLIC.value, "Public: the same, and search engines may list it"),
    SelectChoice(
        Visibility.PRIVATE.value, "Private: others learn only that the number exists and whether it is valid, unless you give them a link"
    ),
]
DURATIONS = [
    SelectChoice(days, words) for days, words in (("1", "1 day"), ("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "1 year"))
]
MAX_WORDS = 2000


class VisibilityForm(LaurelForm):
    visibility = RadioField("Who may see this certificate", choices=VISIBILITIES, validators=[DataRequired("Choose who may see it.")])


class ShareLinkForm(LaurelForm):
    label = StringField("Whom it is for", validators=[Optional(), Length(max=80, message="Use 80 characters at most.")])
    days = SelectField("How long it works", choices=DURATIONS, default="30")


class ScoreForm(LaurelForm):
    """`seen`: the score that stood above the button."""

    wish = HiddenField(validators=[AnyOf(["show", "hide"], message="Use one of the buttons.")])
    seen = HiddenField()


class EraseForm(LaurelForm):
    typed = StringField(
        "Number of the certificate",
        validators=[DataRequired("Type the number of the certificate."), Length(max=80, message="Type its number.")],
    )


class NameChangeForm(LaurelForm):
    new_name = NameField(
        "New name on certificates",
        validators=[
            DataRequired("Enter the name as it shall stand on your certificates."),
            Length(max=NAME_MAX, message=f"Use {NAME_MAX} characters at most."),
        ],
    )
    lead_on = BooleanField("Let links from before lead to the certificates with the new name")
    words = TextAreaField(
        "What staff should know", validators=[Optional(), Length(max=MAX_WORDS, message=f"Use {MAX_WORDS} characters at most.")]
    )


class ActivityForm(LaurelForm):
    title = StringField(
        "What it was",
        validators=[
            DataRequired("Enter what it was, such as the name of the course."),
            Length(max=MAX_LINE, message=f"Use {MAX_LINE} characters at most."),
        ],
    )
    provider = StringField(
        "Who offered it",
        validators=[DataRequired("Enter who offered it."), Length(max=MAX_LINE, message=f"Use {MAX_LINE} characters at most.")],
    )
    happened_on = DayField("Day on which it ended", validators=[InputRequired("Enter the day on which it ended.")])
    points = StringField("Points", validators=[DataRequired("Enter how many points it is."), Length(max=20, message="Enter a number.")])
    link = StringField("Link", validators=[Optional(), Length(max=MAX_LINK, message=f"Use {MAX_LINK} characters at most.")])
    note = TextAreaField("Note", validators=[Optional(), Length(max=MAX_NOTE, message=f"Use {MAX_NOTE} characters at most.")])
