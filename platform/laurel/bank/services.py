"""Writing questions: categories, versions, and the steps of a question's life."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from laurel.bank import queries
from laurel.bank.events import QuestionSaved, QuestionStatusChanged
from laurel.bank.formats import seed
from laurel.bank.models import Question, QuestionCategory, QuestionTag, QuestionVersion
from laurel.bank.rules import Body, Finding, QuestionDraft, QuestionStatus, Severity, check_draft, content_hash, parts_of
from laurel.bank.rules.kinds import Renderers
from laurel.core import markdown
from laurel.core.bus import publish
from laurel.core.errors import ConflictError, InvalidInputError

SLUG = re.compile(r"[a-z0-9]+(?:[-/][a-z0-9]+)*\Z")
RENDER = Renderers(block=lambda text: markdown.render(text) if text else "", inline=markdown.render_inline)


class StaleQuestionError(ConflictError):
    """Somebody saved the question after this page of it was opened. Carries what was saved and what was not."""

    def __init__(self, *, question_id: UUID, current: QuestionVersion, draft: QuestionDraft) -> None:
        super().__init__("This question was changed while you were editing it. Nothing was overwritten.")
        self.question_id = question_id
        self.current = current
        self.draft = draft


class NotReadyError(InvalidInputError):
    """The question has errors that keep it from learners."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("This question is not ready for learners: " + " ".join(finding.message for finding in findings))
        self.findings = findings


def create_category(session: Session, *, slug: str, title: str, parent_id: UUID | None = None) -> QuestionCategory:
    """The category called `slug`, made if it is new. Telling it twice changes nothing but the title."""
    title = title.strip()
    if not SLUG.match(slug) or len(slug) > 120:
        raise InvalidInputError("The address of a category is at most 120 lower-case letters, digits and hyphens.", field="slug")
    if not title or len(title) > 160:
        raise InvalidInputError("Give the category a title of at most 160 characters.", field="title")
    if parent_id is not None:
        queries.get_category(session, parent_id)
    category = queries.find_category_by_slug(session, slug)
    if category is None:
        category = QuestionCategory(slug=slug, title=title, parent_id=parent_id)
        session.add(category)
    category.title = title
    session.flush()
    return category


def add_category(session: Session, *, title: str, parent_id: UUID | None) -> QuestionCategory:
    """A new category with a slug made of its title; refused where there is one of that slug already."""
    parent = queries.get_category(session, parent_id) if parent_id is not None else None
    words = markdown.slug_of(title)
    if not words:
        raise InvalidInputError("Use letters or digits in the title.", field="title")
    slug = f"{parent.slug}/{words}" if parent is not None else words
    if queries.find_category_by_slug(session, slug) is not None:
        raise InvalidInputError("There is such a category already. Choose another title.", field="title")
    return create_category(session, slug=slug, title=title, parent_id=parent_id)


def create_question(session: Session, draft: QuestionDraft, *, author_id: UUID, now: datetime, external_id: str | None = None) -> Question:
    """A new question in its first version, as a draft."""
    draft = draft.cleaned()
    queries.get_category(session, draft.category_id)
    question = Question(
        external_id=external_id, category_id=draft.category_id, owner_id=author_id, created_at=now, changed_at=now, latest_n=0, revision=0
    )
    session.add(question)
    session.flush()
    _write(session, question, draft, author_id=author_id, now=now)
    return question


def save_version(
    session: Session, question_id: UUID, draft: QuestionDraft, *, author_id: UUID, now: datetime, base_revision: int
) -> Question:
    """Write the draft as the next version, unless it says what the latest one does already.

    `base_revision` is that of the page which the author edited; StaleQuestionError if the question has moved on since.
    A version that learners get stays in use until the new one is ready.
    """
    draft = draft.cleaned()
    question = queries.lock_question(session, question_id)
    if question.revision != base_revision:
        current = queries.get_version_number(session, question_id, question.latest_n)
        raise StaleQuestionError(question_id=question_id, current=current, draft=draft)
    if question.status is QuestionStatus.RETIRED:
        raise ConflictError("A retired question is not edited. Take it back to draft first.")
    queries.get_category(session, draft.category_id)
    _write(session, question, draft, author_id=author_id, now=now)
    return question


def _write(session: Session, question: Question, draft: QuestionDraft, *, author_id: UUID, now: datetime) -> None:
    """Take over the draft: the facts into the question, the content into a new version if it is new."""
    fresh = content_hash(draft.stem, draft.body, draft.general_feedback)
    latest = queries.get_version_number(session, question.id, question.latest_n) if question.latest_n else None
    question.category_id, question.objective, question.difficulty = draft.category_id, draft.objective, draft.difficulty
    question.duplicate_group = draft.duplicate_group or None
    _write_tags(session, question.id, draft.tags)
    question.search_text = search_text(draft, external_id=question.external_id)
    question.revision, question.changed_at = question.revision + 1, now
    if latest is None or latest.content_hash != fresh:
        question.latest_n += 1
        question.status = QuestionStatus.DRAFT
        session.add(_version(question, draft, fresh, author_id=author_id, now=now))
    session.flush()
    publish(session, QuestionSaved(occurred_at=now, question_id=question.id, author_id=author_id, n=question.latest_n), actor_id=author_id)


def _write_tags(session: Session, question_id: UUID, tags: Sequence[str]) -> None:
    known = queries.map_tags(session, [question_id]).get(question_id, [])
    if set(known) - set(tags):
        session.execute(delete(QuestionTag).where(QuestionTag.question_id == question_id, QuestionTag.tag.not_in(tags)))
    session.add_all(QuestionTag(question_id=question_id, tag=tag) for tag in tags if tag not in known)


def _version(question: Question, draft: QuestionDraft, fresh: str, *, author_id: UUID, now: datetime) -> QuestionVersion:
    rendered = render_draft(draft)
    return QuestionVersion(
        question_id=question.id,
        n=question.latest_n,
        kind=draft.kind,
        stem=draft.stem,
        stem_html=rendered.stem_html,
        body=rendered.body.to_json(),
        general_feedback=draft.general_feedback,
        general_feedback_html=rendered.general_feedback_html,
        created_by_id=author_id,
        created_at=now,
        content_hash=fresh,
        rendered_with=markdown.VERSION,
    )


def search_text(draft: QuestionDraft, *, external_id: str | None) -> str:
    """What a search looks through: every word that the author wrote, case-folded."""
    prose = [part.text for part in parts_of(draft.stem, draft.body, draft.general_feedback) if part.is_prose]
    return "\n".join(text for text in (external_id, draft.objective, *draft.tags, *prose) if text).casefold()


def check_version(version: QuestionVersion, question: Question) -> list[Finding]:
    """What speaks against putting this version to learners, the errors first."""
    return check_draft(
        stem=version.stem, body=version.typed_body(), general_feedback=version.general_feedback, objective=question.objective
    )


def set_status(
    session: Session, question_id: UUID, status: QuestionStatus, *, changed_by_id: UUID, now: datetime, base_revision: int
) -> Question:
    """Take the question one step further (or back). It becomes ready only without errors, and only as the person saw it."""
    question = queries.lock_question(session, question_id)
    if question.revision != base_revision:
        raise ConflictError("This question was changed after you opened the page. Look at its present state first.")
    if status is QuestionStatus.READY:
        latest = queries.get_version_number(session, question_id, question.latest_n)
        _require_no_errors(check_version(latest, question))
    question.change_status(status, at=now)
    question.revision += 1
    session.flush()
    publish(
        session,
        QuestionStatusChanged(
            occurred_at=now, question_id=question.id, changed_by_id=changed_by_id, n=question.latest_n, status=status.value
        ),
        actor_id=changed_by_id,
    )
    return question


def _require_no_errors(findings: list[Finding]) -> None:
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise NotReadyError(errors)


def import_question(session: Session, record: dict[str, Any], *, category_id: UUID, owner_id: UUID, now: datetime) -> Question:
    """Bring in one `[[questions]]` table of `seed_content`, ready for learners.

    Reading the same again changes nothing, whatever an author did to the question since; a changed record becomes the
    next version. Raises InvalidInputError that names the question, the place in it, and what to do.
    """
    source = seed.read_question(record)
    question = queries.find_question_by_external_id(session, source.external_id)
    if question is not None and question.source_hash == source.source_hash:
        return question
    draft = source.draft(category_id).cleaned()
    _require_importable(source.external_id, draft)
    if question is None:
        question = create_question(session, draft, author_id=owner_id, now=now, external_id=source.external_id)
    else:
        _write(session, queries.lock_question(session, question.id), draft, author_id=owner_id, now=now)
    question.source_hash = source.source_hash
    question.status, question.ready_n = QuestionStatus.READY, question.latest_n
    session.flush()
    return question


def _require_importable(external_id: str, draft: QuestionDraft) -> None:
    findings = check_draft(stem=draft.stem, body=draft.body, general_feedback=draft.general_feedback, objective=draft.objective)
    for finding in findings:
        if finding.severity is Severity.ERROR:
            raise InvalidInputError(f"{external_id}: {finding.message}", field=finding.place or None)


@dataclass(frozen=True, slots=True)
class RenderedDraft:
    """A draft as it would look, not saved."""

    stem_html: str
    body: Body
    general_feedback_html: str


def render_draft(draft: QuestionDraft) -> RenderedDraft:
    """The draft with its HTML, for looking at it before it is saved."""
    return RenderedDraft(
        stem_html=RENDER.block(draft.stem),
        body=draft.body.rendered(RENDER),
        general_feedback_html=RENDER.block(draft.general_feedback),
    )
