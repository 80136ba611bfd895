"""Groups of learners, for whom overrides are set together."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from laurel.accounts.models import User
from laurel.accounts.queries import find_user_by_email
from laurel.backoffice.forms import GroupForm, MemberForm, show_error
from laurel.backoffice.navigation import work_nav
from laurel.backoffice.views.attempts import me
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.quizzes import services
from laurel.quizzes.queries import terms
from laurel.web.access import policy
from laurel.web.pages import Page, paginate
from laurel.web.session import current_session, transaction

bp = Blueprint("backoffice_groups", __name__, url_prefix="/backoffice/groups")


@bp.route("", methods=["GET", "POST"])
@policy(GET="overrides:write", POST="overrides:write")
def group_list() -> ResponseReturnValue:
    """The groups, and a form for a new one."""
    form, status = GroupForm(), 200
    if form.is_submitted():
        status = 400
        if form.validate():
            try:
                with transaction() as session:
                    group = services.create_group(session, name=form.name.data or "", actor=me(), now=database_now(session))
            except InvalidInputError as error:
                show_error(form, error)
            else:
                return redirect(url_for(".group_page", group_id=group.id), 303)
    page = paginate(current_session(), terms.list_groups(), scalars=False)
    return render_template("backoffice/group_list.html", page=page, form=form, work_nav=work_nav()), status


@bp.route("/<uuid:group_id>", methods=["GET", "POST"])
@policy(GET="overrides:write", POST="overrides:write")
def group_page(group_id: UUID) -> ResponseReturnValue:
    """The members, and a form for another one."""
    form, status = MemberForm(), 200
    if form.is_submitted():
        status = 400
        if form.validate():
            try:
                with transaction() as session:
                    learner = find_user_by_email(session, form.email.data or "")
                    if learner is None:
                        raise InvalidInputError("Nobody has an account with this address.", field="email")
                    services.add_member(session, group_id, learner.id, actor=me(), now=database_now(session))
            except InvalidInputError as error:
                show_error(form, error)
            else:
                flash(f"{learner.name} is in the group.", "success")
                return redirect(url_for(".group_page", group_id=group_id), 303)
    session = current_session()
    page: Page[User] = paginate(session, terms.list_members(group_id))
    group = terms.get_group(session, group_id)
    return render_template("backoffice/group_page.html", group=group, page=page, form=form, work_nav=work_nav()), status


@bp.post("/<uuid:group_id>/members/<uuid:user_id>/remove")
@policy(POST="overrides:write")
def remove_member(group_id: UUID, user_id: UUID) -> ResponseReturnValue:
    with transaction() as session:
        services.remove_member(session, group_id, user_id, actor=me(), now=database_now(session))
    flash("Removed from the group.", "success")
    return redirect(url_for(".group_page", group_id=group_id), 303)


@bp.post("/<uuid:group_id>/remove")
@policy(POST="overrides:write")
def remove(group_id: UUID) -> ResponseReturnValue:
    with transaction() as session:
        services.remove_group(session, group_id, actor=me(), now=database_now(session))
    flash("The group is removed.", "success")
    return redirect(url_for(".group_list"), 303)
