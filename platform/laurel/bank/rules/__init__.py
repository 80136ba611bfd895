"""The rules of questions: their kinds, what an answer is worth, what keeps a question from being used. Pure and exact."""

from laurel.bank.rules.comparing import Comparison, compare
from laurel.bank.rules.drafts import QuestionDraft, check_draft, content_hash, parts_of
from laurel.bank.rules.findings import Finding, Severity
from laurel.bank.rules.grades import Grade, GradeState
from laurel.bank.rules.kinds import Answer, Body, OptionReview, Part, QuestionKind, Review, ShownOption, plain_text
from laurel.bank.rules.registry import grade, is_answered, parse_answer, parse_body, read_form_values, right_answer_text, write_form_value
from laurel.bank.rules.statuses import QuestionStatus, QuestionTransitionError, advance, may_become
from laurel.bank.rules.tags import clean_tags, split_tags

__all__ = [
    "Answer",
    "Body",
    "Comparison",
    "Finding",
    "Grade",
    "GradeState",
    "OptionReview",
    "Part",
    "QuestionDraft",
    "QuestionKind",
    "QuestionStatus",
    "QuestionTransitionError",
    "Review",
    "Severity",
    "ShownOption",
    "advance",
    "check_draft",
    "clean_tags",
    "compare",
    "content_hash",
    "grade",
    "is_answered",
    "may_become",
    "parse_answer",
    "parse_body",
    "parts_of",
    "plain_text",
    "read_form_values",
    "right_answer_text",
    "split_tags",
    "write_form_value",
]
