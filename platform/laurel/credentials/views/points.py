"""The activities by which a holder renews a certificate: the list of them, entering, changing and withdrawing one."""

import csv
import io
from uuid import UUID

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.core.spreadsheets import harmless
from laurel.credentials.forms import ActivityForm
from laurel.credentials.models import PointActivity
from laurel.credentials.queries import CredentialRecord, holding, points, renewing
from laurel.credentials.rules.points import ActivityFacts, ActivityState, parse_points, points_text
from laurel.credentials.services.points import ClosedBookError, change_activity, enter_activity, withdraw_activity
from laurel.credentials.views.base import bp, issuer
from laurel.credentials.views.presenters import show
from laurel.web.access import SIGNED_IN, my_id, policy
from laurel.web.limits import limiter
from laurel.web.pages import paginate
from laurel.web.session import current_session, transaction

ENTER = "60 per hour"


@bp.get("/account/credentials/<uuid:credential_id>/activities")
@policy(GET=SIGNED_IN)
def activity_list(credential_id: UUID) -> ResponseReturnValue:
    session = current_session()
    record, now = holding.get_credential_of(session, my_id(), credential_id), database_now(session)
    return render_template(
        "credentials/activity_list.html",
        shown=show(issuer(), record),
        way=renewing.get_way(session, record, now=now),
        tally=points.get_book(session, record, now=now).tally,
        page=paginate(session, points.select_activities_of(credential_id)),
        points_text=points_text,
    )


@bp.route("/account/credentials/<uuid:credential_id>/activities/new", methods=["GET", "POST"])
@policy(GET=SIGNED_IN, POST=SIGNED_IN)
@limiter.limit(ENTER, methods=["POST"])
def activity_new_page(credential_id: UUID) -> ResponseReturnValue:
    record = holding.get_credential_of(current_session(), my_id(), credential_id)
    if not points.get_book(current_session(), record, now=database_now(current_session())).renewal.collects_points:
        return _refuse(credential_id, ClosedBookError.message)
    form = ActivityForm()
    if form.validate_on_submit():
        try:
            facts = _facts(form)
            with transaction() as session:
                enter_activity(session, holder_id=my_id(), credential_id=credential_id, facts=facts, now=database_now(session))
        except InvalidInputError as error:
            _show_error(form, error)
        else:
            flash("Entered. Staff look at it and answer by mail.", "success")
            return redirect(url_for(".activity_list", credential_id=credential_id), 303)
    return _form_page(record, form), 400 if form.is_submitted() else 200


@bp.route("/account/credentials/<uuid:credential_id>/activities/<uuid:activity_id>", methods=["GET", "POST"])
@policy(GET=SIGNED_IN, POST=SIGNED_IN)
@limiter.limit(ENTER, methods=["POST"])
def activity_page(credential_id: UUID, activity_id: UUID) -> ResponseReturnValue:
    """One activity: a form while it waits, and what was decided afterwards."""
    session = current_session()
    record = holding.get_credential_of(session, my_id(), credential_id)
    activity = points.get_activity_of(session, credential_id, activity_id)
    book = points.get_book(session, record, now=database_now(session))
    form = ActivityForm(data=_as_written(activity))
    if activity.state is not ActivityState.WAITING or not book.renewal.collects_points:
        return _refuse(credential_id, ClosedBookError.message) if form.is_submitted() else _form_page(record, form, activity, is_open=False)
    if form.validate_on_submit():
        try:
            facts = _facts(form)
            with transaction() as writing:
                change_activity(
                    writing,
                    holder_id=my_id(),
                    credential_id=credential_id,
                    activity_id=activity_id,
                    facts=facts,
                    now=database_now(writing),
                )
        except InvalidInputError as error:
            _show_error(form, error)
        else:
            flash("Saved. Staff look at it as it is now.", "success")
            return redirect(url_for(".activity_list", credential_id=credential_id), 303)
    return _form_page(record, form, activity), 400 if form.is_submitted() else 200


@bp.post("/account/credentials/<uuid:credential_id>/activities/<uuid:activity_id>/withdraw")
@policy(POST=SIGNED_IN)
def withdraw_point_activity(credential_id: UUID, activity_id: UUID) -> ResponseReturnValue:
    with transaction() as session:
        withdraw_activity(session, holder_id=my_id(), credential_id=credential_id, activity_id=activity_id, now=database_now(session))
    flash("Withdrawn. Nobody looks at it any more.", "success")
    return redirect(url_for(".activity_list", credential_id=credential_id), 303)


@bp.get("/account/credentials/<uuid:credential_id>/activities.csv")
@policy(GET=SIGNED_IN)
def activities_csv(credential_id: UUID) -> ResponseReturnValue:
    """All that the holder has entered for this certificate, and what was decided, to keep."""
    session = current_session()
    holding.get_credential_of(session, my_id(), credential_id)
    text = io.StringIO()
    table = csv.writer(text, quoting=csv.QUOTE_ALL)
    table.writerow(["Day", "Activity", "Provider", "Points", "Link", "Note", "State", "Decided", "What staff said"])
    for found in session.scalars(points.select_activities_of(credential_id)):
        decided = found.decided_at.isoformat() if found.decided_at is not None else ""
        said = (
            found.title,
            found.provider,
            points_text(found.hundredths),
            found.link,
            found.note,
            found.state.value,
            decided,
            found.reason,
        )
        table.writerow([found.happened_on.isoformat(), *map(harmless, said)])
    headers = {"Content-Disposition": 'attachment; filename="activities.csv"', "Cache-Control": "private, no-store"}
    return Response("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


def _facts(form: ActivityForm) -> ActivityFacts:
    return ActivityFacts(
        title=form.title.data,
        provider=form.provider.data,
        happened_on=form.happened_on.data,
        hundredths=parse_points(form.points.data),
        link=form.link.data or "",
        note=form.note.data or "",
    )


def _as_written(activity: PointActivity) -> dict[str, object]:
    return {
        "title": activity.title,
        "provider": activity.provider,
        "happened_on": activity.happened_on,
        "points": points_text(activity.hundredths),
        "link": activity.link,
        "note": activity.note,
    }


def _show_error(form: ActivityForm, error: InvalidInputError) -> None:
    """Beside the field that it belongs to."""
    form[error.field or "title"].errors = [error.message]


def _refuse(credential_id: UUID, words: str) -> ResponseReturnValue:
    flash(words, "error")
    return redirect(url_for(".renewal_page", credential_id=credential_id), 303)


def _form_page(record: CredentialRecord, form: ActivityForm, activity: PointActivity | None = None, *, is_open: bool = True) -> str:
    return render_template(
        "credentials/activity_page.html",
        shown=show(issuer(), record),
        form=form,
        activity=activity,
        is_open=is_open,
        today=database_now(current_session()).date(),
        points_text=points_text,
    )
