"""Practice questions inside a lesson: the learner's paper so far, or what it would be."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.bank.models import QuestionVersion
from laurel.bank.queries import get_versions
from laurel.bank.rules import Answer, grade
from laurel.quizzes.models import Attempt, QuizVersion
from laurel.quizzes.queries.attempts import content_of, find_open_attempt, list_paper, map_answers
from laurel.quizzes.queries.papers import draw_paper
from laurel.quizzes.queries.quizzes import get_published
from laurel.quizzes.rules import Field, Phase, drawing, scoring
from laurel.quizzes.rules.showing import FeedbackView, QuestionView, show_feedback, show_question


@dataclass(frozen=True, slots=True)
class PracticeQuestion:
    """One question of a lesson. `feedback` is there once the learner has checked an answer."""

    view: QuestionView
    feedback: FeedbackView | None


def find_practice_attempt(session: Session, version: QuizVersion, learner_id: UUID) -> Attempt | None:
    """The learner's running attempt at this very version of the quiz."""
    attempt = find_open_attempt(session, version.quiz_id, learner_id)
    return attempt if attempt is not None and attempt.quiz_version_id == version.id else None


def find_practice_state(session: Session, quiz_id: UUID, learner_id: UUID | None) -> list[PracticeQuestion]:
    """The questions of a practice quiz in the author's order, with this learner's answers and feedback.

    Works before there is an attempt, and for nobody in particular (`learner_id` None). Raises NotFoundError if the quiz is
    not published.
    """
    _, version = get_published(session, quiz_id)
    attempt = None if learner_id is None else find_practice_attempt(session, version, learner_id)
    if attempt is None:
        drawn = draw_paper(session, version, seed=drawing.practice_seed(version.id, learner_id))
        paper: Sequence[tuple[UUID, Decimal]] = [(question.version_id, question.slot.max_mark) for question in drawn]
        answers: dict[int, Answer] = {}
    else:
        paper = [(slot.question_version_id, slot.max_mark) for slot in list_paper(session, attempt.id)]
        answers = {number: current.answer for number, current in map_answers(session, attempt.id).items()}
    contents = get_versions(session, {version_id for version_id, _ in paper})
    return [
        show_practice(contents[version_id], number=number, answer=answers.get(number), max_mark=max_mark, fields=practice_fields(version))
        for number, (version_id, max_mark) in enumerate(paper, start=1)
    ]


def practice_fields(version: QuizVersion) -> frozenset[Field]:
    """What practice on this version may say about an answer, at once."""
    return version.review.visible(Phase.DURING, has_attempt_left=True)


def show_practice(
    version: QuestionVersion, *, number: int, answer: Answer, max_mark: Decimal, fields: Collection[Field]
) -> PracticeQuestion:
    """One practice question; a checked one is closed until the learner tries it again."""
    content = content_of(version)
    view = show_question(content, number=number, name=f"question-{number}", answer=answer, disabled=answer is not None)
    if answer is None:
        return PracticeQuestion(view, None)
    verdict = grade(version.kind, content.body, answer)
    feedback = show_feedback(
        content,
        answer=answer,
        grade=verdict,
        mark=scoring.shown_mark(verdict.fraction * max_mark),
        max_mark=scoring.shown_mark(max_mark),
        fields=fields,
        explain_all=True,
    )
    return PracticeQuestion(view, feedback)
