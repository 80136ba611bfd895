"""Grading by people: who may have an answer, what a mark does, and that the last one grades the attempt once."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.bank.rules import GradeState, QuestionKind
from laurel.catalog.queries import find_assessed_lesson
from laurel.core.errors import InvalidInputError, NotFoundError
from laurel.core.events import EventRecord
from laurel.core.mail import Mail
from laurel.learning.queries import find_progress
from laurel.quizzes import handlers, queries, services
from laurel.quizzes.events import GradersFinished
from laurel.quizzes.models import Attempt, GradingTask, ManualMark
from laurel.quizzes.rules import AttemptState, QuizKind
from laurel.quizzes.rules.grading import CLAIM, ClaimedError, GradingClosedError, paper_code
from laurel.quizzes.services.claiming import put_in_queue
from tests.factories.accounts import make_user
from tests.factories.bank import make_question
from tests.factories.learning import make_classroom
from tests.factories.quizzes import FULL, HALF, answer, fixed, make_attempt, make_quiz, make_waiting, tasks_of

LATER = timedelta(minutes=10)


def owner_of(session: Session, attempt: Attempt) -> Any:
    return queries.get_quiz(session, attempt.quiz_id).owner_id


def mark(session: Session, attempt: Attempt, *, slot: int = 2, points: Any = FULL, now: datetime, **who: Any) -> bool:
    """Give an essay its points, as the author of the quiz unless said otherwise."""
    task = next(task for task in tasks_of(session, attempt) if task.slot == slot)
    owner_id = owner_of(session, attempt)
    who = {"grader_id": owner_id, "owner_id": owner_id, "comment": ""} | who
    return services.mark_answer(session, task.id, points=points, now=now, **who)


def published(session: Session, name: str) -> list[EventRecord]:
    return list(session.scalars(select(EventRecord).where(EventRecord.name == name)))


def test_an_essay_holds_back_the_grade_but_not_the_other_marks(session: Session, now: datetime) -> None:
    attempt = make_waiting(session, essays=2, now=now)
    assert (attempt.state, attempt.finished_at, attempt.passed, attempt.graded_at) == (AttemptState.NEEDS_GRADING, now, None, None)
    assert [(found.slot, found.mark) for found in queries.list_marks(session, attempt.id)] == [(1, 1)]
    assert [(task.slot, task.waiting_since, task.claimed_by_id) for task in tasks_of(session, attempt)] == [(2, now, None), (3, now, None)]
    assert published(session, "AttemptGraded") == []
    assert published(session, "GradersAsked")[0].facts["answers"] == 2


def test_without_a_word_of_an_essay_nobody_is_asked(session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session, kinds=[QuestionKind.SINGLE_CHOICE, QuestionKind.ESSAY]), now=now)
    answer(session, attempt, 1, {"choice": "a"}, now=now)
    answer(session, attempt, 2, {"text": " \n "}, now=now)
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now)
    assert (attempt.state, attempt.earned, attempt.passed) == (AttemptState.GRADED, 1, False)
    assert [found.state for found in queries.list_marks(session, attempt.id)] == [GradeState.CORRECT, GradeState.GAVE_UP]
    assert tasks_of(session, attempt) == []


def test_a_preview_asks_nobody(session: Session, now: datetime) -> None:
    attempt = make_waiting(session, now=now, is_preview=True)
    assert attempt.state is AttemptState.NEEDS_GRADING
    assert tasks_of(session, attempt) == []


def test_an_attempt_that_the_timer_hands_in_waits_for_graders_too(session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session, kinds=[QuestionKind.ESSAY]), now=now)
    answer(session, attempt, 1, {"text": "Half a thought"}, now=now)
    assert services.expire_overdue(session, now=now + timedelta(hours=2)) == 1
    assert attempt.state is AttemptState.NEEDS_GRADING
    assert len(tasks_of(session, attempt)) == 1


def test_the_last_mark_grades_the_attempt_and_says_so_once(session: Session, now: datetime) -> None:
    attempt = make_waiting(session, essays=2, now=now)
    assert not mark(session, attempt, slot=3, points=HALF, now=now + LATER)
    assert (attempt.state, published(session, "AttemptGraded")) == (AttemptState.NEEDS_GRADING, [])
    assert mark(session, attempt, slot=2, comment="Well said.", now=now + 2 * LATER)
    assert (attempt.state, attempt.graded_at, attempt.passed) == (AttemptState.GRADED, now + 2 * LATER, True)
    assert (attempt.earned, attempt.possible) == (Decimal("2.5"), 3)
    assert [event.facts["passed"] for event in published(session, "AttemptGraded")] == [True]
    assert len(published(session, "GradersFinished")) == 1
    assert {found.slot: found.state for found in queries.list_marks(session, attempt.id)} == {
        1: GradeState.CORRECT,
        2: GradeState.CORRECT,
        3: GradeState.PARTIALLY_CORRECT,
    }


def test_a_mark_below_the_pass_mark_fails(session: Session, now: datetime) -> None:
    attempt = make_waiting(session, now=now, pass_percent=Decimal("75.01"))
    mark(session, attempt, points=HALF, now=now + LATER)
    assert (attempt.earned, attempt.passed) == (Decimal("1.5"), False)


def test_a_pass_that_is_reached_exactly_by_thirds_is_a_pass(session: Session, now: datetime) -> None:
    """1/3 + 1/3 + 1/3 + 1 of 4 points is 50 percent, whatever a database keeps of a third."""
    attempt = make_waiting(session, essays=3, now=now, pass_percent=Decimal(50))
    for slot in (2, 3, 4):
        mark(session, attempt, slot=slot, points=("2", "0"), now=now + LATER)  # 2 of 6
    session.flush()
    session.expire_all()
    assert attempt.passed is True


def test_saying_the_same_again_changes_nothing(session: Session, now: datetime) -> None:
    attempt = make_waiting(session, now=now)
    assert mark(session, attempt, comment="Good.", now=now)
    assert not mark(session, attempt, comment=" Good. ", now=now + LATER)
    assert not mark(session, attempt, points=("4.0", "2"), comment="Good.", now=now + LATER)
    assert [found.revision for found in session.scalars(select(ManualMark))] == [1]
    assert len(published(session, "AttemptGraded")) == 1


def test_a_grader_may_change_a_mark_while_the_attempt_waits_for_others(session: Session, now: datetime) -> None:
    attempt = make_waiting(session, essays=2, now=now)
    mark(session, attempt, points=HALF, comment="First thought", now=now)
    mark(session, attempt, points=FULL, comment="Second thought", now=now + LATER)
    found = session.scalars(select(ManualMark).order_by(ManualMark.revision)).all()
    assert [(one.revision, one.points, one.comment) for one in found] == [
        (1, ["2", "1"], "First thought"),
        (2, ["4", "2"], "Second thought"),
    ]
    assert [(one.slot, one.revision, one.mark) for one in queries.list_marks(session, attempt.id)] == [(1, 1, 1), (2, 2, 1)]
    assert [(event.facts["revision"], event.actor_id) for event in published(session, "AnswerMarked")] == [
        (1, owner_of(session, attempt)),
        (2, owner_of(session, attempt)),
    ]


def test_once_graded_nothing_can_be_marked_any_more(session: Session, now: datetime) -> None:
    attempt = make_waiting(session, now=now)
    mark(session, attempt, now=now)
    with pytest.raises(GradingClosedError):
        mark(session, attempt, points=HALF, now=now)
    assert attempt.earned == 2


def test_another_graders_mark_is_theirs(session: Session, now: datetime) -> None:
    attempt, admin = make_waiting(session, essays=2, now=now), make_user(session, roles=["admin"])
    mark(session, attempt, now=now)
    with pytest.raises(ClaimedError):
        mark(session, attempt, points=HALF, grader_id=admin.id, owner_id=None, now=now + 2 * CLAIM)


@pytest.mark.parametrize(
    ("points", "comment", "field"),
    [
        (("3", "2"), "", "points-0"),
        (("4", "2.5"), "", "points-1"),
        (("4",), "", None),
        (FULL, "x" * 5001, "comment"),
        (FULL, "\0", "comment"),
    ],
)
def test_points_that_cannot_be_are_refused_and_change_nothing(
    session: Session, now: datetime, points: Any, comment: str, field: str | None
) -> None:
    attempt = make_waiting(session, now=now)
    with pytest.raises(InvalidInputError) as refused:
        mark(session, attempt, points=points, comment=comment, now=now)
    assert refused.value.field == field
    assert (attempt.state, tasks_of(session, attempt)[0].graded_at) == (AttemptState.NEEDS_GRADING, None)


def test_nobody_grades_an_attempt_of_their_own(session: Session, now: datetime) -> None:
    admin = make_user(session, roles=["admin"])
    attempt = make_waiting(session, now=now, learner_id=admin.id)
    with pytest.raises(NotFoundError):
        mark(session, attempt, grader_id=admin.id, owner_id=None, now=now)
    assert services.claim_next(session, grader_id=admin.id, owner_id=None, now=now) is None
    assert session.execute(queries.list_waiting(admin.id, None)).all() == []


def test_another_authors_answers_do_not_exist(session: Session, now: datetime) -> None:
    attempt, stranger = make_waiting(session, now=now), make_user(session, roles=["author"])
    with pytest.raises(NotFoundError):
        mark(session, attempt, grader_id=stranger.id, owner_id=stranger.id, now=now)
    assert services.claim_next(session, grader_id=stranger.id, owner_id=stranger.id, now=now) is None


def test_a_claim_keeps_others_away_for_half_an_hour(session: Session, now: datetime) -> None:
    attempt, admin = make_waiting(session, now=now), make_user(session, roles=["admin"])
    author_id, task = owner_of(session, attempt), tasks_of(session, attempt)[0]
    services.claim_task(session, task.id, grader_id=author_id, now=now)
    for refused in (
        lambda: services.claim_task(session, task.id, grader_id=admin.id, now=now + CLAIM - timedelta(seconds=1)),
        lambda: mark(session, attempt, grader_id=admin.id, owner_id=None, now=now + LATER),
    ):
        with pytest.raises(ClaimedError):
            refused()
    assert services.claim_next(session, grader_id=admin.id, owner_id=None, now=now + LATER) is None
    services.claim_task(session, task.id, grader_id=author_id, now=now + LATER)  # begins the half hour anew
    assert services.claim_next(session, grader_id=admin.id, owner_id=None, now=now + CLAIM) is None
    assert services.claim_next(session, grader_id=admin.id, owner_id=None, now=now + LATER + CLAIM) == task.id
    with pytest.raises(ClaimedError):
        mark(session, attempt, now=now + LATER + CLAIM)


def test_what_is_given_back_is_anybodys(session: Session, now: datetime) -> None:
    attempt, admin = make_waiting(session, now=now), make_user(session, roles=["admin"])
    task = tasks_of(session, attempt)[0]
    services.claim_task(session, task.id, grader_id=owner_of(session, attempt), now=now)
    services.release_task(session, task.id, grader_id=admin.id)  # it is not theirs to give back
    assert services.claim_next(session, grader_id=admin.id, owner_id=None, now=now) is None
    services.release_task(session, task.id, grader_id=owner_of(session, attempt))
    services.release_task(session, task.id, grader_id=owner_of(session, attempt))
    assert services.claim_next(session, grader_id=admin.id, owner_id=None, now=now) == task.id


def test_the_longest_waiting_comes_first(session: Session, now: datetime) -> None:
    author = make_user(session, roles=["author"])
    newer = make_waiting(session, now=now + LATER, owner_id=author.id)
    older = make_waiting(session, now=now, owner_id=author.id)
    rows = session.execute(queries.list_waiting(author.id, author.id)).all()
    assert [row[0].attempt_id for row in rows] == [older.id, newer.id]
    assert "Question 2?" in rows[0][2]
    assert services.claim_next(session, grader_id=author.id, owner_id=author.id, now=now + LATER) == tasks_of(session, older)[0].id


def test_a_voided_attempt_waits_for_nobody(session: Session, now: datetime) -> None:
    attempt = make_waiting(session, now=now)
    attempt.state = AttemptState.VOIDED
    session.flush()
    author_id = owner_of(session, attempt)
    assert session.execute(queries.list_waiting(author_id, author_id)).all() == []
    with pytest.raises(GradingClosedError):
        mark(session, attempt, now=now)


def test_an_attempt_that_was_reopened_waits_anew_when_it_is_handed_in(session: Session, now: datetime) -> None:
    attempt = make_waiting(session, essays=2, now=now)
    mark(session, attempt, now=now)
    task = tasks_of(session, attempt)[0]
    put_in_queue(session, attempt, [2], now=now + LATER)
    assert (task.claimed_by_id, task.graded_at, task.waiting_since) == (None, None, now + LATER)
    assert [one.graded_at for one in tasks_of(session, attempt)] == [None, now + LATER]


def test_a_passed_essay_exam_finishes_its_lesson_with_the_last_mark(app: Flask, session: Session, now: datetime) -> None:
    room = make_classroom(session)
    essay = make_question(session, kind=QuestionKind.ESSAY, owner_id=room.exam.owner_id)
    version = services.save_draft(
        session,
        room.exam.id,
        title="Exam",
        settings=queries.get_published(session, room.exam.id)[1].settings(),
        slots=[fixed(essay)],
        author_id=room.exam.owner_id,
        now=now,
    )
    services.publish_quiz(session, room.exam.id, author_id=room.exam.owner_id, now=now)
    attempt = make_attempt(session, room.exam, learner_id=room.learner.id, now=now)
    assert attempt.quiz_version_id == version.id
    answer(session, attempt, 1, {"text": "All I know"}, now=now)
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now)
    held = find_assessed_lesson(session, room.exam.id)
    assert held is not None
    assert find_progress(session, room.enrollment.id, held.id) is None
    mark(session, attempt, slot=1, now=now + LATER)
    done = find_progress(session, room.enrollment.id, held.id)
    assert done is not None
    assert (done.attempt_id, done.done_at) == (attempt.id, now + LATER)


def test_it_counts_as_finished_while_a_person_reads_it(session: Session, now: datetime) -> None:
    attempt = make_waiting(session, now=now, retake_wait_hours=(24,))
    lobby = queries.describe_lobby(session, attempt.quiz_id, attempt.learner_id, now=now + LATER)
    assert (lobby.attempts_used, lobby.attempts_left, lobby.open_attempt_id, lobby.has_passed) == (1, 2, None, False)
    assert lobby.next_start_at == now + timedelta(hours=24)
    assert [found.attempt_id for found in queries.list_being_read(session, attempt.learner_id)] == [attempt.id]


@pytest.mark.parametrize(("kind", "thing"), [(QuizKind.EXAM, "exam"), (QuizKind.GRADED, "quiz")])
def test_the_learner_is_told_once_and_not_how_it_went(app: Flask, session: Session, now: datetime, kind: QuizKind, thing: str) -> None:
    attempt = make_waiting(session, now=now, kind=kind, title="Exam & more")
    mark(session, attempt, comment="Secret praise", now=now)
    event = GradersFinished(occurred_at=now, attempt_id=attempt.id, quiz_id=attempt.quiz_id, learner_id=attempt.learner_id)
    handlers.email_graded(session, event)
    handlers.email_graded(session, event)
    mail = session.scalars(select(Mail).where(Mail.key.startswith("graded:"))).one()
    assert mail.subject == f"Your {thing} has been graded: Exam & more"
    assert f"http://laurel.test/attempts/{attempt.id}/result" in mail.text
    assert "pass" not in (mail.text + str(mail.html)).lower()
    assert "Secret" not in mail.text + str(mail.html)


def test_a_papers_code_says_nothing_about_whose_it_is(session: Session, now: datetime) -> None:
    attempt = make_waiting(session, essays=2, now=now)
    codes = {
        queries.get_desk(session, task.id, grader_id=owner_of(session, attempt), owner_id=None).code for task in tasks_of(session, attempt)
    }
    assert codes == {paper_code(attempt.id)}
    assert len(paper_code(attempt.id)) == 9
    assert str(attempt.id)[:4] not in paper_code(attempt.id).lower()


def test_tasks_exist_only_for_essays(session: Session, now: datetime) -> None:
    make_waiting(session, essays=3, now=now)
    assert len(session.scalars(select(GradingTask)).all()) == 3
