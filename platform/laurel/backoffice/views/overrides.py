"""Overrides: what of a quiz is different for one learner or for one group."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import SelectChoice

from laurel.accounts.queries import find_user, find_user_by_email
from laurel.backoffice.forms import NewOverrideForm, OverrideForm, ReasonForm, show_error
from laurel.backoffice.navigation import work_nav
from laurel.backoffice.views.attempts import me
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.quizzes import services
from laurel.quizzes.models import QuizOverride
from laurel.quizzes.queries import get_published, terms
from laurel.web.access import policy
from laurel.web.pages import paginate
from laurel.web.session import current_session, transaction

bp = Blueprint("backoffice_overrides", __name__, url_prefix="/backoffice/quizzes")
MAX_GROUPS = 500


@bp.get("")
@policy(GET="attempts:read")
def quiz_list() -> ResponseReturnValue:
    """The published quizzes and exams, and how many overrides each has."""
    page = paginate(current_session(), terms.list_quizzes_with_overrides(), scalars=False)
    return render_template("backoffice/override_quiz_list.html", page=page, work_nav=work_nav())


@bp.get("/<uuid:quiz_id>/overrides")
@policy(GET="attempts:read")
def override_list(quiz_id: UUID) -> ResponseReturnValue:
    session = current_session()
    quiz, version = get_published(session, quiz_id)
    page = paginate(session, terms.list_overrides(quiz_id), scalars=False)
    return render_template("backoffice/override_list.html", quiz=quiz, version=version, page=page, work_nav=work_nav())


@bp.route("/<uuid:quiz_id>/overrides/new", methods=["GET", "POST"])
@policy(GET="overrides:write", POST="overrides:write")
def new_page(quiz_id: UUID) -> ResponseReturnValue:
    session = current_session()
    form = NewOverrideForm()
    groups = session.execute(terms.list_groups().limit(MAX_GROUPS)).all()
    form.group.choices = [SelectChoice("", "No group"), *(SelectChoice(str(group.id), group.name) for group, _ in groups)]
    return _edit(quiz_id, form, None, receiver=lambda session: _receiver(session, form))


def _receiver(session: Session, form: NewOverrideForm) -> dict[str, UUID]:
    if form.group.data:
        return {"group_id": UUID(form.group.data)}
    learner = find_user_by_email(session, form.email.data or "")
    if learner is None:
        raise InvalidInputError("Nobody has an account with this address.", field="email")
    return {"learner_id": learner.id}


@bp.route("/<uuid:quiz_id>/overrides/<uuid:override_id>", methods=["GET", "POST"])
@policy(GET="overrides:write", POST="overrides:write")
def edit_page(quiz_id: UUID, override_id: UUID) -> ResponseReturnValue:
    row = terms.get_override(current_session(), quiz_id, override_id)
    receiver = {"learner_id": row.learner_id, "group_id": row.group_id}
    return _edit(quiz_id, OverrideForm(data=_values(row)), row, receiver=lambda _session: receiver)


def _name(session: Session, row: QuizOverride) -> str:
    """Whom the override is for."""
    if row.group_id is not None:
        return f"Group {terms.get_group(session, row.group_id).name}"
    learner = find_user(session, row.learner_id) if row.learner_id is not None else None
    return "" if learner is None else f"{learner.name}, {learner.email}"


def _values(row: QuizOverride) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in ("opens_at", "is_always_open", "closes_at", "never_closes", "waives_wait")}
    counts = {name: "" if getattr(row, name) is None else str(getattr(row, name)) for name in ("minutes", "attempts")}
    return values | counts


def _edit(quiz_id: UUID, form: OverrideForm, row: QuizOverride | None, *, receiver: Any) -> ResponseReturnValue:
    """Set the override that the form says, or show the form."""
    quiz, version = get_published(current_session(), quiz_id)
    override_id, name, status = (None, "", 200) if row is None else (row.id, _name(current_session(), row), 200)
    if form.is_submitted():
        status = 400
        if form.validate():
            try:
                with transaction() as session:
                    facts: dict[str, Any] = receiver(session) | form.facts()
                    services.set_override(session, quiz_id, form.override(), actor=me(), now=database_now(session), **facts)
            except InvalidInputError as error:
                show_error(form, error)
            else:
                flash("The override holds, for attempts that run as well.", "success")
                return redirect(url_for(".override_list", quiz_id=quiz_id), 303)
    page = render_template(
        "backoffice/override_page.html",
        quiz=quiz,
        version=version,
        form=form,
        override_id=override_id,
        name=name,
        remove_form=ReasonForm(formdata=None, prefix="remove"),
        work_nav=work_nav(),
    )
    return page, status


@bp.post("/<uuid:quiz_id>/overrides/<uuid:override_id>/remove")
@policy(POST="overrides:write")
def remove(quiz_id: UUID, override_id: UUID) -> ResponseReturnValue:
    form = ReasonForm(prefix="remove")
    if not form.validate_on_submit():
        flash("Say why it is removed.", "error")
        return redirect(url_for(".edit_page", quiz_id=quiz_id, override_id=override_id), 303)
    with transaction() as session:
        services.remove_override(session, quiz_id, override_id, actor=me(), now=database_now(session), reason=form.reason.data or "")
    flash("The quiz’s own terms hold again.", "success")
    return redirect(url_for(".override_list", quiz_id=quiz_id), 303)
