import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurel.bank.rules import Grade, GradeState, QuestionKind, parse_body
from laurel.quizzes.rules.reviewing import Field, Phase, ReviewMatrix, ReviewPreset, matrix_of, phase_of, preset_of
from laurel.quizzes.rules.showing import Content, show_feedback, show_question

P = ReviewPreset
F = Field
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
BODY = parse_body(
    QuestionKind.SINGLE_CHOICE,
    {
        "options": [
            {"key": "a", "text": "A", "html": "A", "fraction": "1", "feedback_html": "<p>why a</p>"},
            {"key": "b", "text": "B", "html": "B", "feedback_html": "<p>why b</p>"},
            {"key": "c", "text": "C", "html": "C", "feedback_html": "<p>why c</p>"},
        ]
    },
)
CONTENT = Content(body=BODY, stem_html="<p>Which?</p>", general_feedback_html="<p>idea</p>")
WRONG = Grade(fraction=Decimal(0), state=GradeState.INCORRECT)


@pytest.mark.parametrize(
    ("preset", "phase", "fields"),
    [
        (P.CERTIFICATION, Phase.DURING, {F.PAPER, F.MAX_MARKS}),
        (P.CERTIFICATION, Phase.JUST_AFTER, {F.PASSED, F.BANDS}),
        (P.CERTIFICATION, Phase.CLOSED, {F.PASSED, F.BANDS}),
        (P.COURSE_QUIZ, Phase.DURING, {F.PAPER, F.MAX_MARKS}),
        (P.COURSE_QUIZ, Phase.JUST_AFTER, {F.PAPER, F.MAX_MARKS, F.MARKS, F.RIGHT_OR_WRONG, F.OPTION_FEEDBACK, F.PASSED, F.BANDS}),
        (P.COURSE_QUIZ, Phase.LATER, set(F) - {F.RIGHT_ANSWER}),
        (P.COURSE_QUIZ, Phase.CLOSED, set(F)),
        (P.PRACTICE, Phase.DURING, set(F) - {F.RIGHT_ANSWER, F.PASSED, F.BANDS}),
        (P.PRACTICE, Phase.LATER, set(F)),
    ],
)
def test_each_preset_shows_what_the_table_says(preset: ReviewPreset, phase: Phase, fields: set[Field]) -> None:
    assert matrix_of(preset).visible(phase, has_attempt_left=False) == fields


@pytest.mark.parametrize(
    ("ago", "closes_in", "has_attempt_left", "phase"),
    [
        (2, None, True, Phase.JUST_AFTER),
        (3, None, True, Phase.LATER),
        (0, None, False, Phase.CLOSED),
        (0, 60, False, Phase.JUST_AFTER),  # others still sit it
        (3, 60, False, Phase.LATER),
        (3, 0, False, Phase.CLOSED),
        (0, 0, True, Phase.CLOSED),
    ],
)
def test_the_phase_follows_from_the_clock_the_close_and_the_attempts_left(
    ago: int, closes_in: int | None, has_attempt_left: bool, phase: Phase
) -> None:
    closes_at = None if closes_in is None else NOW + timedelta(minutes=closes_in)
    finished_at = NOW - timedelta(minutes=ago)
    assert phase_of(finished_at=finished_at, closes_at=closes_at, has_attempt_left=has_attempt_left, now=NOW) is phase


def test_an_attempt_that_runs_is_in_the_first_phase_whatever_the_clock_says() -> None:
    assert phase_of(finished_at=None, closes_at=NOW, has_attempt_left=False, now=NOW) is Phase.DURING


@pytest.mark.parametrize("phase", [Phase.JUST_AFTER, Phase.LATER, Phase.CLOSED])
def test_right_answers_wait_for_the_last_attempt_unless_the_author_says_otherwise(phase: Phase) -> None:
    everything = frozenset((field, when) for field in Field for when in Phase)
    patient, early = ReviewMatrix(everything), ReviewMatrix(everything, answers_early=True)
    assert patient.visible(phase, has_attempt_left=True) == set(F) - {F.RIGHT_ANSWER}
    assert patient.visible(phase, has_attempt_left=False) == early.visible(phase, has_attempt_left=True) == set(F)


@given(st.frozensets(st.tuples(st.sampled_from(Field), st.sampled_from(Phase))), st.booleans())
def test_a_matrix_comes_back_as_it_was_stored(cells: frozenset[tuple[Field, Phase]], early: bool) -> None:
    matrix = ReviewMatrix(cells, answers_early=early)
    assert ReviewMatrix.from_json(json.loads(json.dumps(matrix.to_json()))) == matrix


@pytest.mark.parametrize("preset", ReviewPreset)
def test_a_presets_table_is_known_as_that_preset(preset: ReviewPreset) -> None:
    assert preset_of(matrix_of(preset)) is preset
    assert preset_of(ReviewMatrix(matrix_of(preset).cells - {(F.PAPER, Phase.LATER)}, answers_early=True)) is None


def feedback(preset: ReviewPreset, phase: Phase, *, explain_all: bool = False):  # type: ignore[no-untyped-def]
    fields = matrix_of(preset).visible(phase, has_attempt_left=False)
    return show_feedback(CONTENT, answer={"choice": "b"}, grade=WRONG, mark="0", max_mark="1", fields=fields, explain_all=explain_all)


def test_an_exam_says_nothing_about_answers_at_any_time() -> None:
    assert [feedback(P.CERTIFICATION, phase) for phase in Phase] == [None] * 4


def test_a_course_quiz_explains_the_chosen_option_and_keeps_the_right_one_while_there_is_another_attempt() -> None:
    shown = feedback(P.COURSE_QUIZ, Phase.JUST_AFTER)
    assert shown.options["b"].feedback_html == "<p>why b</p>"
    assert [shown.options[key].feedback_html for key in "ac"] == ["", ""]
    assert not any(option.is_correct for option in shown.options.values())
    assert shown.general_html == ""


def test_a_course_quiz_shows_the_right_answer_when_no_attempt_is_left() -> None:
    shown = feedback(P.COURSE_QUIZ, Phase.CLOSED)
    assert shown.options["a"].is_correct
    assert all(option.feedback_html for option in shown.options.values())


def test_practice_explains_every_option_and_marks_only_the_chosen_one() -> None:
    shown = feedback(P.PRACTICE, Phase.DURING, explain_all=True)
    assert [option.feedback_html for option in shown.options.values()] == ["<p>why a</p>", "<p>why b</p>", "<p>why c</p>"]
    assert not shown.options["a"].is_correct
    assert shown.options["b"].is_chosen


def test_a_question_on_a_page_has_the_papers_order_and_keys_that_say_nothing() -> None:
    shown = show_question(CONTENT, number=4, name="answer", answer={"choice": "b"}, option_order=["c", "a", "b"])
    assert [(option.key, option.html) for option in shown.options] == [("o1", "C"), ("o2", "A"), ("o3", "B")]
    assert shown.chosen == "o3"
    assert "why" not in repr(shown)


MATCHING = Content(
    body=parse_body(
        QuestionKind.MATCHING,
        {
            "stems": [{"key": key, "text": key, "choice": "x", "feedback_html": f"<p>why {key}</p>"} for key in "abc"],
            "choices": [{"key": "x", "text": "X"}, {"key": "y", "text": "Y"}],
        },
    ),
    stem_html="<p>Which?</p>",
    general_feedback_html="",
)


@pytest.mark.parametrize(
    ("preset", "phase", "explain_all", "feedback", "right"),
    [
        (P.COURSE_QUIZ, Phase.JUST_AFTER, False, ["<p>why a</p>", "", ""], ["", "", ""]),
        (P.COURSE_QUIZ, Phase.CLOSED, False, ["<p>why a</p>", "<p>why b</p>", "<p>why c</p>"], ["", "X", "X"]),
        (P.PRACTICE, Phase.DURING, True, ["<p>why a</p>", "<p>why b</p>", "<p>why c</p>"], ["", "", ""]),
    ],
)
def test_a_part_that_was_wrong_is_explained_when_its_key_may_be_seen(
    preset: ReviewPreset, phase: Phase, explain_all: bool, feedback: list[str], right: list[str]
) -> None:
    shown = show_feedback(
        MATCHING,
        answer={"pairs": {"a": "x", "b": "y"}},
        grade=WRONG,
        mark="0",
        max_mark="1",
        fields=matrix_of(preset).visible(phase, has_attempt_left=False),
        explain_all=explain_all,
    )
    assert [part.state for part in shown.parts.values()] == ["correct", "incorrect", "gave_up"]
    assert [part.feedback_html for part in shown.parts.values()] == feedback
    assert [part.right_text for part in shown.parts.values()] == right


def test_gaps_are_counted_as_they_stand_in_the_text() -> None:
    gaps = [{"input": "text", "body": {"answers": [{"pattern": "x"}]}} for _ in range(3)]
    content = Content(body=parse_body(QuestionKind.CLOZE, {"gaps": gaps}), stem_html="<p>[[3]] a [[1]]</p>", general_feedback_html="")
    shown = show_question(content, number=1, name="answer", answer={"gaps": {"3": "x"}})
    assert [part.key for part in shown.parts] == ["3", "1", "2"]
    assert shown.chosen == {"3": "x"}


@pytest.mark.parametrize(
    ("fields", "state", "mark", "general", "marked"),
    [
        ({F.RIGHT_OR_WRONG}, "incorrect", "", "", {"b"}),
        ({F.MARKS}, "", "0", "", set()),
        ({F.MARKS, F.MAX_MARKS}, "", "0", "", set()),
        ({F.GENERAL_FEEDBACK}, "", "", "<p>idea</p>", set()),
        ({F.OPTION_FEEDBACK}, "", "", "", set()),
        ({F.RIGHT_ANSWER}, "", "", "", {"a", "b"}),
    ],
)
def test_each_field_says_its_own_and_nothing_else(fields: set[Field], state: str, mark: str, general: str, marked: set[str]) -> None:
    shown = show_feedback(CONTENT, answer={"choice": "b"}, grade=WRONG, mark="0", max_mark="1", fields=fields, explain_all=False)
    assert (shown.state, shown.mark, shown.general_html) == (state, mark, general)
    assert {key for key, option in shown.options.items() if option.is_correct or option.is_chosen} == marked
    explained = {key for key, option in shown.options.items() if option.feedback_html}
    assert explained == ({"b"} if F.OPTION_FEEDBACK in fields else set())


def test_what_is_worth_points_and_no_more_is_no_feedback() -> None:
    fields = {F.PAPER, F.MAX_MARKS, F.PASSED, F.BANDS}
    assert show_feedback(CONTENT, answer=None, grade=WRONG, mark="0", max_mark="1", fields=fields, explain_all=True) is None
