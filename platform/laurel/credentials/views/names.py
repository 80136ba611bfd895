"""Changing the name on one's certificates: asked for, looked at on each certificate, sent; withdrawn or taken back."""

from datetime import datetime
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.accounts.queries import get_user
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.credentials.forms import NameChangeForm
from laurel.credentials.models import NameChange
from laurel.credentials.queries import names
from laurel.credentials.queries.stuck import map_causes
from laurel.credentials.rules.name_changes import OPEN, REVERSIBLE, SLOW, NameChangeState, answer_due
from laurel.credentials.services import name_changes
from laurel.credentials.services.issuers import issuer_for
from laurel.credentials.views.base import bp, issuer
from laurel.web.access import SIGNED_IN, my_id, policy
from laurel.web.limits import limiter
from laurel.web.session import current_session, transaction

ASK = "20 per hour"


@bp.get("/account/certificate-name")
@policy(GET=SIGNED_IN)
def name_change_page() -> ResponseReturnValue:
    return _form_page(NameChangeForm())


@bp.get("/account/certificate-name/preview")
@policy(GET=SIGNED_IN)
def name_preview() -> ResponseReturnValue:
    """Where the way back to a preview leads: to the form that it came from."""
    return redirect(url_for(".name_change_page"), 303)


@bp.post("/account/certificate-name/preview")
@policy(POST=SIGNED_IN)
def preview_name() -> ResponseReturnValue:
    """Every certificate as it would be. Nothing is written yet."""
    form = NameChangeForm()
    if not form.validate_on_submit():
        return _form_page(form), 400
    return _preview_page(form)


@bp.post("/account/certificate-name")
@limiter.limit(ASK)
@policy(POST=SIGNED_IN)
def ask_for_name() -> ResponseReturnValue:
    form = NameChangeForm()
    if not form.validate_on_submit():
        return _form_page(form), 400
    try:
        with transaction() as session:
            change = name_changes.ask_for_name(
                session,
                my_id(),
                new_name=form.new_name.data,
                words=form.words.data or "",
                confirmed=_confirmed(),
                lead_on=form.lead_on.data,
                now=database_now(session),
            )
    except InvalidInputError as error:
        if error.field == "confirmed":
            return _preview_page(form, error=error.message, status=400)
        form.new_name.errors = [error.message]
        return _form_page(form), 400
    except name_changes.OpenChangeError as error:
        return _go_on_open(error)
    flash(_said_of(change), "success")
    return redirect(url_for(".name_change_page"), 303)


@bp.post("/account/certificate-name/<uuid:change_id>/withdraw")
@policy(POST=SIGNED_IN)
def withdraw_name(change_id: UUID) -> ResponseReturnValue:
    with transaction() as session:
        name_changes.withdraw_name(session, my_id(), change_id, now=database_now(session))
    flash("Your wish is withdrawn. Nothing was changed.", "success")
    return redirect(url_for(".name_change_page"), 303)


@bp.post("/account/certificate-name/<uuid:change_id>/reverse")
@policy(POST=SIGNED_IN)
def reverse_name(change_id: UUID) -> ResponseReturnValue:
    with transaction() as session:
        name_changes.ask_to_reverse(session, my_id(), change_id, now=database_now(session))
    flash("The former name is being put back on your certificates.", "success")
    return redirect(url_for(".name_change_page"), 303)


def _said_of(change: NameChange | None) -> str:
    if change is None:
        return "Your first certificate will carry this name."
    said = "It is being put on your certificates." if change.is_automatic else "Staff look at it and answer by mail."
    return f"Your wish is noted. {said}"


def _confirmed() -> list[UUID]:
    """The certificates whose boxes were ticked; whatever is no id was not."""
    found = []
    for text in request.form.getlist("confirmed")[:500]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _go_on_open(error: name_changes.OpenChangeError) -> ResponseReturnValue:
    """To the page that says which change is under way, where it can be withdrawn."""
    flash(error.message, "error")
    return redirect(url_for(".name_change_page"), 303)


def _form_page(form: NameChangeForm) -> str:
    session = current_session()
    now, latest = database_now(session), names.find_latest_change(session, my_id())
    is_open = latest is not None and latest.state in OPEN
    applied = None if is_open else names.find_last_applied(session, my_id())
    return render_template(
        "credentials/name_change_page.html",
        form=form,
        present=names.list_names_on(session, my_id()),
        next_name=get_user(session, my_id()).name_on_certificates,
        has_any=names.holds_certificate(session, my_id()),
        latest=latest,
        is_open=is_open,
        is_slow=latest is not None and _has_waited(latest, now),
        answer_by=answer_due(latest.asked_at) if latest is not None else None,
        applied=applied,
        reversible_until=_reversible_until(applied, now) if applied is not None else None,
    )


def _reversible_until(change: NameChange, now: datetime) -> datetime | None:
    """Until when the change can be taken back; None if it was, or if that time is over."""
    if change.state is not NameChangeState.APPLIED or change.applied_at is None:
        return None
    until = change.applied_at + REVERSIBLE
    return until if now < until else None


def _has_waited(change: NameChange, now: datetime) -> bool:
    """Whether it should have been signed by now."""
    cause = map_causes(current_session(), [change]).get(change.id)
    return cause is not None and now - cause.occurred_at >= SLOW


def _preview_page(form: NameChangeForm, *, error: str = "", status: int = 200) -> ResponseReturnValue:
    session = current_session()
    now = database_now(session)
    try:
        name = name_changes.check_wish(session, get_user(session, my_id()), form.new_name.data, now=now)
    except InvalidInputError as invalid:
        form.new_name.errors = [invalid.message]
        return _form_page(form), 400
    except name_changes.OpenChangeError as open_change:
        return _go_on_open(open_change)
    mine = names.list_correctable(session, my_id(), now=now)
    organization_id = mine[0][1].organization_id if mine else None
    page = render_template(
        "credentials/name_preview_page.html",
        form=form,
        name=name,
        mine=mine,
        has_any=names.holds_certificate(session, my_id()),
        error=error,
        issuer=issuer_for(session, issuer(), organization_id),
        confirmed=set(_confirmed()),
    )
    return page, status
