"""Putting one certificate on hold, and releasing it: the same page, with what the act does and why it is done."""

from uuid import UUID

from flask import Blueprint, flash, render_template
from flask.typing import ResponseReturnValue

from laurel.backoffice.forms import show_error
from laurel.backoffice.forms.credentials import HoldForm
from laurel.backoffice.navigation import work_nav
from laurel.backoffice.views.credential_acts import back_to, get_for_act
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.credentials.rules.verdicts import CredentialState
from laurel.credentials.services.holds import put_on_hold, release
from laurel.web.access import my_id, policy
from laurel.web.session import transaction

bp = Blueprint("backoffice_credential_holds", __name__, url_prefix="/backoffice/credentials")


@bp.route("/<uuid:credential_id>/hold", methods=["GET", "POST"])
@policy(GET="credentials:write", POST="credentials:write")
def hold_page(credential_id: UUID) -> ResponseReturnValue:
    return _act(credential_id, wants_hold=True)


@bp.route("/<uuid:credential_id>/release", methods=["GET", "POST"])
@policy(GET="credentials:write", POST="credentials:write")
def release_page(credential_id: UUID) -> ResponseReturnValue:
    return _act(credential_id, wants_hold=False)


def _act(credential_id: UUID, *, wants_hold: bool) -> ResponseReturnValue:
    record = get_for_act(credential_id)
    credential = record.credential
    if credential.state is not CredentialState.ISSUED or (credential.on_hold_at is not None) is wants_hold:
        flash("It is as you see it: somebody was faster, or it is not signed or was revoked.", "info")
        return back_to(credential_id)
    form = HoldForm()
    if form.validate_on_submit():
        try:
            with transaction() as session:
                (put_on_hold if wants_hold else release)(
                    session, credential_id, note=form.note.data, actor_id=my_id(), now=database_now(session)
                )
        except InvalidInputError as error:
            show_error(form, error)
        else:
            flash(f"Certificate {credential.number} is {'on hold' if wants_hold else 'released'}.", "success")
            return back_to(credential_id)
    page = render_template(
        "backoffice/credential_hold_page.html",
        credential=credential,
        achievement=record.achievement,
        form=form,
        wants_hold=wants_hold,
        work_nav=work_nav(),
    )
    return page, 400 if form.is_submitted() else 200
