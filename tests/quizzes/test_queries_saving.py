"""What saving reads of an attempt: all in one statement, and as it is once the lock is held."""

from datetime import datetime
from threading import Event, Thread

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from laurel.bank.queries import map_bodies
from laurel.core.db import Database
from laurel.core.errors import NotFoundError
from laurel.core.ids import new_id
from laurel.quizzes import queries, services
from laurel.quizzes.models import Attempt
from laurel.quizzes.queries.attempts import list_paper
from laurel.quizzes.queries.saving import LockedAttempt
from laurel.quizzes.rules.saving import SaveItem
from tests.conftest import QueryCount
from tests.factories.accounts import make_user
from tests.factories.quizzes import answer, make_attempt, make_quiz


@pytest.fixture
def attempt(session: Session, now: datetime) -> Attempt:
    return make_attempt(session, make_quiz(session), now=now)


def test_the_slots_that_are_asked_for_come_with_their_questions_and_what_is_stored(
    session: Session, attempt: Attempt, now: datetime
) -> None:
    answer(session, attempt, 3, {"value": True}, seq=7, now=now)
    paper = {slot.number: slot.question_version_id for slot in queries.list_paper(session, attempt.id)}

    locked = queries.lock_for_saving(session, attempt.learner_id, attempt.id, slots=[1, 3, 6, 2**31 - 1], op_ids=[new_id()])

    assert {number: (slot.version_id, slot.seq) for number, slot in locked.slots.items()} == {1: (paper[1], 0), 3: (paper[3], 7)}
    assert (locked.state, locked.deadline_at, locked.ops_count, locked.knows_an_op) == (attempt.state, attempt.deadline_at, 1, False)


def test_an_operation_that_is_kept_is_known_whoever_made_it(session: Session, attempt: Attempt, now: datetime) -> None:
    answer(session, attempt, 1, {"choice": "a"}, now=now)
    kept = queries.list_ops(session, attempt.id)[0].op_id
    other = make_attempt(session, make_quiz(session), now=now)

    locked = queries.lock_for_saving(session, other.learner_id, other.id, slots=[1], op_ids=[new_id(), kept])

    assert locked.knows_an_op


def test_nothing_asked_for_is_still_an_attempt(session: Session, attempt: Attempt) -> None:
    locked = queries.lock_for_saving(session, attempt.learner_id, attempt.id, slots=[], op_ids=[])
    assert (locked.state, locked.slots, locked.knows_an_op) == (attempt.state, {}, False)


def test_somebody_elses_attempt_does_not_exist(session: Session, attempt: Attempt) -> None:
    with pytest.raises(NotFoundError):
        queries.lock_for_saving(session, make_user(session).id, attempt.id, slots=[1], op_ids=[])


def test_after_waiting_for_the_lock_everything_is_as_the_one_before_left_it(
    database: Database, session: Session, attempt: Attempt, now: datetime
) -> None:
    """Without asking again, PostgreSQL would show the attempt as it is now, and its answers as they were before the wait."""
    session.commit()
    item = SaveItem(op_id=new_id(), slot=1, seq=4, answer={"choice": "a"})
    facts = {"attempt_id": attempt.id, "learner_id": attempt.learner_id}
    found: list[LockedAttempt] = []
    asks = Event()

    def wait_in_line() -> None:
        with database.session(writes=True) as waiting:
            asks.set()
            found.append(queries.lock_for_saving(waiting, attempt.learner_id, attempt.id, slots=[1], op_ids=[item.op_id]))

    with database.session(writes=True) as first:
        services.save_answers(first, **facts, items=[item], lease=None, now=now)
        thread = Thread(target=wait_in_line)
        thread.start()
        asks.wait(10)
        while not database.is_sqlite and not is_somebody_waiting(first):
            assert thread.is_alive()
        first.commit()
    thread.join(10)

    assert (found[0].ops_count, found[0].slots[1].seq, found[0].knows_an_op) == (1, 4, True)


def is_somebody_waiting(session: Session) -> bool:
    return bool(session.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())


def test_the_body_of_a_version_is_read_once(session: Session, attempt: Attempt, queries: QueryCount) -> None:
    versions = [slot.question_version_id for slot in list_paper(session, attempt.id)]
    first = map_bodies(session, versions)
    queries.clear()

    assert map_bodies(session, versions) == first
    assert (len(first), queries.statements) == (5, [])
