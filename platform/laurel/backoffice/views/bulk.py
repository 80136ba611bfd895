"""Issuing and revoking many certificates: a dry run with its report, a confirmation that says how many, and the progress."""

import csv
import io
from collections.abc import Callable, Sequence
from uuid import UUID

from flask import Blueprint, Response, current_app, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from laurel.backoffice.forms import show_error
from laurel.backoffice.forms.bulk import BulkReinstateForm, BulkRevokeForm, ConfirmForm, ImportForm, new_key
from laurel.backoffice.navigation import work_nav
from laurel.core.db import database_now
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.core.spreadsheets import harmless
from laurel.credentials.models import BulkJob
from laurel.credentials.queries import bulk as queries
from laurel.credentials.queries.staff import list_achievement_choices
from laurel.credentials.rules.bulk import UNDONE, BulkKind, BulkState, RowState, check_stoppable, count_outcomes, outcome, still_for
from laurel.credentials.rules.bulk_table import MAX_BYTES, TOO_LARGE
from laurel.credentials.rules.duplicates import Duplicates
from laurel.credentials.services import bulk
from laurel.credentials.services.bulk_reinstating import draft_reinstatement, get_revocation, judge
from laurel.credentials.services.issuers import issuer_of
from laurel.credentials.services.reading import read_file
from laurel.web.access import my_id, policy
from laurel.web.bodies import takes
from laurel.web.forms import LaurelForm
from laurel.web.pages import paginate
from laurel.web.session import current_session, database, end_transaction, transaction

bp = Blueprint("backoffice_bulk", __name__, url_prefix="/backoffice/credentials/bulk")
LOOK_AFTER = 5  # seconds
Draft = Callable[[Session], BulkJob]
"""Makes the dry run."""


@bp.get("")
@policy(GET="credentials:write")
def job_list() -> ResponseReturnValue:
    page = paginate(current_session(), queries.select_jobs(), scalars=False)
    return render_template("backoffice/bulk_list.html", page=page, work_nav=work_nav())


@bp.route("/issue", methods=["GET", "POST"])
@takes(MAX_BYTES + 100_000)
@policy(GET="credentials:write", POST="credentials:write")
def import_page() -> ResponseReturnValue:
    """The upload; what comes of it is a dry run."""
    form = ImportForm(key=new_key())

    def read() -> Draft:
        duplicates = Duplicates(form.duplicates.data)
        rows = read_file(form.file.data.read(), form.headers(), duplicates)
        return lambda session: bulk.draft_import(
            session,
            rows,
            key=form.key.data,
            title=form.file.data.filename or "A file",
            duplicates=duplicates,
            tells_holder=form.tells_holder.data,
            actor_id=my_id(),
            now=database_now(session),
        )

    return draft_page(form, read, "backoffice/bulk_import_page.html")


@bp.errorhandler(RequestEntityTooLarge)
def refuse_large_file(_error: RequestEntityTooLarge) -> ResponseReturnValue:
    """The form again, with what is wrong beside the file. Nothing of what was sent has been read, so the rest of it is as new."""
    form = ImportForm(formdata=None, key=new_key())
    form.file.errors = [*form.file.errors, TOO_LARGE]
    return render_template("backoffice/bulk_import_page.html", form=form, headers=(), work_nav=work_nav()), 413


@bp.route("/revoke", methods=["GET", "POST"])
@policy(GET="credentials:write", POST="credentials:write")
def revoke_page() -> ResponseReturnValue:
    """The filter; what comes of it is a dry run."""
    form = BulkRevokeForm(key=new_key())
    choices = [(str(achievement_id), name) for achievement_id, name in list_achievement_choices(current_session())]
    form.achievement.choices = [("", "Any"), *choices]

    def draft(session: Session) -> BulkJob:
        return bulk.draft_revocation(
            session,
            form.wanted(),
            key=form.key.data,
            title=form.title(),
            reason=form.public_reason(),
            note=form.note.data,
            tells_holder=form.tells_holder.data,
            actor_id=my_id(),
            now=database_now(session),
        )

    return draft_page(form, lambda: draft, "backoffice/bulk_revoke_page.html")


@bp.route("/reinstate", methods=["GET", "POST"])
@policy(GET="credentials:write", POST="credentials:write")
def reinstate_page() -> ResponseReturnValue:
    """The numbers, or all that one job revoked; what comes of it is a dry run."""
    form = BulkReinstateForm(key=new_key(), job=request.args.get("job", ""))
    meant = form.job_id()

    def find_meant(session: Session) -> BulkJob | None:
        return get_revocation(session, meant) if meant is not None else None

    def read() -> Draft:
        numbers = form.wanted()
        with database().session(writes=False) as session:
            revocation = find_meant(session)
            title = form.title(revocation)
            rows = judge(session, numbers=numbers, revocation=revocation, actor_id=my_id(), now=database_now(session))
        facts: dict[str, str] = {"key": form.key.data, "title": title, "reason": form.reason.data}
        return lambda session: draft_reinstatement(session, rows, **facts, actor_id=my_id(), now=database_now(session))

    return draft_page(form, read, "backoffice/bulk_reinstate_page.html", revocation=find_meant(current_session()))


def draft_page(form: LaurelForm, read: Callable[[], Draft], template: str, **shown: object) -> ResponseReturnValue:
    """Show the form, or make the dry run and go to its report. Where columns were not found, their names are there to choose from.

    `read` looks at what was sent, which takes a moment for a large file: no transaction is open meanwhile.
    """
    headers: Sequence[str] = ()
    if form.is_submitted() and form.validate():
        try:
            end_transaction()
            draft = read()
            with transaction() as session:
                job = draft(session)
        except InvalidInputError as error:
            show_error(form, error)
            headers = getattr(error, "found", ())
        else:
            return redirect(url_for(".job_page", job_id=job.id), 303)
    page = render_template(template, form=form, headers=headers, **shown, work_nav=work_nav())
    return page, 400 if form.is_submitted() else 200


@bp.get("/<uuid:job_id>")
@policy(GET="credentials:write")
def job_page(job_id: UUID) -> ResponseReturnValue:
    return show(job_id, ConfirmForm())


@bp.post("/<uuid:job_id>/confirm")
@policy(POST="credentials:write")
def confirm(job_id: UUID) -> ResponseReturnValue:
    """Begin, if the number that was typed is right."""
    form, status = ConfirmForm(), 400
    if form.validate():
        try:
            with transaction() as session:
                bulk.confirm(session, job_id, count=int(form.count.data), actor_id=my_id(), now=database_now(session))
        except InvalidInputError as error:
            show_error(form, error)
        except ConflictError as error:
            form.form_errors.append(error.message)
            status = 409
        else:
            return redirect(url_for(".job_page", job_id=job_id), 303)
    return show(job_id, form, status=status)


@bp.post("/<uuid:job_id>/pause")
@policy(POST="credentials:write")
def pause(job_id: UUID) -> ResponseReturnValue:
    """Do no more until somebody lets it go on."""
    return turn(job_id, bulk.pause)


@bp.post("/<uuid:job_id>/resume")
@policy(POST="credentials:write")
def resume(job_id: UUID) -> ResponseReturnValue:
    """Go on where it was paused."""
    return turn(job_id, bulk.resume)


@bp.post("/<uuid:job_id>/discard")
@policy(POST="credentials:write")
def discard(job_id: UUID) -> ResponseReturnValue:
    """Throw a dry run away."""
    return turn(job_id, bulk.throw_away, done="The dry run is thrown away.")


@bp.route("/<uuid:job_id>/stop", methods=["GET", "POST"])
@policy(GET="credentials:write", POST="credentials:write")
def stop_page(job_id: UUID) -> ResponseReturnValue:
    """Do no more of what runs. What is done and what will not be stands above the button."""
    if request.method == "POST":
        return turn(job_id, bulk.stop, done="The job is stopped. Nothing more is done of it.")
    session = current_session()
    job, counts = queries.get_job(session, job_id), queries.count_rows(session, job_id)
    try:
        check_stoppable(job.state)
    except ConflictError as error:
        flash(error.message, "warning")
        return redirect(url_for(".job_page", job_id=job_id), 303)
    left = sum(counts[undone] for undone in UNDONE)
    return render_template("backoffice/bulk_stop_page.html", job=job, done=counts[RowState.DONE], left=left, work_nav=work_nav())


def turn(job_id: UUID, act: Callable[..., BulkJob], *, done: str = "") -> ResponseReturnValue:
    """Do it, and lead back to the job's page. Perhaps the job ended while the page was looked at: then that is said there."""
    try:
        with transaction() as session:
            act(session, job_id, actor_id=my_id(), now=database_now(session))
    except ConflictError as error:
        flash(error.message, "warning")
    else:
        if done:
            flash(done, "success")
    return redirect(url_for(".job_page", job_id=job_id), 303)


@bp.get("/<uuid:job_id>/report.csv")
@policy(GET="credentials:write")
def report_csv(job_id: UUID) -> ResponseReturnValue:
    """Every row with what became of it, for a spreadsheet: no cell is taken for a formula."""
    session = current_session()
    job = queries.get_job(session, job_id)
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(["line", "result", "why", "email", "name", "course", "awarded", "number"])
    for row, number in session.execute(queries.select_rows(job_id)):
        awarded = f"{row.awarded_at:%Y-%m-%d}" if row.awarded_at else ""
        cells = [str(row.n), *job.tell(row), row.email, row.name, row.course, awarded, number or ""]
        writer.writerow([harmless(cell) for cell in cells])
    response = Response("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="credentials-{job_id}.csv"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def list_signers(session: Session, job: BulkJob) -> list[str]:
    """In whose names it would be signed."""
    house = issuer_of(current_app.extensions["laurel_settings"])
    return sorted(name or house.name for name in queries.list_signers(session, job.id))


def show(job_id: UUID, form: ConfirmForm, *, status: int = 200) -> ResponseReturnValue:
    """The report of a dry run, or how far it is; while it runs, the page loads itself again."""
    session = current_session()
    job, counts = queries.get_job(session, job_id), queries.count_rows(session, job_id)
    wanted = request.args.get("state", "")
    states = [found for found in RowState if outcome(found, job=job.state) == wanted]
    page = render_template(
        "backoffice/bulk_page.html",
        job=job,
        counts=counts,
        total=sum(counts.values()),
        left=sum(counts[undone] for undone in UNDONE),
        wanted=wanted if states else "",
        outcomes=count_outcomes(counts, job=job.state),
        page=paginate(session, queries.select_rows(job_id, states), scalars=False),
        form=form,
        corrections=queries.count_corrections(session, job_id) if job.state is BulkState.DRAFT else 0,
        signers=list_signers(session, job) if job.state is BulkState.DRAFT and job.kind is BulkKind.ISSUE else [],
        still=still_for(job.moved_at or job.created_at, now=database_now(session)) if job.state is BulkState.RUNNING else 0,
        refusal=bulk.why_not(job, counts),
        work_nav=work_nav(),
    )
    response = make_response(page, status)
    if job.state is BulkState.RUNNING and request.args.get("page", "1") == "1":
        response.headers["Refresh"] = str(LOOK_AFTER)
    return response
