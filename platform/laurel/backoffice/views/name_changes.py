"""Names that learners want on their certificates and that staff look at."""

from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from laurel.backoffice.navigation import work_nav
from laurel.core.db import database_now
from laurel.credentials.gateway import KeyVaultError
from laurel.credentials.openbadges_gateway import UnfitIssuerError
from laurel.credentials.queries import names
from laurel.credentials.queries.stuck import find_last_error, map_causes
from laurel.credentials.rules.gate import UnsignableError
from laurel.credentials.rules.name_changes import UNDER_WAY, NameChangeState, answer_due
from laurel.credentials.services import name_changes
from laurel.credentials.services.issuers import NoActiveKeyError, issuer_of
from laurel.credentials.services.stuck import carry_on
from laurel.web.access import my_id, policy
from laurel.web.forms import LaurelForm
from laurel.web.pages import paginate
from laurel.web.session import current_session, transaction

bp = Blueprint("backoffice_name_changes", __name__, url_prefix="/backoffice/name-changes")


class RefusalForm(LaurelForm):
    reason = TextAreaField(
        "Why not", validators=[InputRequired("Say why: the person reads it."), Length(max=2000, message="Use 2000 characters at most.")]
    )


@bp.get("")
@policy(GET="credentials:read")
def name_change_list() -> ResponseReturnValue:
    asked = request.args.get("state", "")
    state = NameChangeState(asked) if asked in set(NameChangeState) else NameChangeState.WAITING
    session = current_session()
    page = paginate(session, names.select_changes(state), scalars=False)
    return render_template(
        "backoffice/name_change_list.html",
        page=page,
        state=state,
        states=list(NameChangeState),
        due=answer_due,
        now=database_now(session),
        work_nav=work_nav(),
    )


@bp.get("/<uuid:change_id>")
@policy(GET="credentials:read")
def name_change_page(change_id: UUID) -> ResponseReturnValue:
    return _page(change_id, RefusalForm())


@bp.post("/<uuid:change_id>/approve")
@policy(POST="credentials:write")
def approve_name(change_id: UUID) -> ResponseReturnValue:
    with transaction() as session:
        name_changes.approve_name(session, change_id, actor_id=my_id(), now=database_now(session))
    flash("Approved. All certificates of this person are signed anew.", "success")
    return redirect(url_for(".name_change_list"), 303)


@bp.post("/<uuid:change_id>/try-again")
@policy(POST="credentials:write")
def try_again(change_id: UUID) -> ResponseReturnValue:
    """Sign now what could not be signed; what hinders it is said."""
    extensions = current_app.extensions
    try:
        with transaction() as session:
            issuer, now = issuer_of(extensions["laurel_settings"]), database_now(session)
            carry_on(session, change_id, issuer=issuer, keys=extensions["laurel_ports"].keys, now=now)
    except (KeyVaultError, NoActiveKeyError, UnfitIssuerError):
        flash("Nothing can be signed at the moment: the first page of the back office says why. It is tried again every hour.", "error")
    except UnsignableError as error:
        flash(f"It cannot be signed ({error}). Tell whoever runs this site; nothing was changed.", "error")
    else:
        flash("It is done.", "success")
    return redirect(url_for(".name_change_page", change_id=change_id), 303)


@bp.post("/<uuid:change_id>/refuse")
@policy(POST="credentials:write")
def refuse_name(change_id: UUID) -> ResponseReturnValue:
    form = RefusalForm()
    if not form.validate_on_submit():
        return _page(change_id, form), 400
    with transaction() as session:
        name_changes.refuse_name(session, change_id, reason=form.reason.data, actor_id=my_id(), now=database_now(session))
    flash("Refused. The person gets your reason by mail.", "success")
    return redirect(url_for(".name_change_list"), 303)


def _page(change_id: UUID, form: RefusalForm) -> str:
    """Present and wanted name beside each other, but only while it waits: afterwards no page shows a former name."""
    session = current_session()
    change, person = names.get_change(session, change_id)
    is_waiting = change.state is NameChangeState.WAITING
    cause = map_causes(session, [change]).get(change.id)
    return render_template(
        "backoffice/name_change_page.html",
        change=change,
        person=person,
        is_waiting=is_waiting,
        mine=names.list_correctable(session, person.id, now=database_now(session)) if is_waiting else [],
        answer_by=answer_due(change.asked_at),
        is_under_way=change.state in UNDER_WAY,
        trouble=find_last_error(session, cause.id) if cause is not None else None,
        form=form,
        work_nav=work_nav(),
    )
