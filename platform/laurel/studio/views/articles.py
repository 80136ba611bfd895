"""Articles: writing, checking, publishing."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.articles import services
from laurel.articles.queries import drafts
from laurel.articles.queries.reading import read_article
from laurel.articles.rules import ArticleDraft, ArticleStatus, Severity, compare
from laurel.catalog.queries import list_course_cards
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.ctas.queries import list_active_ctas
from laurel.ctas.rules import course_path
from laurel.studio.forms.articles import ArticleForm, values_of
from laurel.studio.navigation import work_nav
from laurel.web.access import my_id, policy
from laurel.web.bodies import takes
from laurel.web.pages import paginate
from laurel.web.session import current_session, transaction

bp = Blueprint("studio_articles", __name__, url_prefix="/studio/articles")
WRITE = "article:write"
STEPS = {
    "send-to-review": (ArticleStatus.IN_REVIEW, "The article waits for review."),
    "back-to-draft": (ArticleStatus.DRAFT, "The article is a draft again."),
    "archive": (ArticleStatus.ARCHIVED, "The article is archived. Readers no longer find it."),
}
NOTHING_YET: dict[str, Any] = {
    "article": None,
    "revision": None,
    "findings": [],
    "has_newer_draft": False,
    "conflict": None,
    "changed": [],
    "changes": [],
}
FIELDS = [("Title", "title"), ("Sentence under the title", "dek"), ("Category", "category"), ("Byline", "author_name")]
MAX_SEARCH = 100
MAX_SENT = 2 * 1024 * 1024
"""Bytes: more than the longest article, so that a longer one is refused beside its field."""


@bp.context_processor
def navigation() -> dict[str, Any]:
    return {"work_nav": work_nav()}


@bp.get("")
@policy(GET=WRITE)
def article_list_page() -> ResponseReturnValue:
    chosen = request.args.get("status", "")
    status = ArticleStatus(chosen) if chosen in set(ArticleStatus) else None
    search = request.args.get("q", "").strip()[:MAX_SEARCH]
    page = paginate(current_session(), drafts.select_articles(status=status, search=search), scalars=False)
    written = [drafts.Written(article=article, revision=revision) for article, revision in page.rows]
    return render_template(
        "studio/article_list_page.html", page=page, written=written, status=status, search=search, statuses=list(ArticleStatus)
    )


@bp.route("/new", methods=["GET", "POST"])
@policy(GET=WRITE, POST=WRITE)
@takes(MAX_SENT)
def new_article_page() -> ResponseReturnValue:
    form = ArticleForm()
    if form.validate_on_submit():
        try:
            with transaction() as session:
                now = database_now(session)
                article = services.create_article(session, slug=form.slug.data or "", draft=form.draft, author_id=my_id(), now=now)
        except InvalidInputError as error:
            _put_beside(form, error)
        else:
            return _saved(article.id)
    return render_template("studio/edit_article_page.html", form=form, **_picker(), **NOTHING_YET), 400 if form.errors else 200


@bp.route("/<uuid:article_id>", methods=["GET", "POST"])
@policy(GET=WRITE, POST=WRITE)
@takes(MAX_SENT)
def edit_article_page(article_id: UUID) -> ResponseReturnValue:
    written = drafts.get_written(current_session(), article_id)
    form = ArticleForm(data=values_of(written.article, written.revision))
    if not form.validate_on_submit():
        return _editor(form, article_id), 400 if form.errors else 200
    try:
        with transaction() as session:
            slug = form.slug.data or written.article.slug
            now = database_now(session)
            services.save_article(session, article_id, slug=slug, draft=form.draft, base_n=form.base, author_id=my_id(), now=now)
    except InvalidInputError as error:
        _put_beside(form, error)
        return _editor(form, article_id), 400
    except services.RevisionConflictError as error:
        form.base_n.data = str(error.latest_n)
        return _editor(form, article_id, conflict=error.message), 409
    return _saved(article_id)


@bp.get("/<uuid:article_id>/preview")
@policy(GET=WRITE)
def article_preview_page(article_id: UUID) -> ResponseReturnValue:
    """The latest revision as readers would see it. Its links count nothing."""
    session = current_session()
    written = drafts.get_written(session, article_id)
    now = database_now(session)
    reading = read_article(session, written.article, written.revision, link=lambda _place, course: course_path(course.slug), now=now)
    return render_template("studio/article_preview_page.html", reading=reading, structured=[])


@bp.post("/<uuid:article_id>/publish")
@policy(POST=WRITE)
def publish(article_id: UUID) -> ResponseReturnValue:
    _publish(article_id)
    return redirect(url_for(".edit_article_page", article_id=article_id), 303)


@bp.post("/<uuid:article_id>/<any('send-to-review', 'back-to-draft', 'archive'):step>")
@policy(POST=WRITE)
def move(article_id: UUID, step: str) -> ResponseReturnValue:
    _move(article_id, step)
    return redirect(url_for(".edit_article_page", article_id=article_id), 303)


@bp.get("/<uuid:article_id>/revisions")
@policy(GET=WRITE)
def article_revisions_page(article_id: UUID) -> ResponseReturnValue:
    session = current_session()
    written = drafts.get_written(session, article_id)
    page = paginate(session, drafts.select_revisions(article_id), scalars=False)
    return render_template("studio/article_revisions_page.html", written=written, page=page)


@bp.get("/<uuid:article_id>/revisions/<int:n>")
@policy(GET=WRITE)
def article_revision_page(article_id: UUID, n: int) -> ResponseReturnValue:
    """What one revision changed against the one before it."""
    session = current_session()
    written = drafts.get_written(session, article_id)
    revision = drafts.get_revision(session, article_id, n)
    before = drafts.get_revision(session, article_id, n - 1).draft if n > 1 else ArticleDraft(title="")
    changed = _changed_fields(before, revision.draft)
    changes = compare(before.body, revision.body)
    return render_template("studio/article_revision_page.html", written=written, revision=revision, changed=changed, changes=changes)


@bp.post("/<uuid:article_id>/revisions/<int:n>/restore")
@policy(POST=WRITE)
def restore(article_id: UUID, n: int) -> ResponseReturnValue:
    with transaction() as session:
        services.restore_revision(session, article_id, n, author_id=my_id(), now=database_now(session))
    flash(f"Revision {n} is the latest again. Readers see it when you publish.", "success")
    return redirect(url_for(".edit_article_page", article_id=article_id), 303)


def _saved(article_id: UUID) -> ResponseReturnValue:
    """Go on after a save, one step further if that button was pressed. What was saved stays saved."""
    act = request.form.get("act")
    if act == "publish":
        _publish(article_id)
    elif act == "review":
        _move(article_id, "send-to-review")
    else:
        flash("Saved.", "success")
    return redirect(url_for(".edit_article_page", article_id=article_id), 303)


def _move(article_id: UUID, step: str) -> None:
    status, message = STEPS[step]
    with transaction() as session:
        services.move_article(session, article_id, status=status, editor_id=my_id(), now=database_now(session))
    flash(message, "success")


def _publish(article_id: UUID) -> None:
    try:
        with transaction() as session:
            services.publish_article(session, article_id, editor_id=my_id(), now=database_now(session))
    except services.PreflightError as error:
        count = sum(finding.severity is Severity.ERROR for finding in error.findings)
        things = "thing has" if count == 1 else "things have"
        flash(f"Not published yet: {count} {things} to be put right first. Your text is saved.", "warning")
    else:
        flash("Published. Readers see it now.", "success")


def _editor(form: ArticleForm, article_id: UUID, *, conflict: str | None = None) -> str:
    """The editor with the form as it was sent; in a conflict also with what the other author wrote."""
    session = current_session()
    written = drafts.get_written(session, article_id)
    findings = drafts.inspect_article(session, written.article, written.revision, now=database_now(session))
    return render_template(
        "studio/edit_article_page.html",
        form=form,
        article=written.article,
        revision=written.revision,
        has_newer_draft=written.has_newer_draft,
        findings=findings,
        conflict=conflict,
        changed=_changed_fields(written.revision.draft, form.draft) if conflict else [],
        changes=compare(written.revision.body, form.draft.body) if conflict else [],
        **_picker(),
    )


def _picker() -> dict[str, Any]:
    """Calls to action to place, with the titles of their courses."""
    session = current_session()
    ctas = list_active_ctas(session)
    titles = {card.id: card.title for card in list_course_cards(session, {cta.course_id for cta in ctas})}
    return {"ctas": ctas, "course_titles": titles}


def _put_beside(form: ArticleForm, error: InvalidInputError) -> None:
    """Show what a service refused beside the field that it names."""
    field = getattr(form, error.field or "", form.title)
    field.errors = [*field.errors, error.message]


def _changed_fields(before: ArticleDraft, after: ArticleDraft) -> list[tuple[str, str, str]]:
    """(label, before, after) of the fields beside the text that differ."""
    rows = [(label, getattr(before, name), getattr(after, name)) for label, name in FIELDS]
    rows.append(("Tags", ", ".join(before.tags), ", ".join(after.tags)))
    rows.append(("Description for search engines", before.seo_description, after.seo_description))
    return [row for row in rows if row[1] != row[2]]
