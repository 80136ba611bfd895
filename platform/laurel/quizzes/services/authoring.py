"""Writing quizzes: drafts, their publishing, and bringing them in from files."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from laurel.core import markdown
from laurel.core.bus import publish
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.quizzes import queries
from laurel.quizzes.events import QuizPublished
from laurel.quizzes.models import Quiz, QuizSlot, QuizVersion
from laurel.quizzes.rules import QuizKind, QuizSettings, QuizStatus, SlotSpec
from laurel.quizzes.rules.quizzes import MAX_QUESTIONS, PRESETS, check_settings, check_slot, check_title, default_settings, source_hash
from laurel.quizzes.services.terms import refresh_deadlines


class StaleQuizError(ConflictError):
    message = "This quiz was changed while you were editing it. Nothing was overwritten. Reload the page to see its present state."


class NotPublishableError(InvalidInputError):
    """The draft cannot be put to learners; `problems` says why, one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("This quiz cannot be published yet. " + " ".join(problems))
        self.problems = list(problems)


def create_quiz(session: Session, *, external_id: str | None, kind: QuizKind, title: str, owner_id: UUID, now: datetime) -> Quiz:
    """A new quiz with an empty draft."""
    quiz = Quiz(external_id=external_id, kind=kind, owner_id=owner_id, title=check_title(title), created_at=now, changed_at=now)
    session.add(quiz)
    session.flush()
    version = _new_version(quiz, n=1, author_id=owner_id, now=now)
    _write(session, version, default_settings(kind), kind)
    return quiz


def _new_version(quiz: Quiz, *, n: int, author_id: UUID, now: datetime) -> QuizVersion:
    return QuizVersion(
        quiz_id=quiz.id,
        n=n,
        revision=0,
        title=quiz.title,
        pass_percent=Decimal(0),
        review_preset=PRESETS[quiz.kind],
        created_by_id=author_id,
        created_at=now,
    )


def _write(session: Session, version: QuizVersion, settings: QuizSettings, kind: QuizKind) -> None:
    check_settings(settings, kind)
    version.adopt(settings, review_preset=settings.review_preset or PRESETS[kind])
    version.instructions_html = markdown.render(settings.instructions) if settings.instructions else ""
    version.revision += 1
    session.add(version)
    session.flush()


def save_draft(
    session: Session,
    quiz_id: UUID,
    *,
    title: str,
    settings: QuizSettings,
    slots: Sequence[SlotSpec],
    author_id: UUID,
    now: datetime,
    base: str | None = None,
) -> QuizVersion:
    """Write the quiz's draft, made from nothing if there is none: what is published stays as it is.

    `base` is the `token` of the version that the author's page showed; StaleQuizError if the quiz has moved on since.
    """
    quiz = queries.lock_quiz(session, quiz_id)
    _require_base(session, quiz, base)
    for slot in slots:
        check_slot(slot)
    if sum(slot.count for slot in slots) > MAX_QUESTIONS:
        raise InvalidInputError(f"A paper has at most {MAX_QUESTIONS} questions.", field="count")
    draft = queries.find_draft(session, quiz_id)
    if draft is None:
        draft = _new_version(quiz, n=queries.list_versions(session, quiz_id)[0].n + 1, author_id=author_id, now=now)
    draft.title, quiz.changed_at = check_title(title), now
    if quiz.status is QuizStatus.DRAFT:
        quiz.title = draft.title
    _write(session, draft, settings, quiz.kind)
    _write_slots(session, draft, slots)
    return draft


def _require_base(session: Session, quiz: Quiz, base: str | None) -> None:
    if base is not None and queries.get_working_version(session, quiz).token != base:
        raise StaleQuizError


def _write_slots(session: Session, version: QuizVersion, slots: Sequence[SlotSpec]) -> None:
    session.execute(delete(QuizSlot).where(QuizSlot.quiz_version_id == version.id))
    session.add_all(QuizSlot.of(slot, quiz_version_id=version.id, position=position) for position, slot in enumerate(slots, start=1))
    session.flush()


def save_slots(session: Session, quiz_id: UUID, slots: Sequence[SlotSpec], *, author_id: UUID, now: datetime, base: str) -> QuizVersion:
    """Write other slots into the draft and leave the rest as it is."""
    version = queries.get_working_version(session, queries.get_quiz(session, quiz_id))
    return save_draft(
        session, quiz_id, title=version.title, settings=version.settings(), slots=slots, author_id=author_id, now=now, base=base
    )


def save_settings(
    session: Session, quiz_id: UUID, *, title: str, settings: QuizSettings, author_id: UUID, now: datetime, base: str
) -> QuizVersion:
    """Write another title and other settings into the draft and leave its questions as they are."""
    version = queries.get_working_version(session, queries.get_quiz(session, quiz_id))
    slots = [slot.spec() for slot in queries.list_slots(session, version.id)]
    return save_draft(session, quiz_id, title=title, settings=settings, slots=slots, author_id=author_id, now=now, base=base)


def publish_quiz(session: Session, quiz_id: UUID, *, author_id: UUID, now: datetime, base: str | None = None) -> QuizVersion:
    """Give the draft to learners from the next attempt on; attempts that run keep their papers, and gain time if it grants more.

    Raises NotPublishableError where a paper could not be filled or something else is missing.
    """
    quiz = queries.lock_quiz(session, quiz_id)
    _require_base(session, quiz, base)
    draft = queries.find_draft(session, quiz_id)
    if draft is None:
        raise ConflictError("There is nothing new to publish.")
    problems = queries.find_problems(session, quiz, draft)
    if problems:
        raise NotPublishableError(problems)
    before = None if quiz.published_version_id is None else queries.get_version(session, quiz.published_version_id)
    draft.published_at = now
    quiz.published_version_id, quiz.status, quiz.title, quiz.changed_at = draft.id, QuizStatus.PUBLISHED, draft.title, now
    session.flush()
    publish(session, QuizPublished(occurred_at=now, quiz_id=quiz.id, quiz_version_id=draft.id), actor_id=author_id)
    if before is not None and (before.minutes, before.closes_at) != (draft.minutes, draft.closes_at):
        refresh_deadlines(session, because="new version", quiz_id=quiz.id, actor_id=author_id, now=now)
    return draft


def import_quiz(
    session: Session,
    *,
    external_id: str,
    kind: QuizKind,
    title: str,
    owner_id: UUID,
    slots: Sequence[SlotSpec],
    settings: QuizSettings,
    now: datetime,
) -> Quiz:
    """Bring in one quiz and publish it. Reading the same again changes nothing, whatever an author did to it since."""
    fresh = source_hash(kind, title, settings, slots)
    quiz = queries.find_quiz_by_external_id(session, external_id)
    if quiz is not None and quiz.source_hash == fresh:
        return quiz
    if quiz is None:
        quiz = create_quiz(session, external_id=external_id, kind=kind, title=title, owner_id=owner_id, now=now)
    elif quiz.kind is not kind:
        raise ConflictError(f"{external_id} is a {quiz.kind.label.lower()}; it cannot become another kind.")
    preset = settings.review_preset or PRESETS[kind]
    save_draft(session, quiz.id, title=title, settings=replace(settings, review_preset=preset), slots=slots, author_id=owner_id, now=now)
    publish_quiz(session, quiz.id, author_id=owner_id, now=now)
    quiz.source_hash = fresh
    session.flush()
    return quiz
