"""Signs of a leak in the attempts of a quiz: what is counted, and what is not."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from laurel.bank.rules import GradeState, QuestionKind
from laurel.core.ids import new_id
from laurel.quizzes import services
from laurel.quizzes.models import Attempt, Quiz, SlotMark
from laurel.quizzes.queries.leaks import find_leak_signs
from laurel.quizzes.rules.saving import SaveItem
from tests.conftest import QueryCount
from tests.factories.accounts import make_user
from tests.factories.bank import make_category, make_question
from tests.factories.quizzes import RIGHT, WRONG, answer, fixed, make_attempt, make_quiz

CHOICE = QuestionKind.SINGLE_CHOICE


def sit(session: Session, quiz: Quiz, answers: Sequence[tuple[int, Any]], *, now: datetime, **facts: Any) -> Attempt:
    """One attempt from start to marks: after so many seconds each question's answer, in order; None skips it."""
    attempt = make_attempt(session, quiz, now=now, **facts)
    at = now
    for slot, (seconds, value) in enumerate(answers, start=1):
        at += timedelta(seconds=seconds)
        if value is not None:
            answer(session, attempt, slot, value, now=at)
    return services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=at + timedelta(seconds=1))


@pytest.fixture
def quiz(session: Session) -> Quiz:
    category = make_category(session)
    return make_quiz(session, slots=[fixed(make_question(session, category_id=category.id)) for _ in range(3)])


def test_nothing_is_found_where_nobody_was_graded(session: Session, quiz: Quiz, now: datetime) -> None:
    make_attempt(session, quiz, now=now)
    signs = find_leak_signs(session, quiz.id)
    assert (list(signs.sittings), list(signs.lines), signs.answers, signs.timed, list(signs.pairs)) == ([], [], 0, 0, [])


def test_who_was_right_far_too_soon_is_counted_beside_the_whole_exam(session: Session, quiz: Quiz, now: datetime) -> None:
    right, wrong = RIGHT[CHOICE], WRONG[CHOICE]
    for number in range(30):
        quick = 2 if number < 12 else 40
        sit(session, quiz, [(30, right), (quick, right), (20, wrong if number % 2 else right)], now=now)
    sit(session, quiz, [(30, None), (2, right), (20, right)], now=now)  # began with question 2: only the third can be timed

    signs = find_leak_signs(session, quiz.id)

    assert (len(signs.sittings), signs.answers, signs.timed) == (31, 92, 91)
    first = signs.lines[0]
    assert (first.pace.median, first.pace.p10, first.pace.p90, first.pace.answers) == (40, 2, 40, 30)
    assert (first.pace.far_below.count, first.pace.far_below.of) == (12, 30)
    assert first.pace.reading == pytest.approx(18 / 5)  # six words and four options of three, at five a second
    assert first.pace.unread == first.pace.far_below
    assert (signs.far_below.count, signs.far_below.of) == (12, 30 + 30 + 16)
    assert [line.is_far_below for line in signs.lines] == [True, False, False]
    assert [line.is_unread for line in signs.lines] == [True, False, False]
    assert signs.by_chance == pytest.approx(0.03)
    assert signs.too_few == 0


def test_a_question_with_few_timed_answers_is_not_judged(session: Session, quiz: Quiz, now: datetime) -> None:
    for _ in range(2):
        sit(session, quiz, [(30, RIGHT[CHOICE])], now=now)
    signs = find_leak_signs(session, quiz.id)
    assert (list(signs.lines), signs.too_few, signs.timed) == ([], 1, 2)
    assert not signs.likeness.is_judgeable


def test_only_graded_first_attempts_that_count_are_looked_at(session: Session, quiz: Quiz, now: datetime) -> None:
    learner, answers = make_user(session, name="Ada"), [(30, RIGHT[CHOICE])]
    first = sit(session, quiz, answers, now=now, learner_id=learner.id)
    sit(session, quiz, answers, now=now + timedelta(hours=1), learner_id=learner.id)
    sit(session, quiz, answers, now=now, learner_id=quiz.owner_id, is_preview=True)
    sit(session, quiz, answers, now=now).is_counted = False
    make_attempt(session, quiz, now=now)
    sit(session, make_quiz(session, kinds=[CHOICE]), answers, now=now)
    session.flush()
    assert [(one.attempt_id, one.learner) for one in find_leak_signs(session, quiz.id).sittings] == [(first.id, "Ada")]


def test_two_who_give_the_same_wrong_answers_are_named_beside_what_chance_expects(session: Session, now: datetime) -> None:
    category = make_category(session)
    quiz = make_quiz(session, slots=[fixed(make_question(session, category_id=category.id)) for _ in range(8)])
    for number in range(30):  # two of three wrong answers are common, "d" is what nobody gives
        papers = [{"choice": "bc"[(number >> place % 4) % 2]} if (number + place) % 3 else RIGHT[CHOICE] for place in range(8)]
        sit(session, quiz, [(30, value) for value in papers], now=now)
    for name in ("Ada", "Ben"):
        sit(session, quiz, [(30, {"choice": "d"})] * 8, now=now, learner_id=make_user(session, name=name).id)

    signs = find_leak_signs(session, quiz.id)

    ((one, other, pair),) = signs.pairs
    assert {one.learner, other.learner} == {"Ada", "Ben"}
    assert (pair.both_wrong, pair.same) == (8, 8)
    assert pair.expected < 4.5
    assert pair.chance < 1 / signs.likeness.compared
    assert 0 < signs.likeness.usual < 4


def test_the_mark_in_force_decides_and_what_was_left_empty_is_no_wrong_answer(session: Session, quiz: Quiz, now: datetime) -> None:
    for _ in range(30):
        attempt = sit(session, quiz, [(30, WRONG[CHOICE]), (30, None), (30, None)], now=now)
        session.add(
            SlotMark(
                attempt_id=attempt.id,
                slot=1,
                revision=2,
                fraction=1,
                mark=1,
                max_mark=1,
                state=GradeState.CORRECT,
                graded_at=now,  # type: ignore[arg-type]
            )
        )
    session.flush()
    signs = find_leak_signs(session, quiz.id)
    assert signs.lines[0].pace.far_below.of == 30  # right by now
    assert (signs.likeness.usual, signs.answers) == (0, 30)


def test_what_arrived_together_or_was_taken_back_is_not_timed(session: Session, quiz: Quiz, now: datetime) -> None:
    attempt = make_attempt(session, quiz, now=now)
    items = [SaveItem(op_id=new_id(), slot=slot, seq=1, answer=RIGHT[CHOICE]) for slot in (1, 2)]
    who = {"attempt_id": attempt.id, "learner_id": attempt.learner_id}
    services.save_answers(session, **who, items=items, lease=None, now=now + timedelta(seconds=60))
    answer(session, attempt, 3, RIGHT[CHOICE], now=now + timedelta(seconds=70))
    answer(session, attempt, 3, None, seq=2, now=now + timedelta(seconds=80))
    services.submit_attempt(session, **who, now=now + timedelta(seconds=90))
    signs = find_leak_signs(session, quiz.id)
    assert (signs.answers, signs.timed) == (2, 0)


def test_the_number_of_queries_does_not_grow(session: Session, quiz: Quiz, now: datetime, queries: QueryCount) -> None:
    for count in (1, 4):
        for _ in range(count):
            sit(session, quiz, [(30, RIGHT[CHOICE])] * 3, now=now)
        session.flush()
        session.expunge_all()
        queries.clear()
        find_leak_signs(session, quiz.id)
        assert queries.selects == 3
