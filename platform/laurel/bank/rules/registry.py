"""The kinds there are, and what can be done with any of them. A new kind is a module with a `Body` and one line here."""

from collections.abc import Mapping, Sequence
from typing import Any

from laurel.bank.rules.essay import Essay
from laurel.bank.rules.grades import GAVE_UP, Grade, grade_of
from laurel.bank.rules.kinds import Answer, Body, Json, QuestionKind
from laurel.bank.rules.multiple_response import MultipleResponse
from laurel.bank.rules.numerical import Numerical
from laurel.bank.rules.short_answer import ShortAnswer
from laurel.bank.rules.single_choice import SingleChoice
from laurel.bank.rules.true_false import TrueFalse

BODIES: Mapping[QuestionKind, type[Body]] = {
    QuestionKind.SINGLE_CHOICE: SingleChoice,
    QuestionKind.MULTIPLE_RESPONSE: MultipleResponse,
    QuestionKind.TRUE_FALSE: TrueFalse,
    QuestionKind.SHORT_ANSWER: ShortAnswer,
    QuestionKind.NUMERICAL: Numerical,
    QuestionKind.ESSAY: Essay,
}


def parse_body(kind: QuestionKind, data: Json) -> Body:
    """The typed body of a version; raises InvalidInputError whose `field` is the place of what is wrong."""
    return BODIES[kind].from_json(data)


def parse_answer(kind: QuestionKind, body: Body, raw: Any) -> Answer:
    """A learner's answer in its stored form, None if it is empty.

    Raises InvalidInputError for another kind's answer, another question's option, two options in single choice, a text
    that is too long or holds characters that cannot be stored.
    """
    _must_be(kind, body)
    return body.parse_answer(raw)


def is_answered(kind: QuestionKind, body: Body, answer: Answer) -> bool:
    """Whether a stored answer says anything."""
    _must_be(kind, body)
    return answer is not None


def grade(kind: QuestionKind, body: Body, answer: Answer, *, allow_negative: bool = False) -> Grade:
    """What a stored answer is worth. Without an answer nothing, and never less than nothing unless `allow_negative`."""
    _must_be(kind, body)
    if answer is None:
        return GAVE_UP
    return grade_of(body.judge(answer), allow_negative=allow_negative)


def right_answer_text(kind: QuestionKind, body: Body) -> str:
    """The right answer in one line of plain text. A key: only for pages that may show it."""
    _must_be(kind, body)
    return body.right_answer_text()


def read_form_values(kind: QuestionKind, values: Sequence[str]) -> Any:
    """What a page without a script posts under a question's name, as the raw answer that `parse_answer` takes."""
    if kind is QuestionKind.MULTIPLE_RESPONSE:
        return {"choices": list(values)}
    value = values[0] if values else ""
    if kind is QuestionKind.SINGLE_CHOICE:
        return {"choice": value}
    if kind is QuestionKind.TRUE_FALSE:
        return {"value": {"true": True, "false": False, "": None}.get(value, value)}
    return {"text": value}


def write_form_value(kind: QuestionKind, answer: Answer) -> str | list[str]:
    """The other way round: what `components/questions.html` takes as `chosen`."""
    if kind is QuestionKind.MULTIPLE_RESPONSE:
        return list(answer["choices"]) if answer else []
    if answer is None:
        return ""
    if kind is QuestionKind.TRUE_FALSE:
        return "true" if answer["value"] else "false"
    return str(answer["choice"] if kind is QuestionKind.SINGLE_CHOICE else answer["text"])


def _must_be(kind: QuestionKind, body: Body) -> None:
    if body.kind is not kind:
        raise TypeError(f"A body of kind {body.kind} was taken for one of kind {kind}.")
