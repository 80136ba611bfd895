"""The judge itself: each kind of damage, planted in a database where nothing was wrong, is found and called by its name."""

import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from laurel.core.db import Database, database_now
from laurel.core.ids import new_id
from laurel.quizzes import services
from laurel.quizzes.models import AnswerOp, Attempt, CurrentAnswer, SlotMark
from laurel.quizzes.rules.saving import SaveItem
from tests.factories.quizzes import make_attempt
from tests.faults.checker import Watch, check
from tests.faults.clients import Reply, judge
from tests.faults.journal import Journal, Kind, Op, Try, times_of
from tests.faults.world import make_exams

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def attempt(session: Session) -> Attempt:
    found = make_attempt(session, make_exams(session, 1)[0])
    session.commit()
    return found


@pytest.fixture
def journal(session: Session, attempt: Attempt) -> Journal:
    """Three answers to question 1 and one to question 2, all saved and acknowledged."""
    kept = Journal()
    for slot, seq in ((1, 1), (1, 2), (2, 1), (1, 3)):
        kept.note(entry(save(session, attempt, Op(new_id(), attempt.id, slot, seq, {"text": f"answer {slot} {seq}"}))))
    return kept


def entry(op: Op, kind: Kind = Kind.OK, *, sent_at: float = 0, took: float = 0.1, client: int = 0) -> Try:
    return Try(op=op, client=client, sent_at=sent_at, took=took, kind=kind, status=200)


def save(session: Session, attempt: Attempt, op: Op) -> Op:
    item = SaveItem(op_id=op.op_id, slot=op.slot, seq=op.seq, answer=op.answer)
    now = database_now(session)
    services.save_answers(session, attempt_id=attempt.id, learner_id=attempt.learner_id, items=[item], lease=None, now=now)
    session.commit()
    return op


def submit(session: Session, attempt: Attempt) -> None:
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=database_now(session))


def found_by(database: Database, session: Session, journal: Journal, attempt: Attempt) -> set[str]:
    session.commit()
    return {name for name, number in asdict(check(database, journal, [attempt.id])).items() if number}


def test_where_nothing_is_wrong_nothing_is_found(database: Database, session: Session, journal: Journal, attempt: Attempt) -> None:
    assert found_by(database, session, journal, attempt) == set()
    submit(session, attempt)
    assert found_by(database, session, journal, attempt) == set()


def forget_an_older_answer(session: Session, attempt: Attempt, _journal: Journal) -> None:
    session.execute(delete(AnswerOp).where(AnswerOp.slot == 1, AnswerOp.seq == 2))


def forget_the_newest_answer(session: Session, attempt: Attempt, _journal: Journal) -> None:
    before = session.scalars(select(AnswerOp).where(AnswerOp.slot == 1, AnswerOp.seq == 2)).one()
    changed = update(CurrentAnswer).where(CurrentAnswer.slot == 1)
    session.execute(changed.values(seq=2, answer=before.answer, op_id=before.op_id))


def change_what_was_said(session: Session, attempt: Attempt, _journal: Journal) -> None:
    session.execute(update(AnswerOp).where(AnswerOp.slot == 1, AnswerOp.seq == 1).values(answer={"text": "another"}))


def change_the_current_answer(session: Session, attempt: Attempt, _journal: Journal) -> None:
    session.execute(update(CurrentAnswer).where(CurrentAnswer.slot == 2).values(answer={"text": "another"}))


def store_one_twice(session: Session, attempt: Attempt, _journal: Journal) -> None:
    session.execute(update(AnswerOp).where(AnswerOp.slot == 1, AnswerOp.seq == 1).values(seq=2))


def let_the_last_arrive_late(session: Session, attempt: Attempt, _journal: Journal) -> None:
    assert attempt.deadline_at is not None
    late = attempt.deadline_at + timedelta(seconds=31)
    session.execute(update(AnswerOp).where(AnswerOp.slot == 1, AnswerOp.seq == 3).values(received_at=late))


def grade_without_it(session: Session, attempt: Attempt, journal: Journal) -> None:
    journal.note(entry(save(session, attempt, Op(new_id(), attempt.id, 3, 1, {"text": "hallucination"}))))
    submit(session, attempt)
    attempt.earned = Decimal(0)


def lose_a_mark(session: Session, attempt: Attempt, _journal: Journal) -> None:
    submit(session, attempt)
    session.execute(delete(SlotMark).where(SlotMark.slot == 5))


def give_up(_session: Session, attempt: Attempt, journal: Journal) -> None:
    journal.note(entry(Op(new_id(), attempt.id, 4, 1, {"text": "?"}), Kind.UNKNOWN))


@pytest.mark.parametrize(
    ("damage", "names"),
    [
        (forget_an_older_answer, {"lost_ops", "orphan"}),
        (forget_the_newest_answer, {"lost_final"}),
        (change_what_was_said, {"phantom", "orphan"}),
        (change_the_current_answer, {"phantom"}),
        (store_one_twice, {"duplicate", "phantom", "orphan"}),
        (let_the_last_arrive_late, {"late_graded", "orphan"}),
        (grade_without_it, {"ungraded"}),
        (lose_a_mark, {"orphan"}),
        (give_up, {"unsettled"}),
    ],
)
def test_each_damage_is_found(
    database: Database,
    session: Session,
    journal: Journal,
    attempt: Attempt,
    damage: Callable[[Session, Attempt, Journal], None],
    names: set[str],
) -> None:
    session.connection().exec_driver_sql("PRAGMA foreign_keys = OFF")
    damage(session, attempt, journal)

    assert found_by(database, session, journal, attempt) == names


def test_the_final_state_alone_does_not_see_a_loss(database: Database, session: Session, journal: Journal, attempt: Attempt) -> None:
    session.execute(delete(AnswerOp).where(AnswerOp.slot == 1, AnswerOp.seq < 3))
    session.commit()

    findings = check(database, journal, [attempt.id])
    assert (findings.lost_ops, findings.lost_final) == (2, 0)


def test_an_answer_that_becomes_older_is_noticed(database: Database, session: Session, journal: Journal, attempt: Attempt) -> None:
    watch = Watch(database, [attempt.id])
    watch.look()
    session.execute(update(CurrentAnswer).where(CurrentAnswer.slot == 1).values(seq=2))
    session.commit()
    watch.look()

    assert watch.regress == 1
    assert session.scalar(select(func.count()).select_from(CurrentAnswer)) == 2


@pytest.mark.parametrize(
    ("reply", "kind", "is_trouble"),
    [
        (Reply(200, {}, '{"saved": ["OP"]}'), Kind.OK, False),
        (Reply(409, {}, '{"saved": [], "late": ["OP"]}'), Kind.LATE, False),
        (Reply(409, {}, '{"saved": [], "late": []}'), Kind.FAIL, False),
        (Reply(200, {}, '{"saved": []}'), Kind.FAIL, True),
        (Reply(503, {"retry-after": "2"}, '{"error": "temporarily_unavailable"}'), Kind.UNKNOWN, False),
        (Reply(503, {}, '{"error": "temporarily_unavailable"}'), Kind.UNKNOWN, True),
        (Reply(503, {"retry-after": "2"}, "<h1>Sorry</h1>"), Kind.UNKNOWN, True),
        (Reply(500, {}, "{}"), Kind.UNKNOWN, True),
        (Reply(400, {}, "{}"), Kind.FAIL, True),
        (Reply(429, {}, "{}"), Kind.UNKNOWN, False),
    ],
)
def test_a_reply_is_read_as_the_browser_would(attempt: Attempt, reply: Reply, kind: Kind, is_trouble: bool) -> None:
    op = Op(new_id(), attempt.id, 1, 1, {"text": "?"})
    said = Reply(reply.status, reply.headers, reply.text.replace("OP", str(op.op_id)))

    assert (judge(op, said)[0], bool(judge(op, said)[1])) == (kind, is_trouble)


def test_times_are_measured_from_the_fault_to_the_first_answer_after_its_last_error(attempt: Attempt) -> None:
    journal = Journal()
    for client, sent_at, kind in ((1, 0.0, Kind.OK), (2, 0.5, Kind.OK), (1, 1.0, Kind.UNKNOWN), (1, 3.0, Kind.OK), (2, 3.5, Kind.OK)):
        op = Op(new_id(), attempt.id, 1, 1, {"text": "?"})
        journal.note(entry(op, kind, sent_at=sent_at, client=client))

    times = times_of(journal, started_at=0, ended_at=4, faults=[0.9])
    assert round(times.recover, 6) == 2.2
    assert round(times.worst_client_gap, 6) == 3.0
    assert times_of(Journal(), started_at=0, ended_at=time.monotonic()).worst_client_gap == 0
