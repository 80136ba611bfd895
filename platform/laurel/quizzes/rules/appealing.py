"""When a learner may ask a person to look at a failed exam, and by when that person answers."""

from datetime import datetime, timedelta

from laurel.quizzes.rules.quizzes import QuizKind
from laurel.quizzes.rules.states import AttemptState

TIME_TO_ASK = timedelta(days=14)
TIME_TO_ANSWER = timedelta(days=14)
MAX_STATEMENT = 5_000


def ask_until(*, kind: QuizKind, state: AttemptState, passed: bool | None, is_preview: bool, ended_at: datetime | None) -> datetime | None:
    """Until when a review may be asked for; None where there is nothing to ask: only an exam that ended without passing has one.

    `ended_at`: when its result was there, so that a slow grader takes nobody's time.
    """
    has_failed = state is AttemptState.ABANDONED or (state is AttemptState.GRADED and not passed)
    if kind is not QuizKind.EXAM or is_preview or not has_failed or ended_at is None:
        return None
    return ended_at + TIME_TO_ASK
