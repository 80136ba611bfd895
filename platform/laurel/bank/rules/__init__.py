"""The rules of questions: their kinds, what an answer is worth, what keeps a question from being used. Pure and exact."""

from laurel.bank.rules.comparing import Comparison, compare
from laurel.bank.rules.drafts import QuestionDraft, check_draft, content_hash, parts_of
from laurel.bank.rules.findings import Finding, Severity
from laurel.bank.rules.grades import Grade, GradeState
from laurel.bank.rules.kinds import (
    Answer,
    Body,
    Chosen,
    Inputs,
    OptionReview,
    Part,
    PartReview,
    QuestionKind,
    Review,
    ShownOption,
    ShownPart,
    Shuffling,
    plain_text,
)
from laurel.bank.rules.registry import (
    Posted,
    chosen_in,
    grade,
    is_answered,
    parse_answer,
    parse_body,
    read_form_values,
    right_answer_text,
    values_under,
    write_form_value,
)
from laurel.bank.rules.statuses import QuestionStatus, QuestionTransitionError, advance, may_become, withdraws
from laurel.bank.rules.tags import clean_tags, split_tags

__all__ = [
    "Answer",
    "Body",
    "Chosen",
    "Comparison",
    "Finding",
    "Grade",
    "GradeState",
    "Inputs",
    "OptionReview",
    "Part",
    "PartReview",
    "Posted",
    "QuestionDraft",
    "QuestionKind",
    "QuestionStatus",
    "QuestionTransitionError",
    "Review",
    "Severity",
    "ShownOption",
    "ShownPart",
    "Shuffling",
    "advance",
    "check_draft",
    "chosen_in",
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
    "values_under",
    "withdraws",
    "write_form_value",
]
