"""The kinds there are, and what can be done with any of them. A new kind is a module with a `Body` and one line here."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from laurel.bank.rules.cloze import Cloze
from laurel.bank.rules.essay import Essay
from laurel.bank.rules.grades import GAVE_UP, Grade, grade_of
from laurel.bank.rules.kinds import Answer, Body, Chosen, Inputs, Json, QuestionKind
from laurel.bank.rules.matching import Matching
from laurel.bank.rules.multiple_response import MultipleResponse
from laurel.bank.rules.numerical import Numerical
from laurel.bank.rules.ordering import Ordering
from laurel.bank.rules.reading import refuse
from laurel.bank.rules.short_answer import ShortAnswer
from laurel.bank.rules.single_choice import SingleChoice
from laurel.bank.rules.true_false import TrueFalse

Posted: TypeAlias = Mapping[str, Sequence[str]]
"""What a form posted for a question: values by part, those of the question itself under ""."""

BODIES: Mapping[QuestionKind, type[Body]] = {
    QuestionKind.SINGLE_CHOICE: SingleChoice,
    QuestionKind.MULTIPLE_RESPONSE: MultipleResponse,
    QuestionKind.TRUE_FALSE: TrueFalse,
    QuestionKind.SHORT_ANSWER: ShortAnswer,
    QuestionKind.NUMERICAL: Numerical,
    QuestionKind.ESSAY: Essay,
    QuestionKind.MATCHING: Matching,
    QuestionKind.ORDERING: Ordering,
    QuestionKind.CLOZE: Cloze,
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


def values_under(name: str, fields: Iterable[tuple[str, str]]) -> Posted:
    """What a form posted under a question's name (as "") and under those of its parts (`answer-<part>` as `<part>`)."""
    found: dict[str, list[str]] = {}
    for field, value in fields:
        if field == name or field.startswith(f"{name}-"):
            found.setdefault(field[len(name) + 1 :], []).append(value)
    return found


def read_form_values(kind: QuestionKind, body: Body, posted: Posted) -> Any:
    """What a page without a script posts, as the raw answer that `parse_answer` takes; raises InvalidInputError."""
    _must_be(kind, body)
    if body.inputs is not Inputs.MANY and any(len(values) > 1 for values in posted.values()):
        refuse("Only one answer is possible here.")
    return body.from_form(chosen_in(body.inputs, posted))


def chosen_in(inputs: Inputs, posted: Posted) -> Chosen:
    """What a page posts, as it is shown again in the page: see `write_form_value`."""
    if inputs is Inputs.PARTS:
        return {part: values[0] for part, values in posted.items() if part and values}
    values = list(posted.get("", ()))
    return values if inputs is Inputs.MANY else "".join(values[:1])


def write_form_value(kind: QuestionKind, body: Body, answer: Answer) -> Chosen:
    """A stored answer as `components/questions.html` takes it as `chosen`."""
    _must_be(kind, body)
    return body.to_form(answer)


def _must_be(kind: QuestionKind, body: Body) -> None:
    if body.kind is not kind:
        raise TypeError(f"A body of kind {body.kind} was taken for one of kind {kind}.")
