"""Finding quizzes, attempts and what may be shown of them."""

from laurel.quizzes.queries.attempts import (
    find_answer,
    find_open_attempt,
    get_attempt_of,
    get_slot,
    list_attempts_of,
    list_due_for_submission,
    list_map,
    list_marks,
    list_ops,
    list_paper,
    lock_attempt_of,
    map_answers,
)
from laurel.quizzes.queries.authoring import QuizResults, Section, describe_sections, summarize_results
from laurel.quizzes.queries.fairness import PaperReport, report_papers
from laurel.quizzes.queries.grading import BeingRead, Desk, get_desk, list_being_read, list_waiting
from laurel.quizzes.queries.lobby import AttemptSummary, ExamFacts, Lobby, describe_exam_facts, describe_lobby
from laurel.quizzes.queries.outages import is_ledger_silent
from laurel.quizzes.queries.practice import PracticeQuestion, find_practice_state
from laurel.quizzes.queries.publishing import Checks, DrawCount, check_publishing, describe_draw, find_problems
from laurel.quizzes.queries.quizzes import (
    count_questions,
    find_draft,
    find_quiz_by_external_id,
    get_published,
    get_quiz,
    get_version,
    get_working_version,
    list_quizzes,
    list_slots,
    list_versions,
    lock_quiz,
)
from laurel.quizzes.queries.results import Result, ReviewedQuestion, get_result, visible_fields
from laurel.quizzes.queries.saving import lock_for_saving

__all__ = [
    "AttemptSummary",
    "BeingRead",
    "Checks",
    "Desk",
    "DrawCount",
    "ExamFacts",
    "Lobby",
    "PaperReport",
    "PracticeQuestion",
    "QuizResults",
    "Result",
    "ReviewedQuestion",
    "Section",
    "check_publishing",
    "count_questions",
    "describe_draw",
    "describe_exam_facts",
    "describe_lobby",
    "describe_sections",
    "find_answer",
    "find_draft",
    "find_open_attempt",
    "find_practice_state",
    "find_problems",
    "find_quiz_by_external_id",
    "get_attempt_of",
    "get_desk",
    "get_published",
    "get_quiz",
    "get_result",
    "get_slot",
    "get_version",
    "get_working_version",
    "is_ledger_silent",
    "list_attempts_of",
    "list_being_read",
    "list_due_for_submission",
    "list_map",
    "list_marks",
    "list_ops",
    "list_paper",
    "list_quizzes",
    "list_slots",
    "list_versions",
    "list_waiting",
    "lock_attempt_of",
    "lock_for_saving",
    "lock_quiz",
    "map_answers",
    "report_papers",
    "summarize_results",
    "visible_fields",
]
