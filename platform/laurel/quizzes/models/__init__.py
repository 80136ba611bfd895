"""The tables of quizzes and of attempts at them."""

from laurel.quizzes.models.attempts import AnswerOp, Attempt, CurrentAnswer, PaperSlot, SlotMark
from laurel.quizzes.models.grading import GradingTask, ManualMark
from laurel.quizzes.models.integrity import FocusNote, ReviewRequest
from laurel.quizzes.models.quizzes import Quiz, QuizSlot, QuizVersion
from laurel.quizzes.models.usage import QuestionUsage

__all__ = [
    "AnswerOp",
    "Attempt",
    "CurrentAnswer",
    "FocusNote",
    "GradingTask",
    "ManualMark",
    "PaperSlot",
    "QuestionUsage",
    "Quiz",
    "QuizSlot",
    "QuizVersion",
    "ReviewRequest",
    "SlotMark",
]
