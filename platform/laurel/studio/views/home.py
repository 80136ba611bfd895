"""The studio's first page and its style guide."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, PasswordField, RadioField, SelectChoice, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, Email, Optional

from laurel.studio.navigation import work_nav
from laurel.studio.queries import count_answers_to_grade, get_article_desk, get_question_desk
from laurel.studio.views import grading
from laurel.studio.views.questions.blueprint import whose
from laurel.web.access import my_id, policy, viewer
from laurel.web.forms import LaurelForm
from laurel.web.session import current_session

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
    """What the person may do here, and above it what waits for them."""
    person, session = viewer(), current_session()
    is_author, is_marketer = person is not None and person.may_author, person is not None and person.may_market
    return render_template(
        "studio/overview_page.html",
        work_nav=work_nav(),
        questions=get_question_desk(session, whose()) if is_author else None,
        to_grade=count_answers_to_grade(session, my_id(), grading.whose()) if person is not None and person.may(grading.GRADE) else 0,
        articles=get_article_desk(session, my_id()) if is_marketer else None,
    )


@bp.get("/style-guide")
@policy(GET="studio:enter")
def style_guide_page() -> ResponseReturnValue:
    form = SampleForm()
    form.email.process_errors, form.email.errors = [], ["Enter an address such as ada@example.com."]
    return render_template("studio/style_guide_page.html", work_nav=work_nav(), form=form)
