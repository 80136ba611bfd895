"""Calls to action: writing them, and what comes of them."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.articles.queries.drafts import list_titles
from laurel.attribution.queries import Earned, count_sources, list_earned, select_clicks
from laurel.catalog.queries import list_course_cards
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.core.money import format_money
from laurel.ctas import queries, services
from laurel.ctas.models import Cta
from laurel.ctas.rules import TOKENS, CtaStatus, course_path, fill_cta, list_problems
from laurel.studio.forms.ctas import CtaForm, NewCtaForm, values_of
from laurel.studio.navigation import work_nav
from laurel.web.access import my_id, policy
from laurel.web.pages import paginate
from laurel.web.session import current_session, transaction

bp = Blueprint("studio_ctas", __name__, url_prefix="/studio/ctas")
WRITE = "cta:write"
MAX_SEARCH = 100


@bp.context_processor
def navigation() -> dict[str, Any]:
    return {"work_nav": work_nav()}


@bp.get("")
@policy(GET=WRITE)
def cta_list_page() -> ResponseReturnValue:
    session = current_session()
    chosen = request.args.get("status", "")
    status = CtaStatus(chosen) if chosen in set(CtaStatus) else None
    search = request.args.get("q", "").strip()[:MAX_SEARCH]
    page = paginate(session, queries.select_ctas(status=status, search=search))
    return render_template(
        "studio/cta_list_page.html",
        page=page,
        uses=queries.count_articles(session, [cta.id for cta in page.rows]),
        course_titles={card.id: card.title for card in list_course_cards(session, {cta.course_id for cta in page.rows})},
        status=status,
        search=search,
        statuses=list(CtaStatus),
    )


@bp.route("/new", methods=["GET", "POST"])
@policy(GET=WRITE, POST=WRITE)
def new_cta_page() -> ResponseReturnValue:
    form = NewCtaForm()
    form.offer(list_course_cards(current_session()))
    if form.validate_on_submit() and not _is_preview():
        try:
            with transaction() as session:
                cta = services.create_cta(session, slug=form.slug.data, draft=form.draft, owner_id=my_id(), now=database_now(session))
        except InvalidInputError as error:
            _put_beside(form, error)
        else:
            flash(f"Saved. Place it with the line {{{{ cta:{cta.slug} }}}}.", "success")
            return redirect(url_for(".edit_cta_page", cta_id=cta.id), 303)
    return _editor(form, None), 400 if form.errors and not _is_preview() else 200


@bp.route("/<uuid:cta_id>", methods=["GET", "POST"])
@policy(GET=WRITE, POST=WRITE)
def edit_cta_page(cta_id: UUID) -> ResponseReturnValue:
    cta = queries.get_cta(current_session(), cta_id)
    form = CtaForm(data=values_of(cta))
    form.offer(list_course_cards(current_session()))
    if not form.validate_on_submit() or _is_preview():
        return _editor(form, cta), 400 if form.errors and not _is_preview() else 200
    try:
        with transaction() as session:
            now = database_now(session)
            services.save_cta(session, cta_id, draft=form.draft, base_version=form.base, editor_id=my_id(), now=now)
    except InvalidInputError as error:
        _put_beside(form, error)
        return _editor(form, cta), 400
    except services.CtaConflictError as error:
        latest = queries.get_cta(current_session(), cta_id)
        form.base_version.data = str(latest.version)
        return _editor(form, latest, conflict=error.message), 409
    flash("Saved. It has changed wherever it stands.", "success")
    return redirect(url_for(".edit_cta_page", cta_id=cta_id), 303)


@bp.post("/<uuid:cta_id>/archive")
@policy(POST=WRITE)
def archive(cta_id: UUID) -> ResponseReturnValue:
    with transaction() as session:
        services.archive_cta(session, cta_id, editor_id=my_id(), now=database_now(session))
    flash("Archived. Articles no longer show it.", "success")
    return redirect(url_for(".edit_cta_page", cta_id=cta_id), 303)


@bp.post("/<uuid:cta_id>/restore")
@policy(POST=WRITE)
def restore(cta_id: UUID) -> ResponseReturnValue:
    with transaction() as session:
        services.restore_cta(session, cta_id, editor_id=my_id(), now=database_now(session))
    flash("Restored. Articles show it again.", "success")
    return redirect(url_for(".edit_cta_page", cta_id=cta_id), 303)


@bp.post("/<uuid:cta_id>/delete")
@policy(POST=WRITE)
def delete(cta_id: UUID) -> ResponseReturnValue:
    """Refused with 409 while it stands, or ever stood, in an article."""
    with transaction() as session:
        services.delete_cta(session, cta_id, editor_id=my_id(), now=database_now(session))
    flash("Deleted.", "success")
    return redirect(url_for(".cta_list_page"), 303)


@bp.get("/results")
@policy(GET=WRITE)
def cta_results_page() -> ResponseReturnValue:
    """Clicks and what came of them, by call to action and article."""
    session = current_session()
    page = paginate(session, select_clicks(), scalars=False)
    pairs = {(row.cta_id, row.article_id) for row in page.rows}
    earned = list_earned(session, pairs)
    names = queries.list_cta_names(session, {cta_id for cta_id, _ in pairs})
    titles = list_titles(session, {article_id for _, article_id in pairs})
    rows = [
        {
            "cta": names.get(row.cta_id, "Deleted"),
            "cta_id": row.cta_id,
            "article": titles.get(row.article_id, "Deleted"),
            "article_id": row.article_id,
            "people": row.people,
            "programs": row.programs,
            "orders": earned.get((row.cta_id, row.article_id), Earned()).orders,
            "revenue": _revenue_text(earned.get((row.cta_id, row.article_id), Earned())),
        }
        for row in page.rows
    ]
    return render_template("studio/cta_results_page.html", page=page, rows=rows, sources=count_sources(session))


def _revenue_text(earned: Earned) -> str:
    """`$390 + €179`; a dash if nothing was earned."""
    return " + ".join(format_money(amount, currency) for currency, amount in sorted(earned.revenue.items(), reverse=True)) or "–"


def _is_preview() -> bool:
    return request.form.get("act") == "preview"


def _editor(form: CtaForm, cta: Cta | None, *, conflict: str | None = None) -> str:
    """The form with a preview of what it says; in a conflict also with what the other marketer saved."""
    session = current_session()
    facts = queries.load_facts(session, [form.course_id]).get(form.course_id) if form.course_id else None
    return render_template(
        "studio/edit_cta_page.html",
        form=form,
        cta=cta,
        conflict=conflict,
        tokens=TOKENS,
        values=facts.values if facts else {},
        filled=fill_cta(form.copy, facts, href=course_path(facts.slug)) if facts else None,
        problems=list_problems(form.copy, cta.status if cta else CtaStatus.ACTIVE, facts),
        articles=_articles_with(cta),
        use_count=queries.count_articles(session, [cta.id]).get(cta.id, 0) if cta else 0,
        may_delete=cta is not None and not queries.has_placements(session, cta.id),
    )


def _articles_with(cta: Cta | None) -> dict[UUID, str]:
    """Articles where it stands now, by id: their titles."""
    session = current_session()
    return list_titles(session, queries.list_articles_with(session, cta.id)) if cta else {}


def _put_beside(form: CtaForm, error: InvalidInputError) -> None:
    """Show what a service refused beside the field that it names."""
    field = getattr(form, error.field or "", form.name)
    field.errors = [*field.errors, error.message]
