"""Activities by which holders renew their certificates, and that staff look at."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import HiddenField, TextAreaField
from wtforms.validators import Length, Optional

from laurel.accounts.queries import get_user
from laurel.backoffice.forms import show_error
from laurel.backoffice.navigation import work_nav
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.credentials.queries import get_credential, points
from laurel.credentials.rules.points import MAX_NOTE, ActivityState, points_text
from laurel.credentials.services.points import approve_activity, refuse_activity, take_back_approval
from laurel.web.access import my_id, policy
from laurel.web.forms import LaurelForm
from laurel.web.pages import paginate
from laurel.web.session import current_session, transaction

bp = Blueprint("backoffice_activities", __name__, url_prefix="/backoffice/activities")
DIGITS = 9


class DecisionForm(LaurelForm):
    """One form for every decision. `seen` is the revision that staff look at: another one is not decided about."""

    seen = HiddenField()
    reason = TextAreaField(
        "What you say to the holder", validators=[Optional(), Length(max=MAX_NOTE, message=f"Use {MAX_NOTE} characters at most.")]
    )

    @property
    def seen_revision(self) -> int:
        """0, which is none, for whatever is no number."""
        text = str(self.seen.data or "")
        return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else 0


class TakeBackForm(DecisionForm):
    reason = TextAreaField("Why", validators=[Length(max=MAX_NOTE, message=f"Use {MAX_NOTE} characters at most.")])


@bp.get("")
@policy(GET="credentials:read")
def activity_list() -> ResponseReturnValue:
    asked = request.args.get("state", "")
    state = ActivityState(asked) if asked in set(ActivityState) else ActivityState.WAITING
    return render_template(
        "backoffice/activity_list.html",
        page=paginate(current_session(), points.select_queue(state), scalars=False),
        state=state,
        states=list(ActivityState),
        points_text=points_text,
        work_nav=work_nav(),
    )


@bp.get("/<uuid:activity_id>")
@policy(GET="credentials:read")
def activity_page(activity_id: UUID) -> ResponseReturnValue:
    return _page(activity_id)


@bp.post("/<uuid:activity_id>/approve")
@policy(POST="credentials:write")
def approve(activity_id: UUID) -> ResponseReturnValue:
    form = DecisionForm()

    def act(session: Session, **facts: Any) -> str:
        renewal = approve_activity(session, activity_id, seen=form.seen_revision, **facts)
        if renewal is None:
            return "Approved."
        return f"Approved. It was the last that was missing: certificate {renewal.number} renews the old one."

    return _decide(activity_id, form, act, then=url_for(".activity_list"))


@bp.post("/<uuid:activity_id>/refuse")
@policy(POST="credentials:write")
def refuse(activity_id: UUID) -> ResponseReturnValue:
    form = DecisionForm()

    def act(session: Session, **facts: Any) -> str:
        refuse_activity(session, activity_id, seen=form.seen_revision, **facts)
        return "Refused. The holder gets your reason by mail."

    return _decide(activity_id, form, act, then=url_for(".activity_list"))


@bp.post("/<uuid:activity_id>/take-back")
@policy(POST="credentials:write")
def take_back(activity_id: UUID) -> ResponseReturnValue:
    def act(session: Session, **facts: Any) -> str:
        take_back_approval(session, activity_id, **facts)
        return "Taken back. The holder gets your reason by mail."

    return _decide(activity_id, TakeBackForm(), act, then=url_for(".activity_page", activity_id=activity_id))


def _decide(activity_id: UUID, form: DecisionForm, act: Callable[..., str], *, then: str) -> ResponseReturnValue:
    """Say what `act` did and go on to `then`, or show beside the form why it did not."""
    if form.validate_on_submit():
        try:
            with transaction() as session:
                done = act(session, reason=form.reason.data or "", actor_id=my_id(), now=database_now(session))
        except InvalidInputError as error:
            show_error(form, error)
        else:
            flash(done, "success")
            return redirect(then, 303)
    return _page(activity_id, form), 400


def _page(activity_id: UUID, form: DecisionForm | None = None) -> str:
    """The form shows the revision that the page shows, whatever was sent."""
    session = current_session()
    activity = points.get_activity(session, activity_id)
    form = form or (TakeBackForm() if activity.state is ActivityState.APPROVED else DecisionForm())
    record = get_credential(session, activity.credential_id)
    form.seen.data = str(activity.revision)
    return render_template(
        "backoffice/activity_page.html",
        activity=activity,
        record=record,
        holder=get_user(session, record.credential.holder_id),
        same=points.list_same_elsewhere(session, activity, record.credential.holder_id),
        book=points.get_book(session, record, now=database_now(session)),
        form=form,
        points_text=points_text,
        work_nav=work_nav(),
    )
