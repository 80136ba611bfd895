"""What came out of an attempt, as far as its learner may see it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.bank.models import QuestionVersion
from laurel.bank.queries import get_versions
from laurel.bank.rules import Grade, QuestionKind
from laurel.core.errors import ConflictError
from laurel.quizzes.models import Attempt, CurrentAnswer, PaperSlot, Quiz, QuizVersion, SlotMark
from laurel.quizzes.queries.attempts import content_of, get_attempt_of, list_attempts_of, list_marks, list_paper, map_answers
from laurel.quizzes.queries.grading import map_readings
from laurel.quizzes.queries.lobby import Standing, check_next, has_attempt_left
from laurel.quizzes.queries.quizzes import get_quiz, get_version
from laurel.quizzes.queries.rounds import present_round
from laurel.quizzes.queries.terms import find_terms
from laurel.quizzes.rules import (
    AttemptState,
    DomainResult,
    Field,
    FinishReason,
    Mark,
    QuizKind,
    ReviewPreset,
    Score,
    scoring,
    states,
)
from laurel.quizzes.rules.rounds import FIRST, in_round
from laurel.quizzes.rules.rubrics import Reading
from laurel.quizzes.rules.showing import Content, FeedbackView, QuestionView, show_feedback, show_question
from laurel.quizzes.rules.starting import StartCheck


@dataclass(frozen=True, slots=True)
class ReviewedQuestion:
    """One question of a finished paper with what may be said about the answer."""

    view: QuestionView
    feedback: FeedbackView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A finished attempt. What may not be seen is empty: `passed` until it is graded, or while `may_see_passed` is False."""

    attempt_id: UUID
    quiz_id: UUID
    kind: QuizKind
    title: str
    number: int
    state: AttemptState
    is_preview: bool
    home_path: str
    finished_at: datetime
    finish_reason: FinishReason | None
    receipt: str | None
    answered: int
    asked: int
    passed: bool | None
    may_see_passed: bool
    percent: Decimal | None
    pass_percent: Decimal
    shows_shares: bool
    domains: Sequence[DomainResult]
    questions: Sequence[ReviewedQuestion]
    next: StartCheck
    needs_grader: bool

    @property
    def is_graded(self) -> bool:
        return self.state is AttemptState.GRADED


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A finished attempt with everything that belongs to it, each loaded once."""

    attempt: Attempt
    version: QuizVersion
    paper: Sequence[PaperSlot]
    answers: Mapping[int, CurrentAnswer]
    marks: Sequence[SlotMark]
    contents: Mapping[UUID, QuestionVersion]
    readings: Mapping[int, Reading]

    @property
    def is_graded(self) -> bool:
        return self.attempt.state is AttemptState.GRADED


def get_result(session: Session, learner_id: UUID, attempt_id: UUID, *, now: datetime) -> Result:
    """The result of the learner's attempt. NotFoundError for anybody else's, ConflictError while it runs."""
    attempt = get_attempt_of(session, learner_id, attempt_id)
    if attempt.state in states.OPEN or attempt.finished_at is None:
        raise ConflictError("This attempt is still running.")
    quiz, version = get_quiz(session, attempt.quiz_id), get_version(session, attempt.quiz_version_id)
    standing, following = _standing(session, quiz, attempt, version, now=now)
    fields = standing.fields(attempt, version)
    return _describe(quiz, _load(session, attempt, version, fields), fields, following)


def visible_fields(session: Session, attempt: Attempt, *, now: datetime) -> Collection[Field]:
    """What the learner may see of the attempt now, by the review matrix."""
    quiz, version = get_quiz(session, attempt.quiz_id), get_version(session, attempt.quiz_version_id)
    return _standing(session, quiz, attempt, version, now=now)[0].fields(attempt, version)


def _standing(session: Session, quiz: Quiz, attempt: Attempt, version: QuizVersion, *, now: datetime) -> tuple[Standing, StartCheck]:
    """What decides about what may be seen, and whether another attempt may start, on the learner's terms at the version to come."""
    attempts = list_attempts_of(session, attempt.learner_id, quiz.id, is_preview=attempt.is_preview)
    present = FIRST if attempt.is_preview else present_round(session, quiz, attempt.learner_id)
    terms = in_round(find_terms(session, version_for_next(session, quiz, attempt, version), attempt.learner_id, now=now), present)
    following = check_next(quiz, terms, attempts, present=present, now=now)
    return Standing(closes_at=terms.closes_at, has_attempt_left=has_attempt_left(following, attempts), now=now), following


def version_for_next(session: Session, quiz: Quiz, attempt: Attempt, version: QuizVersion) -> QuizVersion:
    """The version that the learner's next attempt would get, which may allow more than that of this attempt did."""
    if attempt.is_preview or quiz.published_version_id is None or quiz.published_version_id == version.id:
        return version
    return get_version(session, quiz.published_version_id)


def _load(session: Session, attempt: Attempt, version: QuizVersion, fields: Collection[Field]) -> _Sheet:
    """What the result is made of. What stays hidden is not even loaded: without the paper no question is."""
    paper, marks = list_paper(session, attempt.id), list_marks(session, attempt.id)
    contents = _versions_of(session, paper) if Field.PAPER in fields else {}
    has_essay = any(content.kind is QuestionKind.ESSAY for content in contents.values())
    readings = map_readings(session, attempt.id, marks) if has_essay else {}
    return _Sheet(attempt, version, paper, map_answers(session, attempt.id), marks, contents, readings)


def _versions_of(session: Session, paper: Sequence[PaperSlot]) -> Mapping[UUID, QuestionVersion]:
    """The questions of the paper by version id, in one query."""
    return get_versions(session, {slot.question_version_id for slot in paper})


def _describe(quiz: Quiz, sheet: _Sheet, fields: Collection[Field], following: StartCheck) -> Result:
    attempt, version = sheet.attempt, sheet.version
    finished_at = attempt.finished_at or attempt.created_at
    seen = frozenset(fields)
    score = Score(attempt.earned or Decimal(0), attempt.possible or Decimal(0))
    return Result(
        attempt_id=attempt.id,
        quiz_id=quiz.id,
        kind=quiz.kind,
        title=version.title,
        number=attempt.number,
        state=attempt.state,
        is_preview=attempt.is_preview,
        home_path=attempt.home_path,
        finished_at=finished_at,
        finish_reason=attempt.finish_reason,
        receipt=attempt.receipt,
        answered=sum(answer.answer is not None for answer in sheet.answers.values()),
        asked=len(sheet.paper),
        passed=attempt.passed if Field.PASSED in seen else None,
        may_see_passed=not sheet.is_graded or Field.PASSED in seen,
        percent=score.shown(version.pass_percent) if Field.MARKS in seen else None,
        pass_percent=version.pass_percent,
        shows_shares=Field.MARKS in seen,
        domains=_domains(sheet) if Field.BANDS in seen else [],
        questions=_questions(sheet, seen) if Field.PAPER in seen else [],
        next=following,
        needs_grader=attempt.state is AttemptState.NEEDS_GRADING,
    )


def _domains(sheet: _Sheet) -> list[DomainResult]:
    places = {slot.number: slot for slot in sheet.paper}
    parts = [Mark(mark.mark, mark.max_mark, places[mark.slot].domain, places[mark.slot].domain_title) for mark in sheet.marks]
    return scoring.results_by_domain(parts, sheet.version.pass_percent)


def _questions(sheet: _Sheet, fields: Collection[Field]) -> list[ReviewedQuestion]:
    marks = {mark.slot: mark for mark in sheet.marks}
    return [
        _reviewed(sheet, slot, content_of(sheet.contents[slot.question_version_id]), marks[slot.number], fields) for slot in sheet.paper
    ]


def _reviewed(sheet: _Sheet, slot: PaperSlot, content: Content, mark: SlotMark, fields: Collection[Field]) -> ReviewedQuestion:
    current = sheet.answers.get(slot.number)
    answer = None if current is None else current.answer
    view = show_question(
        content,
        number=slot.number,
        name=f"question-{slot.number}",
        answer=answer,
        option_order=slot.option_order,
        disabled=True,
        points=scoring.shown_mark(slot.max_mark) if Field.MAX_MARKS in fields else "",
    )
    feedback = show_feedback(
        content,
        answer=answer,
        grade=Grade(fraction=mark.fraction, state=mark.state),
        mark=scoring.shown_mark(mark.mark),
        max_mark=scoring.shown_mark(mark.max_mark),
        fields=fields,
        explain_all=sheet.version.review_preset is ReviewPreset.PRACTICE,
        reading=sheet.readings.get(slot.number),
        option_order=slot.option_order,
    )
    return ReviewedQuestion(view, feedback)
