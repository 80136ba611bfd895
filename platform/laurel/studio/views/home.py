"""The studio's first page and its style guide."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, PasswordField, RadioField, SelectChoice, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, Email, Optional

from laurel.studio.navigation import work_nav
from laurel.web.access import policy, viewer
from laurel.web.forms import LaurelForm

bp = Blueprint("studio", __name__, url_prefix="/studio")


class SampleForm(LaurelForm):
    """One field of each kind, for the style guide."""

    name = StringField("Name", validators=[DataRequired("Enter a name.")], description="As it shall stand on your certificates.")
    email = StringField("E-mail", validators=[Email("Enter an address such as ada@example.com.")])
    password = PasswordField("Password", validators=[Optional()])
    level = SelectField("Level", choices=[SelectChoice("1", "Level 1"), SelectChoice("2", "Level 2")])
    kind = RadioField("Kind", choices=[SelectChoice("single", "Single"), SelectChoice("multiple", "Multiple")], default="single")
    topics = SelectMultipleField("Topics", choices=[SelectChoice("text", "Text"), SelectChoice("images", "Images")])
    summary = TextAreaField("Summary", validators=[Optional()])
    agree = BooleanField("I have read the rules")


@bp.get("")
@policy(GET="studio:enter")
def overview_page() -> ResponseReturnValue:
    return render_template("studio/overview_page.html", work_nav=work_nav(), person=viewer())


@bp.get("/style-guide")
@policy(GET="studio:enter")
def style_guide_page() -> ResponseReturnValue:
    form = SampleForm()
    form.email.process_errors, form.email.errors = [], ["Enter an address such as ada@example.com."]
    return render_template("studio/style_guide_page.html", work_nav=work_nav(), form=form)
