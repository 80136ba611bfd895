"""What a learner may see of an essay's grading: the review matrix, field by field."""

from decimal import Decimal

import pytest

from laurel.bank.rules import Grade, GradeState, QuestionKind, parse_body
from laurel.bank.rules.kinds import Renderers
from laurel.quizzes.rules.reviewing import Field, Phase, ReviewPreset, matrix_of
from laurel.quizzes.rules.rubrics import Reading, show_rubric, writing_of
from laurel.quizzes.rules.showing import Content, show_feedback, show_question
from tests.factories.bank import BODIES

BODY = parse_body(QuestionKind.ESSAY, BODIES[QuestionKind.ESSAY]).rendered(Renderers(block=lambda text: f"<p>{text}</p>", inline=str))
CONTENT = Content(body=BODY, stem_html="<p>Why?</p>", general_feedback_html="<p>idea</p>")
READING = Reading((Decimal(2), Decimal("1.5")), "Go on.")
EVERYTHING = frozenset(Field)


def visible(preset: ReviewPreset, phase: Phase) -> frozenset[Field]:
    return matrix_of(preset).visible(phase, has_attempt_left=False)


def test_a_page_to_write_on_holds_nothing_of_the_key() -> None:
    view = show_question(CONTENT, number=1, name="answer", answer={"text": "mine"})
    assert (view.type, view.chosen) == ("essay", "mine")
    assert view.writing == writing_of(BODY)
    for secret in ("continues", "generous", "Names the risk", "Named", "fluent"):
        assert secret not in repr(view)


def test_only_essays_have_a_rubric() -> None:
    choice = parse_body(QuestionKind.TRUE_FALSE, {"answer": True})
    assert writing_of(choice) is None
    assert show_rubric(choice, READING, fields=EVERYTHING, explain_all=True) is None


@pytest.mark.parametrize(
    ("preset", "phase", "points", "level", "comment", "model"),
    [
        (ReviewPreset.COURSE_QUIZ, Phase.JUST_AFTER, "2", "Named", "", ""),
        (ReviewPreset.COURSE_QUIZ, Phase.LATER, "2", "Named", "Go on.", ""),
        (ReviewPreset.COURSE_QUIZ, Phase.CLOSED, "2", "Named", "Go on.", "<p>A model continues text: it can be *wrong*.</p>"),
        (ReviewPreset.PRACTICE, Phase.LATER, "2", "Named", "Go on.", "<p>A model continues text: it can be *wrong*.</p>"),
    ],
)
def test_a_graded_essay_shows_what_the_matrix_allows(
    preset: ReviewPreset, phase: Phase, points: str, level: str, comment: str, model: str
) -> None:
    shown = show_rubric(BODY, READING, fields=visible(preset, phase), explain_all=preset is ReviewPreset.PRACTICE)
    assert shown is not None
    assert (shown.lines[0].points, shown.lines[0].max_points, shown.lines[0].level) == (points, "4", level)
    assert (shown.lines[1].points, shown.lines[1].level, shown.lines[1].description) == ("1.5", "", "Any that fits.")
    assert (shown.comment, shown.model_html) == (comment, model)


@pytest.mark.parametrize("phase", list(Phase))
def test_a_certification_shows_nothing_of_it(phase: Phase) -> None:
    shown = show_rubric(BODY, READING, fields=visible(ReviewPreset.CERTIFICATION, phase), explain_all=False)
    assert shown is not None
    assert (list(shown.lines), shown.comment, shown.model_html) == ([], "", "")


@pytest.mark.parametrize("phase", list(Phase))
def test_nothing_ever_shows_the_notes_for_graders(phase: Phase) -> None:
    for preset in ReviewPreset:
        fields = visible(preset, phase) | EVERYTHING
        grade = Grade(fraction=Decimal(1), state=GradeState.CORRECT)
        shown = show_feedback(
            CONTENT, answer={"text": "x"}, grade=grade, mark="1", max_mark="1", fields=fields, explain_all=True, reading=READING
        )
        assert "generous" not in repr(shown)


def test_in_practice_the_learner_compares_with_criteria_levels_and_model() -> None:
    shown = show_rubric(BODY, None, fields=visible(ReviewPreset.PRACTICE, Phase.DURING), explain_all=True)
    assert shown is not None
    assert [(line.name, line.points, line.max_points) for line in shown.lines] == [
        ("Names the risk", "", "4"),
        ("Gives an example", "", "2"),
    ]
    assert list(shown.lines[0].levels) == [("4", "Named and explained"), ("2", "Named"), ("0", "Missing")]
    assert shown.model_html


def test_an_essay_that_nobody_wrote_says_no_points() -> None:
    """Graded with the rest of its paper, without a grader having looked at it."""
    shown = show_rubric(BODY, None, fields=visible(ReviewPreset.COURSE_QUIZ, Phase.LATER), explain_all=False)
    assert shown is not None
    assert (list(shown.lines), shown.comment) == ([], "")
