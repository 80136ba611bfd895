"""Random papers on a real database: what slots draw from, what is spared, what is refused."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.bank.models import Question
from laurel.bank.rules import QuestionStatus
from laurel.bank.services import create_category
from laurel.quizzes import queries, services
from laurel.quizzes.models import Attempt, PaperSlot, QuestionUsage, Quiz, QuizSlot
from laurel.quizzes.queries.papers import PaperImpossibleError, draw_paper
from laurel.quizzes.queries.pools import load_pools
from laurel.quizzes.rules import QuizKind, SlotSpec
from laurel.quizzes.rules.filtering import TagsMatch
from laurel.quizzes.services import NotPublishableError
from tests.conftest import QueryCount
from tests.factories.accounts import make_user
from tests.factories.bank import make_category, make_question
from tests.factories.quizzes import drawn, fixed, make_attempt, make_quiz
from tests.quizzes.papers import asked, fill, finish


def found_by(session: Session, spec: SlotSpec) -> set[UUID]:
    slot = QuizSlot.of(spec, quiz_version_id=UUID(int=0), position=1)
    return set(load_pools(session, [slot])[0].versions)


def test_a_slot_draws_from_what_its_filter_admits(session: Session) -> None:
    top = make_category(session)
    inner = create_category(session, slug=f"{top.slug}/inner", title="Inner", parent_id=top.id)
    deepest = create_category(session, slug=f"{top.slug}/inner/deep", title="Deep", parent_id=inner.id)
    law = make_question(session, category_id=top.id, tags=("law",), difficulty=1, objective="Name a right")
    both = make_question(session, category_id=inner.id, tags=("data", "law"), difficulty=4)
    deep = make_question(session, category_id=deepest.id, tags=("data",), difficulty=5)
    make_question(session, category_id=top.id, tags=("law",), status=QuestionStatus.DRAFT)
    make_question(session, tags=("law", "data"))  # in another category

    assert found_by(session, drawn(top.id, 1)) == {law.id}
    assert found_by(session, drawn(top.id, 1, with_subcategories=True)) == {law.id, both.id, deep.id}
    assert found_by(session, drawn(inner.id, 1, with_subcategories=True)) == {both.id, deep.id}
    assert found_by(session, drawn(top.id, 1, with_subcategories=True, tags=("data", "law"))) == {both.id}
    any_of = {"tags": ("data", "nothing"), "tags_match": TagsMatch.ANY}
    assert found_by(session, drawn(top.id, 1, with_subcategories=True, **any_of)) == {both.id, deep.id}
    assert found_by(session, drawn(top.id, 1, with_subcategories=True, easiest=2, hardest=4)) == {both.id}
    assert found_by(session, drawn(top.id, 1, objective="A RIGHT")) == {law.id}


def test_a_draft_keeps_what_its_slots_are_narrowed_to(session: Session) -> None:
    category = make_category(session)
    fill(session, 4, category_id=category.id, tags=("law",))
    spec = drawn(category.id, 2, tags=("law",), tags_match=TagsMatch.ANY, spread=(2, 0, 0))
    quiz = make_quiz(session, slots=[spec, drawn(category.id, 1)])
    session.expire_all()
    _, version = queries.get_published(session, quiz.id)
    assert [slot.spec() for slot in queries.list_slots(session, version.id)] == [spec, drawn(category.id, 1)]
    assert session.scalar(select(func.count()).where(QuizSlot.draw_filter.is_(None))) == 1


def test_every_paper_has_its_spread_of_difficulty(session: Session, now: datetime) -> None:
    category = make_category(session)
    for difficulty, count in ((1, 4), (2, 4), (3, 6), (5, 4)):
        fill(session, count, category_id=category.id, difficulty=difficulty)
    quiz = make_quiz(session, slots=[drawn(category.id, 6, spread=(3, 2, 1))])
    for _ in range(5):
        paper = asked(session, make_attempt(session, quiz))
        difficulties = [question.difficulty for question in session.scalars(select(Question).where(Question.id.in_(paper)))]
        assert (sum(d <= 2 for d in difficulties), difficulties.count(3), sum(d >= 4 for d in difficulties)) == (3, 2, 1)


def test_two_of_a_duplicate_group_are_never_on_one_paper(session: Session) -> None:
    one, other = make_category(session), make_category(session)
    pinned = make_question(session, category_id=one.id, duplicate_group="a")
    groups = ["a", "a", "b", "b", "b"]
    for group in groups:
        fill(session, 1, category_id=one.id, duplicate_group=group)
        fill(session, 1, category_id=other.id, duplicate_group=group)
    fill(session, 2, category_id=one.id)
    fill(session, 1, category_id=other.id)
    quiz = make_quiz(session, slots=[fixed(pinned), drawn(one.id, 2), drawn(other.id, 2)])
    for _ in range(6):
        paper = asked(session, make_attempt(session, quiz))
        found = [question.duplicate_group for question in session.scalars(select(Question).where(Question.id.in_(paper)))]
        assert len(found) == 5
        assert (found.count("a"), found.count("b")) == (1, 1)


def test_the_same_seed_draws_the_paper_that_is_stored(session: Session) -> None:
    category = make_category(session)
    fill(session, 30, category_id=category.id)
    quiz = make_quiz(session, slots=[drawn(category.id, 10)], shuffle_questions=True)
    attempt = make_attempt(session, quiz)
    _, version = queries.get_published(session, quiz.id)
    again = draw_paper(session, version, seed=attempt.seed, past=[])
    assert [question.question_id for question in again] == asked(session, attempt)


def test_a_learner_does_not_get_what_the_last_two_papers_had_while_the_pool_allows(session: Session, now: datetime) -> None:
    category, learner = make_category(session), make_user(session)
    fill(session, 10, category_id=category.id)
    quiz = make_quiz(session, slots=[drawn(category.id, 3)], attempts_allowed=None)
    papers = []
    for number in range(5):
        attempt = make_attempt(session, quiz, learner_id=learner.id, now=now + timedelta(hours=number))
        papers.append(set(asked(session, attempt)))
        finish(session, attempt, now=now + timedelta(hours=number))
    for at in range(1, 5):
        assert not papers[at] & set().union(*papers[max(0, at - 2) : at])


def test_a_small_pool_repeats_as_little_as_it_can(session: Session, now: datetime) -> None:
    category, learner = make_category(session), make_user(session)
    fill(session, 5, category_id=category.id)
    quiz = make_quiz(session, slots=[drawn(category.id, 3)])
    first = make_attempt(session, quiz, learner_id=learner.id, now=now)
    finish(session, first, now=now)
    second = make_attempt(session, quiz, learner_id=learner.id, now=now + timedelta(hours=1))
    assert len(set(asked(session, first)) & set(asked(session, second))) == 1


def test_the_least_shown_are_drawn_first(session: Session, now: datetime) -> None:
    category = make_category(session)
    questions = fill(session, 18, category_id=category.id)
    for number, question in enumerate(questions):
        session.add(QuestionUsage(question_id=question.id, shown=99, people=9, shown_recently=number // 6, counted_at=now))
    quiz = make_quiz(session, slots=[drawn(category.id, 3)])
    for _ in range(6):
        assert set(asked(session, make_attempt(session, quiz))) <= {question.id for question in questions[:6]}


def test_practice_shows_what_it_will_keep_however_often_it_was_shown(session: Session, now: datetime) -> None:
    category, learner = make_category(session), make_user(session)
    questions = fill(session, 12, category_id=category.id)
    quiz = make_quiz(session, kind=QuizKind.PRACTICE, slots=[drawn(category.id, 3)])
    before = [one.view.stem_html for one in queries.find_practice_state(session, quiz.id, learner.id)]
    _, version = queries.get_published(session, quiz.id)
    attempt = services.starting.start_practice(session, version, learner_id=learner.id, now=now)
    drawn_before = asked(session, attempt)
    for question in questions:
        session.add(QuestionUsage(question_id=question.id, shown=9, people=9, shown_recently=question.id.int % 5, counted_at=now))
    session.flush()
    assert [one.question_id for one in draw_paper(session, version, seed=attempt.seed)] == drawn_before
    assert len(before) == 3


def problems_of(session: Session, quiz: Quiz, now: datetime, *slots: SlotSpec) -> list[str]:
    """What publishing these slots is refused for."""
    _, version = queries.get_published(session, quiz.id)
    services.save_slots(session, quiz.id, slots, author_id=quiz.owner_id, now=now, base=version.token)
    with pytest.raises(NotPublishableError) as refused:
        services.publish_quiz(session, quiz.id, author_id=quiz.owner_id, now=now)
    return refused.value.problems


def test_publishing_is_refused_with_the_section_that_cannot_be_filled(session: Session, now: datetime) -> None:
    category, quiz = make_category(session, title="Law"), make_quiz(session)
    fill(session, 4, category_id=category.id, tags=("law",), difficulty=2)
    fill(session, 3, category_id=category.id, difficulty=5, duplicate_group="same")
    assert problems_of(session, quiz, now, drawn(category.id, 6)) == [
        "Section 1 draws 6 from “Law”, where 5 are ready, of each duplicate group one."
    ]


def test_publishing_is_refused_with_the_part_of_the_spread_that_cannot_be_filled(session: Session, now: datetime) -> None:
    category, quiz = make_category(session, title="Law"), make_quiz(session)
    fill(session, 4, category_id=category.id, tags=("law",), difficulty=2)
    fill(session, 3, category_id=category.id, difficulty=5)
    slots = [drawn(category.id, 2, tags=("law",)), drawn(category.id, 5, spread=(2, 1, 2), with_subcategories=True)]
    assert problems_of(session, quiz, now, *slots) == ["Section 2 draws 1 medium from “Law” with its subcategories, where 0 are ready."]


def test_publishing_is_refused_with_the_sections_that_are_in_each_others_way(session: Session, now: datetime) -> None:
    category, other, quiz = make_category(session), make_category(session), make_quiz(session)
    pool = fill(session, 4, category_id=category.id)
    fill(session, 9, category_id=other.id)
    slots = [drawn(other.id, 2), fixed(pool[0]), drawn(category.id, 2), drawn(category.id, 2)]
    assert problems_of(session, quiz, now, *slots) == [
        "Sections 2, 3 and 4 ask for 5 questions together, but only 4 can stand beside each other: no question is asked twice in a "
        "paper, and of a duplicate group one at most."
    ]


def test_two_questions_of_a_group_cannot_both_be_asked_for(session: Session, now: datetime) -> None:
    quiz = make_quiz(session)
    slots = [fixed(make_question(session, duplicate_group="same")) for _ in range(2)]
    assert problems_of(session, quiz, now, *slots)[0].startswith("Sections 1 and 2 ask for 2 questions together, but only 1 can stand")


@pytest.mark.parametrize(("size", "warned"), [(8, True), (9, False)])
def test_a_pool_of_less_than_three_papers_is_warned_of_and_published(session: Session, size: int, warned: bool) -> None:
    category = make_category(session)
    fill(session, size, category_id=category.id)
    quiz = make_quiz(session, slots=[drawn(category.id, 3)])
    checks = queries.check_publishing(session, quiz, queries.get_published(session, quiz.id)[1])
    assert checks.problems == []
    assert [("Section 1: 3 of 8" in warning) for warning in checks.warnings] == [True] * warned


def test_nobody_starts_with_a_shorter_paper_when_the_bank_shrinks(session: Session) -> None:
    category = make_category(session)
    questions = fill(session, 3, category_id=category.id)
    quiz = make_quiz(session, slots=[drawn(category.id, 3)])
    questions[0].duplicate_group = questions[1].duplicate_group = "found out later"
    session.flush()
    learner = make_user(session)
    with pytest.raises(PaperImpossibleError):
        make_attempt(session, quiz, learner_id=learner.id)
    assert session.scalar(select(func.count()).where(Attempt.learner_id == learner.id)) == 0


@pytest.mark.parametrize("size", [2, 20])
def test_a_start_takes_as_many_queries_from_a_large_pool_through_many_sections_as_from_a_small_one(
    session: Session, queries: QueryCount, now: datetime, size: int
) -> None:
    category, learner = make_category(session), make_user(session)
    fill(session, 3 * size, category_id=category.id, tags=("law",))
    slots = [drawn(category.id, 1, tags=("law",), with_subcategories=True) for _ in range(size)]
    quiz = make_quiz(session, slots=slots)
    first = make_attempt(session, quiz, learner_id=learner.id, now=now)
    finish(session, first, now=now)
    session.commit()
    queries.clear()
    make_attempt(session, quiz, learner_id=learner.id, now=now + timedelta(hours=1))
    assert queries.selects <= 13


def test_a_summary_is_not_needed_to_start(session: Session) -> None:
    category = make_category(session)
    fill(session, 4, category_id=category.id)
    attempt = make_attempt(session, make_quiz(session, slots=[drawn(category.id, 3)]))
    assert session.scalar(select(func.count()).where(PaperSlot.attempt_id == attempt.id)) == 3
    assert session.scalar(select(func.count()).select_from(QuestionUsage)) == 0
