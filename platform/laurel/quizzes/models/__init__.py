"""The tables of quizzes and of attempts at them."""

from laurel.quizzes.models.attempts import AnswerOp, Attempt, CurrentAnswer, PaperSlot, SlotMark
from laurel.quizzes.models.grading import GradingTask, ManualMark
from laurel.quizzes.models.integrity import FocusNote, ReviewRequest
from laurel.quizzes.models.outages import Heartbeat, Outage, OutageCredit, TroubleReport
from laurel.quizzes.models.quizzes import Quiz, QuizSlot, QuizVersion
from laurel.quizzes.models.rounds import ExamRound
from laurel.quizzes.models.terms import Accommodation, GroupMember, LearnerGroup, QuizOverride
from laurel.quizzes.models.usage import QuestionUsage

__all__ = [
    "Accommodation",
    "AnswerOp",
    "Attempt",
    "CurrentAnswer",
    "ExamRound",
    "FocusNote",
    "GradingTask",
    "GroupMember",
    "Heartbeat",
    "LearnerGroup",
    "ManualMark",
    "Outage",
    "OutageCredit",
    "PaperSlot",
    "QuestionUsage",
    "Quiz",
    "QuizOverride",
    "QuizSlot",
    "QuizVersion",
    "ReviewRequest",
    "SlotMark",
    "TroubleReport",
]
