"""What became of questions, counted; and the report on a quiz's papers."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from laurel.app import Ports
from laurel.bank.rules import QuestionKind
from laurel.core.db import Database
from laurel.quizzes import queries, services
from laurel.quizzes.models import QuestionUsage, Quiz, QuizSlot
from laurel.quizzes.queries.pools import load_pools
from laurel.quizzes.queries.usage import count_usage, list_usage
from laurel.quizzes.rules import AttemptState, QuizKind
from laurel.quizzes.services.usage import save_usage
from laurel.settings import Settings
from laurel.worker import Chores
from tests.factories.accounts import make_user
from tests.factories.bank import make_category, make_question
from tests.factories.quizzes import answer_all, drawn, fixed, make_attempt, make_quiz
from tests.quizzes.papers import asked, fill, finish


def count_anew(session: Session, now: datetime) -> dict[UUID, QuestionUsage]:
    save_usage(session, count_usage(session, now=now), now=now)
    return list_usage(session)


def test_shown_and_answered_are_counted_and_previews_are_not(session: Session, now: datetime) -> None:
    category = make_category(session)
    one, two = fill(session, 2, category_id=category.id)
    quiz = make_quiz(session, slots=[fixed(one), fixed(two)])
    old, learner = now - timedelta(days=100), make_user(session)
    for moment, right in ((old, 1), (now - timedelta(days=40), 2), (now, 0)):
        attempt = make_attempt(session, quiz, now=moment)
        answer_all(session, attempt, right=right, now=moment)
        services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=moment)
    for number in range(2):
        finish(session, make_attempt(session, quiz, learner_id=learner.id, now=now + timedelta(hours=number)), now=now)
    make_attempt(session, quiz, is_preview=True, learner_id=quiz.owner_id, now=now)

    usage = count_anew(session, now)
    assert (usage[one.id].shown, usage[one.id].people, usage[one.id].shown_recently) == (5, 4, 3)
    assert (usage[one.id].answers_before, usage[one.id].facility_before) == (1, 1.0)
    assert (usage[two.id].answers_before, usage[two.id].facility_before) == (1, 0.0)
    assert usage[one.id].answers_lately == 3  # a second attempt is not a first
    assert usage[one.id].facility_lately == pytest.approx(1 / 3)


def test_counting_again_writes_only_what_changed(session: Session, now: datetime) -> None:
    category = make_category(session)
    fill(session, 6, category_id=category.id)
    quiz = make_quiz(session, slots=[drawn(category.id, 3)])
    first = make_attempt(session, quiz, now=now)
    assert len(count_anew(session, now)) == 3
    later = now + timedelta(minutes=10)
    assert {row.counted_at for row in count_anew(session, later).values()} == {now}
    make_attempt(session, quiz, now=now)
    changed = [row for row in count_anew(session, later).values() if row.counted_at == later]
    assert len(changed) == 3
    assert all(row.shown == (2 if row.question_id in asked(session, first) else 1) for row in changed)


def test_an_edited_question_begins_a_new_facility(session: Session, now: datetime) -> None:
    question = make_question(session, kind=QuestionKind.TRUE_FALSE)
    quiz = make_quiz(session, slots=[fixed(question)])
    finish(session, make_attempt(session, quiz, now=now), now=now)
    assert count_anew(session, now)[question.id].answers_lately == 1
    question.ready_n = None  # withdrawn, so that no version is in use
    session.flush()
    usage = count_anew(session, now)[question.id]
    assert (usage.shown, usage.answers_lately, usage.question_version_id) == (1, 0, None)


def test_the_worker_counts_what_was_shown(app: Flask, settings: Settings, database: Database, ports: Ports) -> None:
    chores = Chores(settings, database, ports)
    with database.session(writes=True) as session:
        make_attempt(session, make_quiz(session))
        session.commit()
    assert chores.count_usage() == 5
    assert chores.count_usage() == 0
    with database.session(writes=False) as session:
        assert {row.shown for row in list_usage(session).values()} == {1}


def give_out(session: Session, quiz: Quiz, count: int, *, now: datetime) -> None:
    """Papers that were graded, with a score each."""
    for number in range(count):
        attempt = make_attempt(session, quiz, now=now)
        attempt.state, attempt.earned, attempt.possible = AttemptState.GRADED, number % 3, 3  # type: ignore[assignment]
    session.flush()


def test_the_report_tells_how_equal_papers_are_and_how_known_questions(session: Session, now: datetime) -> None:
    category = make_category(session)
    fill(session, 6, category_id=category.id, difficulty=1, duplicate_group="easy ones")
    fill(session, 6, category_id=category.id, difficulty=5)
    quiz = make_quiz(session, slots=[drawn(category.id, 3)])
    give_out(session, quiz, 30, now=now)
    count_anew(session, now)
    report = queries.report_papers(session, queries.get_published(session, quiz.id)[1])

    assert report is not None
    assert len(report.forms.scores) == 1000
    assert {round(score, 3) for score in report.forms.scores} == {0.35, round((0.9 + 2 * 0.35) / 3, 3)}  # none or one of the group
    assert report.forms.is_sigma_measured
    assert (report.together, report.given, report.given_together) == (0, 30, 0)
    assert sum(line.expected for line in report.questions) == pytest.approx(3)
    assert sum(line.actual or 0 for line in report.questions) == pytest.approx(3)
    assert sum(line.shown for line in report.questions) == 90
    pool = report.pools[0]
    assert (pool.units, pool.count, pool.is_small) == (7, 3, True)
    assert report.learners_left == (12 * 250 - 90) // 3
    assert report.drifts == []


def test_a_group_that_was_formed_later_is_seen_in_the_papers_that_were_given_out(session: Session, now: datetime) -> None:
    one, two, three = (make_question(session) for _ in range(3))
    quiz = make_quiz(session, slots=[fixed(one), fixed(two), fixed(three)])
    give_out(session, quiz, 2, now=now)
    version = queries.get_published(session, quiz.id)[1]
    report = queries.report_papers(session, version)
    assert report is not None
    assert report.given_together == 0
    one.duplicate_group = two.duplicate_group = "leads to the other"
    session.flush()
    assert queries.report_papers(session, version) is None  # and nobody could start
    three.duplicate_group = None
    two.duplicate_group = None
    session.flush()
    assert queries.report_papers(session, version) is not None


def test_a_facility_that_jumped_is_listed_with_its_base_rate(session: Session, now: datetime) -> None:
    question, steady = make_question(session), make_question(session)
    quiz = make_quiz(session, slots=[fixed(question), fixed(steady)])
    for one, lately in ((question, 0.8), (steady, 0.55)):
        version_id = load_pools(session, [QuizSlot.of(fixed(one), quiz_version_id=UUID(int=0), position=1)])[0].versions[one.id]
        facts = {"answers_before": 100, "facility_before": 0.5, "answers_lately": 50, "facility_lately": lately}
        session.add(
            QuestionUsage(
                question_id=one.id, shown=150, people=150, shown_recently=9, question_version_id=version_id, counted_at=now, **facts
            )
        )
    session.flush()
    report = queries.report_papers(session, queries.get_published(session, quiz.id)[1])
    assert report is not None
    assert [line.question_id for line, _ in report.notable] == [question.id]
    assert len(report.judged) == 2
    assert 0 < report.by_chance < 0.4
    assert report.questions[0].facility.answers == 150
    assert {round(line.facility.value, 3) for line in report.questions} == {0.6, 0.517}


def test_nothing_is_reported_of_a_quiz_without_questions(session: Session, now: datetime) -> None:
    author = make_user(session, roles=["author"])
    quiz = services.create_quiz(session, external_id=None, kind=QuizKind.EXAM, title="New", owner_id=author.id, now=now)
    assert queries.report_papers(session, queries.get_working_version(session, quiz)) is None
