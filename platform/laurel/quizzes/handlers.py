"""What quizzes do when something happened."""

from sqlalchemy.orm import Session

from laurel.accounts.queries import get_user
from laurel.core.mail import queue_mail
from laurel.quizzes import queries
from laurel.quizzes.events import AttemptSubmitted, GradersFinished, ReviewDecided
from laurel.quizzes.queries.integrity import get_review_request
from laurel.quizzes.rules import QuizKind


def email_exam_receipt(session: Session, event: AttemptSubmitted) -> None:
    """The receipt of an exam, where its learner keeps it: against it an appeal can be checked. Quizzes and previews need none."""
    attempt = queries.get_attempt_of(session, event.learner_id, event.attempt_id)
    quiz = queries.get_quiz(session, event.quiz_id)
    if quiz.kind is not QuizKind.EXAM or attempt.is_preview or attempt.finished_at is None:
        return
    learner, finished = get_user(session, event.learner_id), attempt.finished_at
    queue_mail(
        session,
        "exam_receipt",
        key=f"exam_receipt:{attempt.receipt}",  # one that staff reopened is handed in again, with another receipt
        recipient=learner.email,
        now=event.occurred_at,
        name=learner.name,
        title=queries.get_version(session, attempt.quiz_version_id).title,
        receipt=attempt.receipt,
        answers=attempt.ops_count,
        finished=f"{finished.day} {finished:%B %Y, %H:%M} UTC",
        by_timer=event.by_timer,
        attempt_id=attempt.id,
    )


def email_graded(session: Session, event: GradersFinished) -> None:
    """A person has read the answers. The mail says that there is a result and not which: what may be seen of it the page decides."""
    attempt = queries.get_attempt_of(session, event.learner_id, event.attempt_id)
    learner, quiz = get_user(session, event.learner_id), queries.get_quiz(session, event.quiz_id)
    queue_mail(
        session,
        "graded",
        key=f"graded:{attempt.id}",
        recipient=learner.email,
        now=event.occurred_at,
        name=learner.name,
        thing="exam" if quiz.kind is QuizKind.EXAM else "quiz",
        title=queries.get_version(session, attempt.quiz_version_id).title,
        attempt_id=attempt.id,
    )


def email_review_answer(session: Session, event: ReviewDecided) -> None:
    """Who asked for a review hears that it is answered. What the answer is stands beside the result, not in a mail."""
    request, attempt, _quiz, learner = get_review_request(session, event.request_id)
    queue_mail(
        session,
        "review_answer",
        key=f"review_answer:{request.id}",
        recipient=learner.email,
        now=event.occurred_at,
        name=learner.name,
        title=queries.get_version(session, attempt.quiz_version_id).title,
        attempt_id=attempt.id,
    )
