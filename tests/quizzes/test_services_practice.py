from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from laurel.bank.rules import QuestionKind
from laurel.core.errors import ConflictError, InvalidInputError, NotFoundError
from laurel.quizzes import queries, services
from laurel.quizzes.models import Quiz
from laurel.quizzes.rules import AttemptState, QuizKind
from tests.factories.accounts import make_user
from tests.factories.bank import make_category, make_question
from tests.factories.quizzes import ALL_KINDS, drawn, make_quiz

FORM = {
    QuestionKind.SINGLE_CHOICE: ({"": ["a"]}, {"": ["b"]}),
    QuestionKind.MULTIPLE_RESPONSE: ({"": ["a", "b"]}, {"": ["a", "c"]}),
    QuestionKind.TRUE_FALSE: ({"": ["false"]}, {"": ["true"]}),
    QuestionKind.SHORT_ANSWER: ({"": ["hallucination"]}, {"": ["nonsense"]}),
    QuestionKind.NUMERICAL: ({"": ["4,096"]}, {"": ["1"]}),
    QuestionKind.MATCHING: ({"s1": ["cx"], "s2": ["cm"]}, {"s1": ["cb"], "s2": [""]}),
    QuestionKind.ORDERING: ({"ib": ["1"], "ia": ["2"], "ic": ["3"]}, {"ib": ["2"], "ia": [""], "ic": [""]}),
    QuestionKind.CLOZE: ({"1": ["b"], "2": ["Tokens"], "3": [".75"]}, {"1": ["a"], "2": [""], "3": ["many"]}),
}


@pytest.fixture
def quiz(session: Session) -> Quiz:
    return make_quiz(session, kind=QuizKind.PRACTICE, kinds=ALL_KINDS)


def test_the_questions_are_there_before_anybody_answered(session: Session, quiz: Quiz) -> None:
    for learner_id in (None, make_user(session).id):
        state = queries.find_practice_state(session, quiz.id, learner_id)
        assert [question.view.number for question in state] == list(range(1, len(ALL_KINDS) + 1))
        assert [question.feedback for question in state] == [None] * len(ALL_KINDS)
        assert [option.key for option in state[0].view.options] == ["a", "b", "c", "d"]
        assert not any(question.view.disabled for question in state)


@pytest.mark.parametrize(("number", "kind"), list(enumerate(ALL_KINDS, start=1)))
def test_a_checked_answer_is_kept_and_explained(session: Session, quiz: Quiz, now: datetime, number: int, kind: QuestionKind) -> None:
    learner = make_user(session)
    facts = {"quiz_id": quiz.id, "learner_id": learner.id, "slot_number": number, "now": now}
    right, wrong = FORM[kind]

    checked = services.check_practice_answer(session, posted=wrong, **facts)
    assert checked.feedback.state == "incorrect"
    session.commit()
    state = queries.find_practice_state(session, quiz.id, learner.id)
    assert state[number - 1] == checked
    assert [question.feedback is None for question in state] == [at != number for at in range(1, len(ALL_KINDS) + 1)]

    services.reset_practice_answer(session, **facts)
    assert queries.find_practice_state(session, quiz.id, learner.id)[number - 1].feedback is None
    assert services.check_practice_answer(session, posted=right, **facts).feedback.state == "correct"


@pytest.mark.parametrize(
    ("number", "posted", "is_invalid"),
    [(5, {"": ["four thousand"]}, True), (5, {"": ["4,000"]}, False), (8, {"3": ["many"]}, True), (8, {"3": ["3"]}, False)],
)
def test_practice_says_that_something_is_no_number(
    session: Session, quiz: Quiz, now: datetime, number: int, posted: dict[str, list[str]], is_invalid: bool
) -> None:
    facts = {"quiz_id": quiz.id, "learner_id": make_user(session).id, "slot_number": number, "now": now}
    checked = services.check_practice_answer(session, posted=posted, **facts)
    assert (checked.feedback.state, checked.feedback.is_invalid) == ("incorrect", is_invalid)


def test_the_answers_of_one_learner_are_not_those_of_another(session: Session, quiz: Quiz, now: datetime) -> None:
    one, other = make_user(session), make_user(session)
    services.check_practice_answer(session, quiz_id=quiz.id, learner_id=one.id, slot_number=1, posted={"": ["a"]}, now=now)
    assert queries.find_practice_state(session, quiz.id, other.id)[0].feedback is None


def test_every_try_stays_in_the_log(session: Session, quiz: Quiz, now: datetime) -> None:
    learner = make_user(session)
    facts = {"quiz_id": quiz.id, "learner_id": learner.id, "slot_number": 1, "now": now}
    services.check_practice_answer(session, posted={"": ["b"]}, **facts)
    services.reset_practice_answer(session, **facts)
    services.reset_practice_answer(session, **facts)
    services.check_practice_answer(session, posted={"": ["a"]}, **facts)
    attempt = queries.find_open_attempt(session, quiz.id, learner.id)
    assert [op.answer for op in queries.list_ops(session, attempt.id)] == [{"choice": "b"}, None, {"choice": "a"}]


@pytest.mark.parametrize(("number", "values"), [(1, []), (1, [""]), (2, []), (4, ["   "]), (1, ["z"]), (2, ["a", "z"]), (3, ["maybe"])])
def test_nothing_chosen_or_nothing_possible_is_refused(session: Session, quiz: Quiz, now: datetime, number: int, values: list[str]) -> None:
    learner = make_user(session)
    with pytest.raises(InvalidInputError):
        services.check_practice_answer(session, quiz_id=quiz.id, learner_id=learner.id, slot_number=number, posted={"": values}, now=now)
    assert queries.find_practice_state(session, quiz.id, learner.id)[number - 1].feedback is None


def test_a_question_that_is_not_there_is_not_found(session: Session, quiz: Quiz, now: datetime) -> None:
    with pytest.raises(NotFoundError):
        services.check_practice_answer(
            session, quiz_id=quiz.id, learner_id=make_user(session).id, slot_number=99, posted={"": ["a"]}, now=now
        )


def test_an_exam_is_not_practiced(session: Session, now: datetime) -> None:
    exam = make_quiz(session)
    learner = make_user(session)
    with pytest.raises(ConflictError):
        services.check_practice_answer(session, quiz_id=exam.id, learner_id=learner.id, slot_number=1, posted={"": ["a"]}, now=now)
    assert queries.list_attempts_of(session, learner.id, exam.id) == []


def test_a_drawn_practice_paper_is_the_one_that_was_shown(session: Session, now: datetime) -> None:
    category = make_category(session)
    for number in range(9):
        make_question(session, category_id=category.id, kind=QuestionKind.TRUE_FALSE, stem=f"Question {number}")
    quiz = make_quiz(session, kind=QuizKind.PRACTICE, slots=[drawn(category.id, 3)])
    learner = make_user(session)
    shown = [question.view.stem_html for question in queries.find_practice_state(session, quiz.id, learner.id)]
    services.check_practice_answer(session, quiz_id=quiz.id, learner_id=learner.id, slot_number=2, posted={"": ["true"]}, now=now)
    assert [question.view.stem_html for question in queries.find_practice_state(session, quiz.id, learner.id)] == shown


def test_a_new_version_begins_a_new_practice(session: Session, quiz: Quiz, now: datetime) -> None:
    learner = make_user(session)
    services.check_practice_answer(session, quiz_id=quiz.id, learner_id=learner.id, slot_number=1, posted={"": ["a"]}, now=now)
    old = queries.find_open_attempt(session, quiz.id, learner.id)
    _, version = queries.get_published(session, quiz.id)
    services.save_slots(
        session,
        quiz.id,
        [slot.spec() for slot in queries.list_slots(session, version.id)][:2],
        author_id=quiz.owner_id,
        now=now,
        base=version.token,
    )
    services.publish_quiz(session, quiz.id, author_id=quiz.owner_id, now=now)

    assert len(queries.find_practice_state(session, quiz.id, learner.id)) == 2
    services.check_practice_answer(session, quiz_id=quiz.id, learner_id=learner.id, slot_number=2, posted={"": ["a"]}, now=now)
    assert old.state is AttemptState.ABANDONED
    assert queries.find_open_attempt(session, quiz.id, learner.id).number == 2
