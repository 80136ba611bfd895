"""Erasing one certificate: what that does, the reason that everybody reads, its number typed, and a password of the last minutes."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from laurel.backoffice.forms import show_error
from laurel.backoffice.forms.credentials import EraseForm
from laurel.backoffice.navigation import work_nav
from laurel.backoffice.views.credential_acts import get_for_act
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.credentials.services.erasing import erase
from laurel.web.access import my_id, policy
from laurel.web.freshness import ask_for_password, is_fresh
from laurel.web.session import transaction

bp = Blueprint("backoffice_credential_erasing", __name__, url_prefix="/backoffice/credentials")


@bp.route("/<uuid:credential_id>/erase", methods=["GET", "POST"])
@policy(GET="credentials:write", POST="credentials:write")
def erase_page(credential_id: UUID) -> ResponseReturnValue:
    record = get_for_act(credential_id)
    if not is_fresh():
        return ask_for_password()
    number, form = record.credential.number, EraseForm()
    if form.validate_on_submit():
        try:
            with transaction() as session:
                reason, now = form.erasure_reason(), database_now(session)
                erase(session, credential_id, reason=reason, typed=form.typed.data, actor_id=my_id(), now=now)
        except InvalidInputError as error:
            show_error(form, error)
        else:
            flash(f"Certificate {number} is erased.", "success")
            return redirect(url_for("backoffice_credentials.credential_list"), 303)
    page = render_template(
        "backoffice/credential_erase_page.html",
        credential=record.credential,
        achievement=record.achievement,
        form=form,
        work_nav=work_nav(),
    )
    return page, 400 if form.is_submitted() else 200
