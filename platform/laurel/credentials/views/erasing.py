"""The holder has a certificate erased: with its number typed, and a password of the last minutes."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.credentials.forms import EraseForm
from laurel.credentials.queries import holding
from laurel.credentials.services.erasing import erase_own
from laurel.credentials.views.base import bp
from laurel.web.access import SIGNED_IN, my_id, policy
from laurel.web.freshness import ask_for_password, is_fresh
from laurel.web.session import current_session, transaction


@bp.route("/account/credentials/<uuid:credential_id>/erase", methods=["GET", "POST"])
@policy(GET=SIGNED_IN, POST=SIGNED_IN)
def erase_page(credential_id: UUID) -> ResponseReturnValue:
    record = holding.get_credential_of(current_session(), my_id(), credential_id)
    if not is_fresh():
        return ask_for_password()
    form = EraseForm()
    if form.validate_on_submit():
        try:
            with transaction() as session:
                erase_own(session, my_id(), credential_id, typed=form.typed.data, now=database_now(session))
        except InvalidInputError as error:
            form.typed.errors = [error.message]
        else:
            flash("The certificate is erased.", "success")
            return redirect(url_for(".credential_list"), 303)
    page = render_template("credentials/erase_page.html", credential=record.credential, achievement=record.achievement, form=form)
    return page, 400 if form.is_submitted() else 200
