"""The rules of quizzes: states, time, draws, scores, what may be seen. Pure and exact."""

from laurel.quizzes.rules.filtering import DrawFilter
from laurel.quizzes.rules.quizzes import ExpiryPolicy, QuizKind, QuizSettings, QuizStatus, SlotKind, SlotSpec
from laurel.quizzes.rules.reviewing import Field, Phase, ReviewMatrix, ReviewPreset
from laurel.quizzes.rules.scoring import Band, DomainResult, Mark, Score
from laurel.quizzes.rules.states import AttemptState, FinishReason

__all__ = [
    "AttemptState",
    "Band",
    "DomainResult",
    "DrawFilter",
    "ExpiryPolicy",
    "Field",
    "FinishReason",
    "Mark",
    "Phase",
    "QuizKind",
    "QuizSettings",
    "QuizStatus",
    "ReviewMatrix",
    "ReviewPreset",
    "Score",
    "SlotKind",
    "SlotSpec",
]
