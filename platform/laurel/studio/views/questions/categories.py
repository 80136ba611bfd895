"""The categories of the bank."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectChoice

from laurel.bank import queries, services
from laurel.core.errors import InvalidInputError
from laurel.studio.forms.questions import CategoryForm
from laurel.studio.views.questions.blueprint import WRITE, bp, category_choices, whose
from laurel.web.access import policy
from laurel.web.session import current_session, transaction


@bp.route("/categories", methods=["GET", "POST"])
@policy(GET=WRITE, POST=WRITE)
def question_categories_page() -> ResponseReturnValue:
    form = CategoryForm()
    form.parent.choices = [SelectChoice(*one) for one in (("", "Nothing: a category of its own"), *category_choices())]
    if form.validate_on_submit():
        try:
            with transaction() as session:
                parent_id = UUID(form.parent.data) if form.parent.data else None
                category = services.add_category(session, title=form.title.data, parent_id=parent_id)
                title = category.title
        except InvalidInputError as error:
            form.title.errors = [error.message]
        else:
            flash(f"The category “{title}” is there.", "success")
            return redirect(url_for(".question_categories_page"), 303)
    session = current_session()
    counts = queries.count_by_category(session, owner_id=whose())
    categories = queries.list_category_paths(session)
    page = render_template("studio/question_categories_page.html", form=form, categories=categories, counts=counts)
    return page, 400 if form.errors else 200
