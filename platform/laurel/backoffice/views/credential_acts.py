"""Revoking and correcting one certificate: first what would happen, then the button."""

from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.backoffice.forms import show_error
from laurel.backoffice.forms.credentials import CorrectForm, RevokeForm
from laurel.backoffice.navigation import work_nav
from laurel.core.db import database_now
from laurel.core.errors import ConflictError, ForbiddenError, InvalidInputError
from laurel.credentials import queries
from laurel.credentials.gateway import KeyVault, KeyVaultError
from laurel.credentials.openbadges_gateway import UnfitIssuerError
from laurel.credentials.queries import CredentialRecord
from laurel.credentials.rules.correcting import check_new_name
from laurel.credentials.rules.gate import UnsignableError
from laurel.credentials.rules.verdicts import CredentialState
from laurel.credentials.services.correcting import ChangedMeanwhileError, check_change, correct
from laurel.credentials.services.issuers import NoActiveKeyError, in_name_of, issuer_of
from laurel.credentials.services.issuing import revoke
from laurel.web.access import my_id, policy
from laurel.web.session import current_session, transaction

bp = Blueprint("backoffice_credential_acts", __name__, url_prefix="/backoffice/credentials")
REVOKED_BEFORE = "It is revoked already: somebody was faster. Their reason stands."
NO_KEY = "Nothing can be signed at the moment, so nothing was changed. Tell whoever runs this site, and try again."

REFUSALS = (InvalidInputError, ConflictError, UnsignableError, KeyVaultError, UnfitIssuerError, NoActiveKeyError)


def get_for_act(credential_id: UUID) -> CredentialRecord:
    """The credential, unless it is the viewer's own."""
    record = queries.get_credential(current_session(), credential_id)
    if record.credential.holder_id == my_id():
        raise ForbiddenError("This certificate is your own. Ask a colleague.")
    return record


def back_to(credential_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("backoffice_credentials.credential_page", credential_id=credential_id), 303)


@bp.route("/<uuid:credential_id>/revoke", methods=["GET", "POST"])
@policy(GET="credentials:write", POST="credentials:write")
def revoke_page(credential_id: UUID) -> ResponseReturnValue:
    """What revoking does stands above the button."""
    record = get_for_act(credential_id)
    if record.credential.state is CredentialState.REVOKED:
        flash(REVOKED_BEFORE, "info")
        return back_to(credential_id)
    form = RevokeForm()
    if form.validate_on_submit():
        try:
            is_done = perform_revocation(credential_id, form)
        except InvalidInputError as error:
            show_error(form, error)
        else:
            flash(*(f"Certificate {record.credential.number} is revoked.", "success") if is_done else (REVOKED_BEFORE, "info"))
            return back_to(credential_id)
    page = render_template(
        "backoffice/credential_revoke_page.html",
        credential=record.credential,
        achievement=record.achievement,
        form=form,
        work_nav=work_nav(),
    )
    return page, 400 if form.is_submitted() else 200


def perform_revocation(credential_id: UUID, form: RevokeForm) -> bool:
    """False if somebody was faster: then what they said stands."""
    with transaction() as session:
        now = database_now(session)
        revoked = revoke(
            session,
            credential_id,
            reason=form.public_reason(),
            note=form.note.data,
            actor_id=my_id(),
            now=now,
            tells_holder=form.tells_holder.data,
        )
        return revoked.revoked_at == now


@bp.route("/<uuid:credential_id>/correct", methods=["GET", "POST"])
@policy(GET="credentials:write", POST="credentials:write")
def correct_page(credential_id: UUID) -> ResponseReturnValue:
    """First the certificate as it would be, then the button; a change in between shows it again."""
    record = get_for_act(credential_id)
    if record.credential.state is CredentialState.REVOKED:
        flash("This certificate was revoked. Nothing about it can be corrected any more.", "info")
        return back_to(credential_id)
    form = CorrectForm(holder_name=record.credential.holder_name if record.credential.former_name_since is None else "")
    if not form.is_submitted():
        return show(record, form)
    return answer(record, form) if form.validate() else show(record, form, status=400)


def answer(record: CredentialRecord, form: CorrectForm) -> ResponseReturnValue:
    """Show the change; make it if exactly that was shown before."""
    credential, now = record.credential, database_now(current_session())
    seen = form.shown(credential.current_n)
    try:
        if check_new_name(form.holder_name.data) != credential.holder_name and form.was_overtaken(credential.current_n):
            raise ChangedMeanwhileError
        name = check_change(current_session(), credential.id, holder_name=form.holder_name.data, now=now)
        if name == credential.holder_name:
            flash(f"Certificate {credential.number} carries this name already.", "info")
            return back_to(credential.id)
        if request.form.get("act") == "correct" and form.seen.data == seen:
            return perform(record, form)
    except REFUSALS as error:
        return show(record, form, status=refuse(form, error))
    form.seen.data = seen
    return show(record, form, name=name)


def refuse(form: CorrectForm, error: Exception) -> int:
    """Say beside the field, or above the form, why nothing was changed; returns the status."""
    if isinstance(error, InvalidInputError):
        show_error(form, error)
        return 400
    if isinstance(error, UnsignableError):
        form.holder_name.errors = [f"With this name it cannot be signed ({error}). Write it differently, or tell whoever runs this site."]
        return 400
    if isinstance(error, ConflictError):
        form.form_errors.append(error.message)
        return 409
    form.form_errors.append(NO_KEY)
    return 503


def perform(record: CredentialRecord, form: CorrectForm) -> ResponseReturnValue:
    vault: KeyVault = current_app.extensions["laurel_ports"].keys
    with transaction() as session:
        correct(
            session,
            record.credential.id,
            holder_name=form.holder_name.data,
            reason=form.reason.data,
            actor_id=my_id(),
            issuer=issuer_of(current_app.extensions["laurel_settings"]),
            keys=vault,
            now=database_now(session),
            seen_n=record.credential.current_n,
            tells_holder=form.tells_holder.data,
        )
    flash(f"Certificate {record.credential.number} now carries the name {form.holder_name.data}.", "success")
    return back_to(record.credential.id)


def show(record: CredentialRecord, form: CorrectForm, *, name: str = "", status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "backoffice/credential_correct_page.html",
        credential=record.credential,
        achievement=record.achievement,
        version=record.version,
        issuer=in_name_of(issuer_of(current_app.extensions["laurel_settings"]), record.organization),
        form=form,
        name=name,
        work_nav=work_nav(),
    )
    return page, status
