from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurel.core.ids import new_id
from laurel.learning.rules import LessonState, is_complete, lesson_states, next_lesson

A, B, C = new_id(), new_id(), new_id()
DONE, OPEN, LOCKED = LessonState.DONE, LessonState.OPEN, LessonState.LOCKED


@pytest.mark.parametrize(
    ("done", "states"),
    [
        (set(), [OPEN, LOCKED, LOCKED]),
        ({A}, [DONE, OPEN, LOCKED]),
        ({A, B}, [DONE, DONE, OPEN]),
        ({A, B, C}, [DONE, DONE, DONE]),
        ({B}, [OPEN, DONE, LOCKED]),  # the first was taken back; what is done stays open
    ],
)
def test_lessons_open_one_after_the_other(done: set[UUID], states: list[LessonState]) -> None:
    assert list(lesson_states([A, B, C], done).values()) == states


@given(st.lists(st.uuids(), unique=True, max_size=30), st.data())
def test_at_most_one_lesson_is_open_and_it_is_the_next(lessons: list[UUID], data: st.DataObject) -> None:
    done = data.draw(st.sets(st.sampled_from(lessons))) if lessons else set()

    opened = [lesson for lesson, state in lesson_states(lessons, done).items() if state is OPEN]

    assert opened == ([] if is_complete(lessons, done) or not lessons else [next_lesson(lessons, done)])


def test_a_course_without_lessons_is_never_complete() -> None:
    assert not is_complete([], set())
