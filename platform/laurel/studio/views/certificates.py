"""What the certificate of a course is, version by version, and how it is renewed. Each change is looked at before it counts."""

from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.bank.rules.comparing import Comparison, compare
from laurel.bank.rules.kinds import Part
from laurel.catalog.queries import list_course_cards
from laurel.core import markdown
from laurel.core.dates import day
from laurel.core.db import database_now
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.credentials.models import AchievementVersion
from laurel.credentials.queries import find_achievement_of_course
from laurel.credentials.queries.programs import ProgramStand, get_course_title, get_program, get_stand, is_examined, select_uncertified
from laurel.credentials.rules.renewing import RenewalTerms
from laurel.credentials.rules.verdicts import CredentialSource
from laurel.credentials.rules.words import CertificateWords
from laurel.credentials.services.issuers import issuer_for, issuer_of
from laurel.credentials.services.programs import ProgramChangedError, change_terms, write_certificate
from laurel.studio.forms.certificates import CertificateForm, RenewalForm, suggestion_for, values_of, values_of_terms
from laurel.studio.navigation import work_nav
from laurel.studio.views.questions.blueprint import whose
from laurel.web.access import my_id, policy
from laurel.web.pages import paginate
from laurel.web.session import current_session, transaction

bp = Blueprint("studio_certificates", __name__, url_prefix="/studio/credentials")
WRITE = "course:write"
SAME = "It says exactly this already. Change something, or go back."


@bp.context_processor
def navigation() -> dict[str, Any]:
    return {"work_nav": work_nav()}


@bp.get("/new")
@policy(GET=WRITE)
def uncertified_list_page() -> ResponseReturnValue:
    """The courses that certify nothing yet."""
    page = paginate(current_session(), select_uncertified(whose()), scalars=False)
    return render_template("studio/uncertified_list_page.html", page=page)


@bp.route("/new/<uuid:course_id>", methods=["GET", "POST"])
@policy(GET=WRITE, POST=WRITE)
def new_certificate_page(course_id: UUID) -> ResponseReturnValue:
    """The first certificate of a course."""
    session = current_session()
    title = get_course_title(session, course_id, owner_id=whose())
    found = find_achievement_of_course(session, course_id)
    if found is not None and request.method == "GET":
        return redirect(url_for("studio_programs.program_page", program_id=found.achievement_id), 303)
    cards = list_course_cards(session, [course_id])
    form = CertificateForm(**suggestion_for(cards[0] if cards else None), seen="0")
    form.course_title = title
    return _write(form, course_id, found)


@bp.route("/<uuid:program_id>/certificate", methods=["GET", "POST"])
@policy(GET=WRITE, POST=WRITE)
def certificate_page(program_id: UUID) -> ResponseReturnValue:
    """What certificates say from now on, and how long they hold."""
    session = current_session()
    present = get_program(session, program_id, owner_id=whose())
    form = CertificateForm(**values_of(present.words), seen=str(present.n))
    return _write(form, get_stand(session, program_id).course_id, present)


def _write(form: CertificateForm, course_id: UUID, present: AchievementVersion | None) -> ResponseReturnValue:
    """Ask for the words; show what becomes of them; make the version."""
    form.now, form.is_examined = database_now(current_session()), is_examined(current_session(), course_id)
    act = request.form.get("act")
    if not form.is_submitted() or act == "edit":
        return _ask(form, present)
    if not form.validate():
        return _ask(form, present), 400
    try:
        return _make(form, course_id) if act == "make" else _review(form, present)
    except InvalidInputError as error:
        form.put_beside(error)
        return _ask(form, present), 400
    except ConflictError as error:
        return _ask_again(form, find_achievement_of_course(current_session(), course_id), error)


def _make(form: CertificateForm, course_id: UUID) -> ResponseReturnValue:
    with transaction() as session:
        made = write_certificate(session, course_id, form.words, seen_n=form.seen_n, actor_id=my_id(), now=database_now(session))
        program_id, n = made.achievement_id, made.n
    flash(f"Version {n} holds: certificates that are awarded from now on say it. Those from before stay as they are.", "success")
    return redirect(url_for("studio_programs.program_page", program_id=program_id), 303)


def _ask(form: CertificateForm, present: AchievementVersion | None) -> str:
    return render_template("studio/certificate_page.html", form=form, present=present)


def _ask_again(form: CertificateForm, present: AchievementVersion | None, error: ConflictError) -> ResponseReturnValue:
    """Somebody else was faster: the form is kept, and what is looked at next is compared with what they made."""
    form.form_errors.append(f"{error.message} What you typed is kept below, and not saved.")
    form.seen.data = str(present.n if present else 0)
    return _ask(form, present), 409


def _review(form: CertificateForm, present: AchievementVersion | None) -> str:
    """What the next version would be, beside the present one. Raises ProgramChangedError if the author started from another one."""
    session, words = current_session(), form.words
    if form.seen.data != str(present.n if present else 0):
        raise ProgramChangedError
    if present is not None and words == present.words:
        raise InvalidInputError(SAME)
    house = issuer_of(current_app.extensions["laurel_settings"])
    ends_at = words.validity.end(awarded_at=form.now)
    return render_template(
        "studio/certificate_review_page.html",
        form=form,
        present=present,
        n=present.n + 1 if present else 1,
        stand=get_stand(session, present.achievement_id) if present else None,
        changes=_changes(present.words if present else None, words),
        words=words,
        criteria_html=markdown.render(words.criteria),
        line=CredentialSource.EXAM.line,
        issuer=issuer_for(session, house, present.organization_id if present else None),
        ends=day(ends_at) if ends_at else "No expiry",
    )


def _changes(before: CertificateWords | RenewalTerms | None, after: CertificateWords | RenewalTerms) -> list[Comparison]:
    """What is another thing than before, word by word."""
    old, new = ([Part(label, text) for label, text in side.parts.items()] if side else [] for side in (before, after))
    return [found for found in compare(old, new) if found.is_changed]


@bp.route("/<uuid:program_id>/renewal", methods=["GET", "POST"])
@policy(GET=WRITE, POST=WRITE)
def renewal_page(program_id: UUID) -> ResponseReturnValue:
    """How all certificates of a program are renewed from now on."""
    session = current_session()
    program, stand = get_program(session, program_id, owner_id=whose()), get_stand(session, program_id)
    form, act = RenewalForm(**values_of_terms(stand.terms)), request.form.get("act")
    if not form.is_submitted() or act == "edit":
        return _ask_terms(form, program, stand)
    if not form.validate():
        return _ask_terms(form, program, stand), 400
    try:
        return _adopt(form, program_id) if act == "make" else _review_terms(form, program, stand)
    except InvalidInputError as error:
        form.put_beside(error)
        return _ask_terms(form, program, stand), 400
    except ConflictError as error:
        stand = get_stand(current_session(), program_id)
        form.form_errors.append(f"{error.message} What you typed is kept below, and not saved.")
        form.seen.data = stand.terms.stamp
        return _ask_terms(form, program, stand), 409


def _review_terms(form: RenewalForm, program: AchievementVersion, stand: ProgramStand) -> str:
    """What the terms would be, beside those of today. Raises ProgramChangedError if the author started from others."""
    if form.seen.data != stand.terms.stamp:
        raise ProgramChangedError
    if form.terms == stand.terms:
        raise InvalidInputError(SAME)
    paths, changes = stand.paths_by(form.terms), _changes(stand.terms, form.terms)
    return render_template("studio/renewal_review_page.html", form=form, program=program, stand=stand, paths=paths, changes=changes)


def _adopt(form: RenewalForm, program_id: UUID) -> ResponseReturnValue:
    with transaction() as session:
        change_terms(session, program_id, form.terms, seen=form.seen.data, actor_id=my_id(), now=database_now(session))
    flash("Saved. It holds from now on, for certificates that were issued before, too.", "success")
    return redirect(url_for("studio_programs.program_page", program_id=program_id), 303)


def _ask_terms(form: RenewalForm, program: AchievementVersion, stand: ProgramStand) -> str:
    return render_template("studio/renewal_page.html", form=form, program=program, stand=stand)
