"""What the credentials of an author's courses say besides their words, and what their holders may decide."""

from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from laurel.core.dates import day
from laurel.core.db import database_now
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.credentials.models import AchievementVersion
from laurel.credentials.queries.programs import get_program, get_stand, select_programs, select_versions
from laurel.credentials.rules.verdicts import CredentialSource
from laurel.credentials.services.issuers import issuer_for, issuer_of
from laurel.credentials.services.programs import change_options
from laurel.studio.forms.programs import ProgramForm, form_of
from laurel.studio.navigation import work_nav
from laurel.studio.views.questions.blueprint import whose
from laurel.web.access import my_id, policy
from laurel.web.pages import paginate
from laurel.web.session import current_session, transaction

bp = Blueprint("studio_programs", __name__, url_prefix="/studio/credentials")
WRITE = "course:write"


@bp.context_processor
def navigation() -> dict[str, Any]:
    return {"work_nav": work_nav()}


@bp.get("")
@policy(GET=WRITE)
def program_list_page() -> ResponseReturnValue:
    return render_template("studio/program_list_page.html", page=paginate(current_session(), select_programs(whose())))


@bp.route("/<uuid:program_id>", methods=["GET", "POST"])
@policy(GET=WRITE, POST=WRITE)
def program_page(program_id: UUID) -> ResponseReturnValue:
    """What certificates say from now on, and all that they ever said. Those that were issued keep what they say."""
    program = get_program(current_session(), program_id, owner_id=whose())
    form, status = form_of(program), 200
    if form.validate_on_submit():
        status = _save(program, form)
        if status == 200:
            flash("Saved. Certificates from now on say it; those from before stay as they are.", "success")
            return redirect(url_for(".program_page", program_id=program_id), 303)
    elif form.is_submitted():
        status = 400
    return _show(program, form), status


def _show(program: AchievementVersion, form: ProgramForm) -> str:
    session = current_session()
    house = issuer_of(current_app.extensions["laurel_settings"])
    ends_at = program.validity.end(awarded_at=database_now(session))
    return render_template(
        "studio/program_page.html",
        program=program,
        form=form,
        stand=get_stand(session, program.achievement_id),
        versions=paginate(session, select_versions(program.achievement_id), scalars=False),
        issuer=issuer_for(session, house, program.organization_id),
        line=CredentialSource.EXAM.line,
        ends=day(ends_at) if ends_at else "No expiry",
    )


def _save(program: AchievementVersion, form: ProgramForm) -> int:
    """Change it; with what was wrong beside its field, and the status for that, where it cannot be."""
    achievement_id = program.achievement_id
    try:
        with transaction() as session:
            change_options(session, achievement_id, form.options, seen_n=form.seen, actor_id=my_id(), now=database_now(session))
    except InvalidInputError as error:
        form.alignments.errors = [error.message]
        return 400
    except ConflictError as error:
        form.form_errors.append(error.message)
        return 409
    return 200
