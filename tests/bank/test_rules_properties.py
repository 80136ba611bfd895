"""What holds for every question and every answer, whatever they are."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurel.bank.rules import (
    GradeState,
    Inputs,
    QuestionKind,
    check_draft,
    chosen_in,
    content_hash,
    grade,
    is_answered,
    parse_answer,
    parse_body,
    read_form_values,
    right_answer_text,
    values_under,
    write_form_value,
)
from laurel.bank.rules.multiple_response import Policy
from laurel.bank.rules.options import KEYS
from laurel.bank.rules.orders import Scheme
from laurel.bank.rules.registry import BODIES
from laurel.core.errors import InvalidInputError
from tests.factories.bank import BODIES as FACTORY_BODIES

words = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(lambda text: bool(text.strip()))
weights = st.integers(-10, 10).map(lambda tenths: str(tenths / 10))
shares = st.integers(0, 10).map(lambda tenths: str(tenths / 10))
numbers = st.decimals(-(10**6), 10**6, places=3).map(str)
tolerances = st.decimals(0, 100, places=2).map(str)
option = st.fixed_dictionaries({"text": words, "fraction": weights})
option_lists = st.lists(option, min_size=2, max_size=10)
level = st.fixed_dictionaries({"points": st.integers(0, 10).map(str), "text": words})


def _with_enough_points(criterion: dict[str, Any]) -> dict[str, Any]:
    """No level earns more than its criterion."""
    most = max((int(row["points"]) for row in criterion.get("levels", [])), default=0)
    return criterion | {"points": str(max(int(criterion["points"]), most))}


bodies: dict[QuestionKind, st.SearchStrategy[dict[str, Any]]] = {
    QuestionKind.SINGLE_CHOICE: st.fixed_dictionaries({"options": option_lists}),
    QuestionKind.MULTIPLE_RESPONSE: st.fixed_dictionaries({"options": option_lists, "policy": st.sampled_from(list(Policy))}),
    QuestionKind.TRUE_FALSE: st.fixed_dictionaries({"answer": st.booleans()}),
    QuestionKind.SHORT_ANSWER: st.fixed_dictionaries(
        {
            "answers": st.lists(st.fixed_dictionaries({"pattern": words, "fraction": shares}), max_size=5),
            "case_sensitive": st.booleans(),
        }
    ),
    QuestionKind.NUMERICAL: st.fixed_dictionaries(
        {
            "answers": st.lists(
                st.fixed_dictionaries(
                    {
                        "value": numbers | st.just("*"),
                        "tolerance": tolerances,
                        "tolerance_kind": st.sampled_from(["nominal", "relative", "geometric"]),
                        "fraction": shares,
                    }
                ),
                max_size=5,
            )
        }
    ),
    QuestionKind.ESSAY: st.fixed_dictionaries(
        {
            "criteria": st.lists(
                st.fixed_dictionaries(
                    {"name": words, "points": st.integers(1, 10).map(str), "description": words | st.just("")},
                    optional={"levels": st.lists(level, max_size=4, unique_by=lambda row: row["points"])},
                ).map(_with_enough_points),
                max_size=4,
            ),
            "model_answer": words | st.just(""),
            "min_words": st.none() | st.integers(0, 50) | st.just(""),
        }
    ),
}
STEM_KEYS, CHOICE_KEYS, ITEM_KEYS = ["s1", "s2", "s3"], ["c1", "c2", "c3", "c4"], ["i1", "i2", "i3", "i4"]
bodies |= {
    QuestionKind.MATCHING: st.fixed_dictionaries(
        {
            "stems": st.tuples(
                *(st.fixed_dictionaries({"key": st.just(key), "text": words, "choice": st.sampled_from(CHOICE_KEYS)}) for key in STEM_KEYS)
            ).map(list),
            "choices": st.permutations([{"key": key, "text": f"Choice {key}"} for key in CHOICE_KEYS]),
            "all_or_nothing": st.booleans(),
        }
    ),
    QuestionKind.ORDERING: st.fixed_dictionaries(
        {"items": st.permutations([{"key": key, "text": f"Item {key}"} for key in ITEM_KEYS]), "scheme": st.sampled_from(list(Scheme))}
    ),
    QuestionKind.CLOZE: st.tuples(
        st.fixed_dictionaries(
            {"input": st.just("text"), "weight": st.sampled_from(["1", "0.5", "7"]), "body": bodies[QuestionKind.SHORT_ANSWER]}
        ),
        st.fixed_dictionaries({"input": st.just("number"), "body": bodies[QuestionKind.NUMERICAL]}),
        st.fixed_dictionaries(
            {
                "input": st.just("choice"),
                "body": st.fixed_dictionaries(
                    {"options": st.lists(st.fixed_dictionaries({"text": words, "fraction": shares}), min_size=2, max_size=10)}
                ),
            }
        ),
    ).map(lambda gaps: {"gaps": list(gaps)}),
}
raw_answers: dict[QuestionKind, st.SearchStrategy[Any]] = {
    QuestionKind.SINGLE_CHOICE: st.fixed_dictionaries({"choice": st.sampled_from(KEYS)}),
    QuestionKind.MULTIPLE_RESPONSE: st.fixed_dictionaries({"choices": st.lists(st.sampled_from(KEYS), max_size=10)}),
    QuestionKind.TRUE_FALSE: st.fixed_dictionaries({"value": st.booleans()}),
    QuestionKind.SHORT_ANSWER: st.fixed_dictionaries({"text": words}),
    QuestionKind.NUMERICAL: st.fixed_dictionaries({"text": numbers | words}),
    QuestionKind.MATCHING: st.dictionaries(st.sampled_from(STEM_KEYS), st.sampled_from(CHOICE_KEYS)).map(lambda pairs: {"pairs": pairs}),
    QuestionKind.ORDERING: st.permutations([*ITEM_KEYS, None, None]).map(lambda order: {"order": list(order[:4])}),
    QuestionKind.CLOZE: st.fixed_dictionaries({}, optional={"1": words, "2": numbers | words, "3": st.sampled_from(KEYS)}).map(
        lambda gaps: {"gaps": gaps}
    ),
    QuestionKind.ESSAY: st.fixed_dictionaries({"text": st.lists(words, max_size=3).map("\n".join)}),
}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["choice", "choices", "value", "text", "pairs", "order", "gaps", "1", "s1", "i1"]) | st.text(), inner
        )
    ),
    max_leaves=10,
)


@st.composite
def questions(draw: st.DrawFn) -> tuple[QuestionKind, Any, Any]:
    """A kind, a body of it, and an answer that fits it, perhaps None."""
    kind = draw(st.sampled_from(list(QuestionKind)))
    body = parse_body(kind, draw(bodies[kind]))
    try:
        answer = parse_answer(kind, body, draw(raw_answers[kind] | st.none()))
    except InvalidInputError:  # an option that this question does not have
        answer = None
    return kind, body, answer


def test_every_kind_has_its_rules() -> None:
    assert set(BODIES) == set(QuestionKind)
    assert all(BODIES[kind].kind is kind for kind in QuestionKind)


@given(questions())
def test_a_fraction_lies_between_nothing_and_everything(question: tuple[QuestionKind, Any, Any]) -> None:
    kind, body, answer = question
    found = grade(kind, body, answer)
    assert 0 <= found.fraction <= 1
    assert -1 <= grade(kind, body, answer, allow_negative=True).fraction <= 1


@given(questions())
def test_without_an_answer_there_is_no_credit_and_no_penalty(question: tuple[QuestionKind, Any, Any]) -> None:
    kind, body, _ = question
    found = grade(kind, body, None, allow_negative=True)
    assert (found.fraction, found.state) == (0, GradeState.GAVE_UP)
    assert not is_answered(kind, body, None)


@given(questions())
def test_an_answer_is_never_given_up(question: tuple[QuestionKind, Any, Any]) -> None:
    kind, body, answer = question
    assert (grade(kind, body, answer).state is GradeState.GAVE_UP) == (answer is None)


@given(
    kind=st.sampled_from([QuestionKind.SINGLE_CHOICE, QuestionKind.MULTIPLE_RESPONSE]),
    data=bodies[QuestionKind.MULTIPLE_RESPONSE],
    draws=st.data(),
)
def test_the_order_of_options_never_matters(kind: QuestionKind, data: dict[str, Any], draws: st.DataObject) -> None:
    keyed = [row | {"key": key} for row, key in zip(data["options"], KEYS, strict=False)]
    shuffled = draws.draw(st.permutations(keyed))
    keys = [row["key"] for row in keyed]
    raw = (
        {"choice": draws.draw(st.sampled_from(keys))}
        if kind is QuestionKind.SINGLE_CHOICE
        else {"choices": draws.draw(st.lists(st.sampled_from(keys), max_size=10))}
    )
    one, other = (parse_body(kind, data | {"options": rows}) for rows in (keyed, shuffled))
    fractions = {grade(kind, body, parse_answer(kind, body, raw), allow_negative=True).fraction for body in (one, other)}
    assert len(fractions) == 1


@given(questions())
def test_a_body_survives_being_stored(question: tuple[QuestionKind, Any, Any]) -> None:
    kind, body, _ = question
    again = parse_body(kind, body.to_json())
    assert again == body
    assert content_hash("Stem", again, "") == content_hash("Stem", body, "")


@given(questions())
def test_every_body_can_be_shown_reviewed_and_checked(question: tuple[QuestionKind, Any, Any]) -> None:
    kind, body, answer = question
    assert isinstance(right_answer_text(kind, body), str)
    review, order = body.review(answer), [option.key for option in body.shown_options()]
    parts = {part.key for part in body.shown_parts(order)}
    if body.inputs is not Inputs.PARTS:
        assert set(review.options) == set(order)
    assert set(review.parts) == parts or (not parts and set(review.parts) == set(order))
    check_draft(stem="Stem", body=body, general_feedback="", objective="")


@given(questions())
def test_an_answer_survives_a_form(question: tuple[QuestionKind, Any, Any]) -> None:
    kind, body, answer = question
    shown = write_form_value(kind, body, answer)
    if isinstance(shown, str):
        fields = [("answer", shown)]
    elif isinstance(shown, list):
        fields = [("answer", value) for value in shown]
    else:
        fields = [(f"answer-{part}", value) for part, value in shown.items()]
    posted = values_under("answer", [*fields, ("answers", "x"), ("other", "y")])
    assert chosen_in(body.inputs, posted) == shown
    assert parse_answer(kind, body, read_form_values(kind, body, posted)) == answer


BODIES_FOR_ANYTHING = FACTORY_BODIES | {
    QuestionKind.MATCHING: {"stems": [{"key": "s1", "text": "A", "choice": "c1"}], "choices": [{"key": "c1", "text": "B"}]},
    QuestionKind.ORDERING: {"items": [{"key": "i1", "text": "A"}, {"key": "i2", "text": "B"}]},
}


@pytest.mark.parametrize("kind", list(QuestionKind))
@given(raw=anything)
def test_whatever_is_sent_is_an_answer_or_refused(kind: QuestionKind, raw: Any) -> None:
    body = parse_body(kind, BODIES_FOR_ANYTHING[kind])
    try:
        answer = parse_answer(kind, body, raw)
    except InvalidInputError:
        return
    assert 0 <= grade(kind, body, answer).fraction <= 1


@pytest.mark.parametrize("kind", list(QuestionKind))
@given(
    data=st.dictionaries(
        st.sampled_from(
            (
                "options answers policy answer units case_sensitive feedback_otherwise stems choices all_or_nothing items scheme gaps"
                " criteria min_words"
            ).split()
        ),
        anything
        | st.lists(
            st.dictionaries(
                st.sampled_from(
                    [
                        "text",
                        "fraction",
                        "pattern",
                        "value",
                        "tolerance",
                        "key",
                        "choice",
                        "input",
                        "weight",
                        "body",
                        "name",
                        "points",
                        "levels",
                    ]
                ),
                anything,
            ),
            max_size=3,
        ),
    )
)
def test_whatever_is_written_is_a_body_or_refused(kind: QuestionKind, data: dict[str, Any]) -> None:
    try:
        body = parse_body(kind, data)
    except InvalidInputError:
        return
    assert parse_body(kind, body.to_json()) == body


@given(data=bodies[QuestionKind.MATCHING], raw=raw_answers[QuestionKind.MATCHING], draws=st.data())
def test_the_order_of_stems_and_choices_never_matters(data: dict[str, Any], raw: Any, draws: st.DataObject) -> None:
    other = data | {name: draws.draw(st.permutations(data[name])) for name in ("stems", "choices")}
    one, two = (parse_body(QuestionKind.MATCHING, one) for one in (data, other))
    fractions = {grade(body.kind, body, parse_answer(body.kind, body, raw)).fraction for body in (one, two)}
    assert len(fractions) == 1


@given(bodies[QuestionKind.ORDERING])
def test_items_are_never_shown_in_the_right_order(data: dict[str, Any]) -> None:
    body = parse_body(QuestionKind.ORDERING, data)
    assert [option.key for option in body.shown_options()] != [item["key"] for item in data["items"]]


@given(bodies[QuestionKind.ORDERING])
def test_the_right_order_is_worth_everything_under_every_scheme(data: dict[str, Any]) -> None:
    body = parse_body(QuestionKind.ORDERING, data)
    assert grade(body.kind, body, {"order": [item["key"] for item in data["items"]]}).fraction == 1
