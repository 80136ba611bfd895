"""Requests about signing keys that wait for a second person: exactly what would be done, and the two answers."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.accounts.queries import get_user, has_other_with_role
from laurel.accounts.rules import Role
from laurel.approvals import services as approvals
from laurel.approvals.queries import get_request, has_given_roles
from laurel.approvals.rules import ApprovalState, AskerWithoutRightError, find_signs_of_one_person
from laurel.backoffice.forms.keys import AnswerForm
from laurel.backoffice.navigation import work_nav
from laurel.backoffice.views.keys import NO_VAULT, house, say_done, vault
from laurel.core.db import database_now
from laurel.core.errors import ConflictError, ForbiddenError
from laurel.credentials.gateway import KeyVaultError
from laurel.credentials.queries.keys import find_active_key, get_key
from laurel.credentials.rules.key_acts import KeyAct
from laurel.credentials.services import key_acts
from laurel.credentials.services.issuers import get_issuer_of_key
from laurel.web.access import my_id, policy
from laurel.web.freshness import ask_for_password, is_fresh
from laurel.web.session import current_session, transaction

bp = Blueprint("backoffice_key_requests", __name__, url_prefix="/backoffice/keys/requests")


@bp.get("/<uuid:approval_id>")
@policy(GET="keys:write")
def request_page(approval_id: UUID) -> ResponseReturnValue:
    return show(approval_id, AnswerForm())


@bp.post("/<uuid:approval_id>/agree")
@policy(POST="keys:write")
def agree(approval_id: UUID) -> ResponseReturnValue:
    """Agree to what was shown, and have it done."""
    if not is_fresh():
        flash("Give your password once more, then agree: nothing was changed.", "info")
        return ask_for_password(url_for(".request_page", approval_id=approval_id))
    form, status = AnswerForm(), 400
    if form.validate():
        try:
            with transaction() as session:
                now, seen = database_now(session), form.seen.data or ""
                act = key_acts.agree(session, house(), vault(), approval_id, seen=seen, person_id=my_id(), now=now)
        except ForbiddenError as error:
            form.form_errors.append(error.message)
            status = 403
        except AskerWithoutRightError as error:
            with transaction() as session:
                approvals.end_if_void(session, approval_id, capability=key_acts.MAY, now=database_now(session))
            form.form_errors.append(error.message)
            status = 409
        except ConflictError as error:
            form.form_errors.append(error.message)
            status = 409
        except KeyVaultError:
            form.form_errors.append(NO_VAULT)
            status = 503
        else:
            flash(f"Agreed: {say_done(act)}", "success")
            return redirect(url_for("backoffice_keys.key_page", key_id=act.key_id), 303)
    return show(approval_id, form, status=status)


@bp.post("/<uuid:approval_id>/refuse")
@policy(POST="keys:write")
def refuse(approval_id: UUID) -> ResponseReturnValue:
    """Say that it shall not be done, or take one's own request back."""
    get_request(current_session(), approval_id, action=key_acts.ACTION)
    try:
        with transaction() as session:
            found = approvals.refuse(session, approval_id, person_id=my_id(), now=database_now(session))
    except ConflictError as error:
        flash(error.message, "warning")
        return redirect(url_for(".request_page", approval_id=approval_id), 303)
    flash(f"The request is {found.state.value}. Nothing was done.", "success")
    return redirect(url_for("backoffice_keys.key_list"), 303)


def show(approval_id: UUID, form: AnswerForm, *, status: int = 200) -> ResponseReturnValue:
    session = current_session()
    found = get_request(session, approval_id, action=key_acts.ACTION)
    approval, now = found.approval, database_now(session)
    act = KeyAct.from_json(approval.facts)
    issuer = get_issuer_of_key(session, house(), act.key_id)
    form.seen.data = approval.fingerprint
    page = render_template(
        "backoffice/key_request_page.html",
        found=found,
        act=act,
        issuer=issuer,
        active=find_active_key(session, issuer.did, get_key(session, issuer.did, act.key_id).purpose),
        is_waiting=approval.state is ApprovalState.WAITING and now < approval.ends_at,
        is_mine=approval.asked_by_id == my_id(),
        moot=key_acts.why_not(session, found.asker, act),
        signs=list_signs(session, found.asker),
        has_colleague=has_other_with_role(session, Role.OWNER, approval.asked_by_id),
        form=form,
        work_nav=work_nav(),
    )
    return page, status


def list_signs(session: Session, asker: User) -> list[str]:
    """What speaks for it that who looks at the page is who asked, by another account."""
    has_given_roles_to_me = has_given_roles(session, by_id=asker.id, to_id=my_id())
    return find_signs_of_one_person(asker.name, get_user(session, my_id()).name, has_given_roles=has_given_roles_to_me)
