"""What holds when things happen at the same time: real threads on real connections, on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier, Event
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from laurel.core.db import Database
from laurel.core.errors import DomainError
from laurel.core.events import EventRecord
from laurel.core.ids import new_id
from laurel.quizzes import queries, services
from laurel.quizzes.models import Attempt
from laurel.quizzes.rules import AttemptState, chain
from laurel.quizzes.rules.access import AccessRules
from laurel.quizzes.rules.focus import FocusKind, Noted
from laurel.quizzes.rules.grading import ClaimedError
from laurel.quizzes.rules.saving import SaveItem
from laurel.quizzes.services import OpenAttemptError, StartRefusedError
from laurel.quizzes.services.integrity import note_focus, request_review
from tests.factories.accounts import make_user
from tests.factories.quizzes import FULL, links_of, make_attempt, make_quiz, make_waiting, tasks_of

THREADS = 12
GRADERS = 7
"""They hold their connections while they wait for each other, and the pool has eight."""


def at_once(database: Database, works: list[Callable[[Session], Any]]) -> list[Any]:
    """Run each piece of work in a thread and a transaction of its own, all from the same moment; errors are results."""
    barrier = Barrier(len(works))

    def run(work: Callable[[Session], Any]) -> Any:
        with database.session(writes=True) as session:
            barrier.wait(timeout=20)
            try:
                done = work(session)
                session.commit()
            except (DomainError, IntegrityError, OperationalError) as error:
                session.rollback()
                return error
            return done

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


@pytest.mark.parametrize("limit", [1, 3])
def test_parallel_starts_make_one_attempt(database: Database, session: Session, now: datetime, limit: int) -> None:
    quiz, learner = make_quiz(session, attempts_allowed=limit), make_user(session)
    session.commit()

    def start(session: Session) -> Attempt:
        return make_attempt(session, quiz, learner_id=learner.id, now=now)

    results = at_once(database, [start] * THREADS)
    started = [result for result in results if isinstance(result, Attempt)]
    assert len(started) == 1
    assert {type(result) for result in results if result is not started[0]} == {OpenAttemptError}
    assert {result.attempt_id for result in results if isinstance(result, OpenAttemptError)} == {started[0].id}
    session.rollback()
    assert len(queries.list_attempts_of(session, learner.id, quiz.id)) == 1


def test_starting_and_handing_in_at_once_never_exceeds_the_limit(database: Database, session: Session, now: datetime) -> None:
    quiz, learner = make_quiz(session, attempts_allowed=2), make_user(session)
    session.commit()

    def start_and_hand_in(session: Session) -> None:
        attempt = make_attempt(session, quiz, learner_id=learner.id, now=now)
        services.submit_attempt(session, attempt_id=attempt.id, learner_id=learner.id, now=now)

    at_once(database, [start_and_hand_in] * THREADS)
    session.rollback()
    attempts = queries.list_attempts_of(session, learner.id, quiz.id)
    assert [attempt.number for attempt in attempts] == [1, 2]


@pytest.mark.parametrize(("is_counted", "left"), [(True, 1), (False, 2)])
def test_voided_attempts_count_unless_they_were_given_back(
    database: Database, session: Session, now: datetime, is_counted: bool, left: int
) -> None:
    quiz, learner = make_quiz(session, attempts_allowed=2), make_user(session)
    voided = make_attempt(session, quiz, learner_id=learner.id, now=now)
    voided.state, voided.finished_at, voided.is_counted = AttemptState.VOIDED, now, is_counted
    session.commit()

    def start_and_hand_in(session: Session) -> None:
        attempt = make_attempt(session, quiz, learner_id=learner.id, now=now)
        services.submit_attempt(session, attempt_id=attempt.id, learner_id=learner.id, now=now)

    results = at_once(database, [start_and_hand_in] * THREADS)
    session.rollback()
    assert len(queries.list_attempts_of(session, learner.id, quiz.id)) == 1 + left
    assert results.count(None) == left
    assert {type(result) for result in results if result is not None} == {StartRefusedError}


def test_next_pressed_twelve_times_at_once_leaves_one_question(database: Database, session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session, access=AccessRules(one_way=True)), now=now)
    session.commit()

    def leave(session: Session) -> bool:
        return services.leave_slot(session, attempt_id=attempt.id, learner_id=attempt.learner_id, slot=1, now=now)

    assert sum(at_once(database, [leave] * THREADS)) == 1
    session.rollback()
    session.refresh(attempt)
    assert attempt.reached_slot == 2


def test_an_answer_and_next_at_once_end_in_a_saved_answer_or_in_evidence(database: Database, session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session, access=AccessRules(one_way=True)), now=now)
    session.commit()
    items = [SaveItem(op_id=new_id(), slot=1, seq=seq, answer={"choice": "a"}) for seq in range(1, 8)]

    def save(item: SaveItem) -> Callable[[Session], Any]:
        return lambda session: services.save_answers(
            session, attempt_id=attempt.id, learner_id=attempt.learner_id, items=[item], lease=None, now=now
        )

    def leave(session: Session) -> bool:
        return services.leave_slot(session, attempt_id=attempt.id, learner_id=attempt.learner_id, slot=1, now=now)

    replies = [reply for reply in at_once(database, [*map(save, items[:4]), leave, *map(save, items[4:])]) if not isinstance(reply, bool)]
    session.rollback()
    told = [(reply.saved, reply.late, [op_id for op_id, _, _ in reply.ignored]) for reply in replies]
    assert sorted(op_id for saved, late, ignored in told for op_id in (*saved, *late, *ignored)) == sorted(item.op_id for item in items)
    assert {op.op_id for op in queries.list_ops(session, attempt.id)} == {op_id for saved, _, _ in told for op_id in saved}


def test_twelve_notes_of_one_second_are_one_row(database: Database, session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session, access=AccessRules(logs_focus=True)), now=now)
    session.commit()

    def note(session: Session) -> bool:
        noted = Noted(FocusKind.AWAY, 5000, 1)
        return note_focus(session, attempt_id=attempt.id, learner_id=attempt.learner_id, noted=noted, now=now)

    assert sum(at_once(database, [note] * THREADS)) == 1


def test_twelve_requests_for_a_review_at_once_are_one(database: Database, session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session), now=now)
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now)
    session.commit()

    def ask(session: Session) -> Any:
        return request_review(session, attempt_id=attempt.id, learner_id=attempt.learner_id, statement="Look.", now=now).id

    assert len(set(at_once(database, [ask] * THREADS))) == 1


def test_handing_in_twelve_times_at_once_grades_once(database: Database, session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session), now=now)
    session.commit()

    def submit(session: Session) -> str | None:
        return services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now).receipt

    receipts = at_once(database, [submit] * THREADS)
    session.rollback()
    assert len(set(receipts)) == 1
    assert len(queries.list_marks(session, attempt.id)) == 5
    assert {mark.revision for mark in queries.list_marks(session, attempt.id)} == {1}


@pytest.mark.parametrize("round_", range(4))
def test_a_save_is_graded_or_refused_but_never_acknowledged_and_lost(
    database: Database, session: Session, now: datetime, round_: int
) -> None:
    """Saves, handing in and the sweeper, all at the very end of the time."""
    attempt = make_attempt(session, make_quiz(session), now=now)
    session.commit()
    just_in_time, too_late = now + timedelta(hours=1, seconds=29), now + timedelta(hours=1, seconds=31)
    items = [SaveItem(op_id=new_id(), slot=1, seq=seq, answer={"choice": "a" if seq % 2 else "b"}) for seq in range(1, 9)]

    def save(item: SaveItem) -> Callable[[Session], Any]:
        return lambda session: services.save_answers(
            session, attempt_id=attempt.id, learner_id=attempt.learner_id, items=[item], lease=None, now=just_in_time
        )

    def submit(session: Session) -> str | None:
        return services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=just_in_time).receipt

    works: list[Callable[[Session], Any]] = [save(item) for item in items[:4]]
    works += [submit, lambda session: services.expire_overdue(session, now=too_late), submit]
    works += [save(item) for item in items[4:]]
    results = at_once(database, works)

    session.rollback()
    session.expire_all()
    assert not [result for result in results if isinstance(result, Exception)]
    assert attempt.state is AttemptState.GRADED
    saved = [op_id for result in results if isinstance(result, services.SaveReply) for op_id in result.saved]
    ops = queries.list_ops(session, attempt.id)
    assert {op.op_id for op in ops} == set(saved)
    newest = max(ops, key=lambda op: op.seq, default=None)
    expected = 1 if newest is not None and newest.answer == {"choice": "a"} else 0
    assert attempt.earned == expected
    links = links_of(session, attempt)
    assert chain.find_break(attempt.id, links, head=attempt.chain_head) is None


def test_the_same_batch_twelve_times_at_once_is_saved_once(database: Database, session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session), now=now)
    session.commit()
    items = [SaveItem(op_id=new_id(), slot=slot, seq=1, answer=value) for slot, value in ((1, {"choice": "a"}), (3, {"value": False}))]

    def save(session: Session) -> services.SaveReply:
        return services.save_answers(session, attempt_id=attempt.id, learner_id=attempt.learner_id, items=items, lease=None, now=now)

    replies = at_once(database, [save] * THREADS)
    assert all(sorted(reply.saved) == sorted(item.op_id for item in items) for reply in replies)
    session.rollback()
    assert len(queries.list_ops(session, attempt.id)) == 2


def test_two_authors_saving_at_once_do_not_overwrite_each_other(database: Database, session: Session, now: datetime) -> None:
    quiz = make_quiz(session)
    version = queries.get_published(session, quiz.id)[1]
    settings, token = version.settings(), version.token
    session.commit()

    def save(title: str) -> Callable[[Session], Any]:
        return lambda session: (
            services.save_settings(session, quiz.id, title=title, settings=settings, author_id=quiz.owner_id, now=now, base=token).title
        )

    results = at_once(database, [save(f"Title {number}") for number in range(THREADS)])
    assert sum(isinstance(result, str) for result in results) == 1


@pytest.mark.parametrize("round_", range(3))
def test_the_last_marks_of_an_attempt_at_once_grade_it_once(database: Database, session: Session, now: datetime, round_: int) -> None:
    """Each grader sees the others' answers still waiting, unless the marks of one attempt come one after the other."""
    attempt = make_waiting(session, essays=GRADERS, now=now)
    graders = [make_user(session, roles=["admin"]).id for _ in range(GRADERS)]
    tasks = [task.id for task in tasks_of(session, attempt)]
    session.commit()

    def mark(task_id: UUID, grader_id: UUID) -> Callable[[Session], bool]:
        return lambda session: services.mark_answer(
            session, task_id, grader_id=grader_id, owner_id=None, points=FULL, comment="", now=now + timedelta(hours=1)
        )

    results = at_once(database, [mark(task_id, grader_id) for task_id, grader_id in zip(tasks, graders, strict=True)])
    session.rollback()
    session.expire_all()
    assert sorted(results) == [False] * (GRADERS - 1) + [True]
    assert (attempt.state, attempt.earned, attempt.possible) == (AttemptState.GRADED, GRADERS + 1, GRADERS + 1)
    assert [(mark.slot, mark.revision) for mark in queries.list_marks(session, attempt.id)] == [(slot, 1) for slot in range(1, GRADERS + 2)]
    events = select(EventRecord.name).where(EventRecord.name.in_(["AttemptGraded", "GradersFinished"])).order_by(EventRecord.name)
    assert list(session.scalars(events)) == ["AttemptGraded", "GradersFinished"]


def test_a_grader_who_comes_while_another_saves_waits_and_then_sees_the_mark(database: Database, session: Session, now: datetime) -> None:
    attempt = make_waiting(session, essays=2, now=now)
    graders = [make_user(session, roles=["admin"]).id for _ in range(2)]
    tasks = [task.id for task in tasks_of(session, attempt)]
    session.commit()

    def mark(number: int) -> bool:
        with database.session(writes=True) as writing:
            points = {"points": FULL, "comment": "", "now": now}
            is_last = services.mark_answer(writing, tasks[number], grader_id=graders[number], owner_id=None, **points)
            has_marked[number].set()
            assert may_commit[number].wait(timeout=20)
            writing.commit()
            return is_last

    has_marked, may_commit = (Event(), Event()), (Event(), Event())
    may_commit[1].set()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(mark, 0)
        assert has_marked[0].wait(timeout=20)
        second = pool.submit(mark, 1)
        assert not has_marked[1].wait(timeout=0.5)
        may_commit[0].set()
        assert (first.result(), second.result()) == (False, True)
    session.rollback()
    session.expire_all()
    assert attempt.state is AttemptState.GRADED


def test_graders_who_ask_at_once_get_different_answers(database: Database, session: Session, now: datetime) -> None:
    attempt = make_waiting(session, essays=4, now=now)
    graders = [make_user(session, roles=["admin"]).id for _ in range(GRADERS)]
    tasks = {task.id for task in tasks_of(session, attempt)}
    session.commit()

    def claim(grader_id: UUID) -> Callable[[Session], UUID | None]:
        return lambda session: services.claim_next(session, grader_id=grader_id, owner_id=None, now=now)

    results = at_once(database, [claim(grader_id) for grader_id in graders])
    assert {result for result in results if result is not None} == tasks
    assert results.count(None) == GRADERS - len(tasks)


def test_two_graders_marking_one_answer_at_once_leave_one_mark(database: Database, session: Session, now: datetime) -> None:
    attempt = make_waiting(session, essays=2, now=now)
    graders = [make_user(session, roles=["admin"]).id for _ in range(GRADERS)]
    task_id = tasks_of(session, attempt)[0].id
    session.commit()

    def mark(number: int) -> Callable[[Session], bool]:
        return lambda session: services.mark_answer(
            session, task_id, grader_id=graders[number], owner_id=None, points=FULL, comment=str(number), now=now
        )

    results = at_once(database, [mark(number) for number in range(GRADERS)])
    session.rollback()
    assert [type(result) for result in results].count(ClaimedError) == GRADERS - 1
    assert [(mark.slot, mark.revision) for mark in queries.list_marks(session, attempt.id)] == [(1, 1), (2, 1)]
