"""Which quizzes draw a question, and what they have left without it."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from laurel.bank.models import Question
from laurel.quizzes.models import Quiz
from laurel.quizzes.queries.retiring import Use, UseLine, list_uses
from laurel.quizzes.rules import QuizStatus, SlotKind, SlotSpec
from tests.conftest import QueryCount
from tests.factories.bank import latest_version, make_category, make_question
from tests.factories.quizzes import drawn, fixed, make_quiz
from tests.quizzes.papers import fill


def lines_of(use: Use) -> list[tuple[int, int, int, int]]:
    return [(line.position, line.count, line.units, line.left) for line in use.lines]


@pytest.fixture
def pool(session: Session) -> list[Question]:
    """Eight ready questions of one category."""
    return fill(session, 8, category_id=make_category(session).id, difficulty=2)


def draw_from(session: Session, pool: list[Question], count: int, **narrowed: Any) -> Quiz:
    return make_quiz(session, slots=[drawn(pool[0].category_id, count, **narrowed)])


@pytest.mark.parametrize(
    ("count", "narrowed", "line", "breaks"),
    [
        (2, {}, (1, 2, 11, 10), False),
        (11, {}, (1, 11, 11, 10), True),
        (3, {"spread": (3, 0, 0)}, (1, 3, 8, 7), False),
        (2, {"easiest": 4}, None, False),
        (2, {"tags": ("law",)}, None, False),
        (2, {"with_subcategories": True}, (1, 2, 11, 10), False),
    ],
)
def test_a_random_section_tells_what_it_has_left(
    session: Session, pool: list[Question], count: int, narrowed: dict[str, Any], line: tuple[int, ...] | None, breaks: bool
) -> None:
    fill(session, 3, category_id=pool[0].category_id, difficulty=5, tags=("law",))
    quiz = draw_from(session, pool, count, **narrowed)
    uses = list_uses(session, pool[3])
    assert [lines_of(use) for use in uses] == ([[line]] if line else [])
    assert [(use.quiz_id, use.title, use.breaks) for use in uses] == ([(quiz.id, "Prompt exam", breaks)] if line else [])


def test_a_pool_is_small_under_three_papers_and_short_under_one() -> None:
    def line(left: int) -> UseLine:
        return UseLine(position=1, is_named=False, band="", count=3, units=left + 1, left=left)

    assert [(line(left).is_short, line(left).is_small) for left in (9, 8, 3, 2)] == [
        (False, False),
        (False, True),
        (False, True),
        (True, True),
    ]


def test_another_of_its_group_takes_its_place(session: Session, pool: list[Question]) -> None:
    one, other = pool[0], pool[1]
    one.duplicate_group = other.duplicate_group = "same"
    session.flush()
    draw_from(session, pool, 7)
    (use,) = list_uses(session, one)
    assert (lines_of(use), use.breaks) == ([(1, 7, 7, 7)], False)
    (use,) = list_uses(session, pool[2])
    assert (lines_of(use), use.breaks) == ([(1, 7, 7, 6)], True)


def test_sections_that_share_a_pool_break_together(session: Session, pool: list[Question]) -> None:
    category = pool[0].category_id
    make_quiz(session, slots=[drawn(category, 4), drawn(category, 4)])
    (use,) = list_uses(session, pool[0])
    assert lines_of(use) == [(1, 4, 8, 7), (2, 4, 8, 7)]
    assert not any(line.is_short for line in use.lines)
    assert use.breaks


def test_a_question_that_is_asked_by_name_breaks_its_quiz_unless_a_version_is_held(session: Session, pool: list[Question]) -> None:
    question = pool[0]
    make_quiz(session, slots=[fixed(question)], title="By name")
    held = SlotSpec(kind=SlotKind.FIXED, question_id=question.id, question_version_id=latest_version(session, question).id)
    make_quiz(session, slots=[held], title="By version")
    (use,) = list_uses(session, question)
    assert (use.title, use.breaks, use.lines[0].is_named) == ("By name", True, True)


def test_only_what_learners_can_start_counts_and_only_what_they_get(session: Session, pool: list[Question]) -> None:
    quiz = draw_from(session, pool, 2)
    written = make_question(session, category_id=pool[0].category_id)
    written.ready_n = None
    session.flush()
    assert list_uses(session, written) == []
    assert len(list_uses(session, pool[0])) == 1
    quiz.status = QuizStatus.ARCHIVED
    session.flush()
    assert list_uses(session, pool[0]) == []


def test_the_number_of_queries_does_not_grow_with_the_quizzes(session: Session, pool: list[Question], queries: QueryCount) -> None:
    elsewhere: list[UUID] = [make_category(session).id for _ in range(5)]
    for category_id in elsewhere:
        fill(session, 2, category_id=category_id)
    for number in range(6):
        slots = [drawn(pool[0].category_id, 1 + number, with_subcategories=True), *(drawn(one, 1) for one in elsewhere[:number])]
        make_quiz(session, slots=slots, title=f"Exam {number}")
    session.flush()
    queries.clear()
    assert len(list_uses(session, pool[0])) == 6
    assert queries.selects <= 5
