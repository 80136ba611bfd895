"""Making one certificate count again that was revoked by mistake: first what that does, or why it cannot be, then the button."""

from uuid import UUID

from flask import Blueprint, current_app, flash, render_template
from flask.typing import ResponseReturnValue

from laurel.backoffice.forms import show_error
from laurel.backoffice.forms.credentials import ReinstateForm
from laurel.backoffice.navigation import work_nav
from laurel.backoffice.views.credential_acts import NO_KEY, back_to, get_for_act
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.credentials.gateway import KeyVaultError
from laurel.credentials.openbadges_gateway import UnfitIssuerError
from laurel.credentials.queries import CredentialRecord
from laurel.credentials.rules.gate import UnsignableError
from laurel.credentials.services.issuers import NoActiveKeyError, issuer_of
from laurel.credentials.services.reinstating import NotReinstatableError, reinstate, why_not
from laurel.web.access import my_id, policy
from laurel.web.session import current_session, transaction

bp = Blueprint("backoffice_credential_reinstating", __name__, url_prefix="/backoffice/credentials")


@bp.route("/<uuid:credential_id>/reinstate", methods=["GET", "POST"])
@policy(GET="credentials:write", POST="credentials:write")
def reinstate_page(credential_id: UUID) -> ResponseReturnValue:
    record = get_for_act(credential_id)
    form = ReinstateForm()
    obstacle = why_not(current_session(), credential_id, now=database_now(current_session()))
    if obstacle is not None:
        return _page(record, form, obstacle=obstacle, status=409 if form.is_submitted() else 200)
    if not form.validate_on_submit():
        return _page(record, form, status=400 if form.is_submitted() else 200)
    return _answer(record, form)


def _answer(record: CredentialRecord, form: ReinstateForm) -> ResponseReturnValue:
    try:
        _perform(record.credential.id, form)
    except InvalidInputError as error:
        show_error(form, error)
        return _page(record, form, status=400)
    except NotReinstatableError as error:
        return _page(record, form, obstacle=error.message, status=409)
    except UnsignableError as error:
        form.form_errors.append(f"It cannot be signed ({error}). Nothing was changed. Tell whoever runs this site.")
        return _page(record, form, status=409)
    except (KeyVaultError, NoActiveKeyError, UnfitIssuerError):
        form.form_errors.append(NO_KEY)
        return _page(record, form, status=503)
    flash(f"Certificate {record.credential.number} counts again.", "success")
    return back_to(record.credential.id)


def _perform(credential_id: UUID, form: ReinstateForm) -> None:
    issuer, vault = issuer_of(current_app.extensions["laurel_settings"]), current_app.extensions["laurel_ports"].keys
    with transaction() as session:
        now = database_now(session)
        reinstate(session, credential_id, reason=form.reason.data, actor_id=my_id(), issuer=issuer, keys=vault, now=now)


def _page(record: CredentialRecord, form: ReinstateForm, *, obstacle: str | None = None, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "backoffice/credential_reinstate_page.html",
        credential=record.credential,
        achievement=record.achievement,
        version=record.version,
        obstacle=obstacle,
        form=form,
        work_nav=work_nav(),
    )
    return page, status
