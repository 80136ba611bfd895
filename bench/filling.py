"""A database as it looks in the middle of an exam: so many answers stored from before, and the seats that save now."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import ColumnElement, Uuid, create_engine, insert, inspect, literal, literal_column, select, text
from sqlalchemy.orm import Session

from bench.floor import TABLE
from bench.load import Seat
from laurel.accounts.models import User
from laurel.bank.rules import QuestionKind
from laurel.core import clock
from laurel.core.db import Database
from laurel.core.ids import new_id
from laurel.migrating import migrate_database
from laurel.models import import_all
from laurel.quizzes.models import AnswerOp, Attempt, CurrentAnswer, PaperSlot
from laurel.quizzes.rules import AttemptState, chain
from laurel.web.browser_sessions import BrowserSession, row_id
from tests.factories.quizzes import RIGHT, WRONG, make_attempt, make_quiz

QUESTIONS = 50
KINDS = [
    QuestionKind.SINGLE_CHOICE,
    QuestionKind.MULTIPLE_RESPONSE,
    QuestionKind.TRUE_FALSE,
    QuestionKind.SHORT_ANSWER,
    QuestionKind.NUMERICAL,
] * (QUESTIONS // 5)
PLACES = {"a": "o1", "b": "o2", "c": "o3"}


def on_paper(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer as a page sends it: options by their places. These papers show them in their authors' order."""
    if "choices" in answer:
        return {"choices": [PLACES[key] for key in answer["choices"]]}
    return {"choice": PLACES[answer["choice"]]} if "choice" in answer else answer


ANSWERS = [[on_paper(RIGHT[kind]), on_paper(WRONG[kind])] for kind in KINDS]


@dataclass(frozen=True)
class Filled:
    """A database that is ready."""

    url: str
    stored: int
    seats: list[Seat]


def fill(url: str, *, stored: int, seats: int, secret_key: str) -> Filled:
    """Make the database at `url`: `stored` answers of finished attempts at an exam of fifty questions, and `seats` running ones."""
    import_all()
    migrate_database(url)
    database = Database(url, statement_timeout_ms=0)
    with database.session(writes=True) as session:
        session.execute(text(TABLE))
        if not database.is_sqlite:
            session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            session.execute(text("SET LOCAL session_replication_role = replica"))  # what is made here refers to nothing that is not there
        model = make_attempt(session, make_quiz(session, kinds=KINDS, minutes=600))
        now = clock.now()
        past = _clone(session, model, count=stored // QUESTIONS, state=AttemptState.GRADED, now=now - timedelta(days=30))
        _store_answers(session, model, now=now - timedelta(days=30))
        learners = _clone(session, model, count=seats, state=AttemptState.IN_PROGRESS, now=now)
        found = [_sign_in(session, attempt_id, learner_id, key, secret_key, now) for attempt_id, (learner_id, key) in learners.items()]
        assert len(past) == stored // QUESTIONS
        session.commit()
    database.engine.dispose()
    _settle(url)
    return Filled(url, stored, found)


def _clone(session: Session, model: Attempt, *, count: int, state: AttemptState, now: datetime) -> dict[UUID, tuple[UUID, str]]:
    """So many learners, each with an attempt like the model's and the same paper; attempt → (learner, key of their sessions)."""
    people = [
        {"id": new_id(), "email": f"bench-{new_id()}@example.com", "name": "Ada", "password": None, "created_at": now, "confirmed_at": now}
        | {"role_names": [], "active": True, "fs_uniquifier": new_id().hex}
        for _ in range(count)
    ]
    facts = {column.key: getattr(model, column.key) for column in inspect(Attempt).column_attrs}
    attempts = []
    for person in people:
        attempt_id = new_id()
        own = {"id": attempt_id, "learner_id": person["id"], "state": state, "chain_head": chain.genesis(attempt_id), "created_at": now}
        attempts.append(facts | own)
    session.execute(insert(User), people)
    session.execute(insert(Attempt), attempts)
    columns = list(PaperSlot.__table__.c)
    own_columns = {"id": _next_id(session, "018e" if state is AttemptState.GRADED else "018f"), "attempt_id": Attempt.id}
    copied = select(*[own_columns.get(column.name, column) for column in columns]).select_from(Attempt)  # type: ignore[arg-type]
    copied = copied.join(PaperSlot, PaperSlot.attempt_id == model.id).where(Attempt.state == state, Attempt.id != model.id)
    session.execute(insert(PaperSlot).from_select([column.name for column in columns], copied))
    return {attempt["id"]: (person["id"], person["fs_uniquifier"]) for attempt, person in zip(attempts, people, strict=True)}


def _store_answers(session: Session, model: Attempt, *, now: datetime) -> None:
    """One saved answer for every question of every finished attempt, and as the current answer."""
    answered = (
        select(_next_id(session, "018e"), PaperSlot.attempt_id, PaperSlot.number, PaperSlot.number, literal(1))
        .add_columns(
            literal({"choice": "a"}, AnswerOp.answer.type), literal(""), literal(now, AnswerOp.received_at.type), literal("0" * 64)
        )
        .where(PaperSlot.attempt_id != model.id)
    )
    names = ["op_id", "attempt_id", "position", "slot", "seq", "answer", "client_ts", "received_at", "hash"]
    session.execute(insert(AnswerOp).from_select(names, answered))
    current = select(AnswerOp.attempt_id, AnswerOp.slot, AnswerOp.seq, AnswerOp.answer, AnswerOp.op_id, AnswerOp.received_at)
    session.execute(insert(CurrentAnswer).from_select(["attempt_id", "slot", "seq", "answer", "op_id", "saved_at"], current))


def _next_id(session: Session, prefix: str) -> ColumnElement[UUID]:
    """Ids that ascend, as those made by the clock do, and that lie before all of today's."""
    if session.get_bind().dialect.name == "sqlite":
        return literal_column(f"printf('{prefix}%028x', row_number() OVER ())", Uuid())
    return literal_column(f"('{prefix}' || lpad(to_hex(row_number() OVER ()), 28, '0'))::uuid", Uuid())


def _sign_in(session: Session, attempt_id: UUID, learner_id: UUID, key: str, secret_key: str, now: datetime) -> Seat:
    """A browser session of the learner, as signing in makes it."""
    token, raw = secrets.token_urlsafe(32), secrets.token_hex(20)
    session.add(
        BrowserSession(
            id=row_id(token),
            user_id=learner_id,
            data={"_user_id": key, "_laurel_user": str(learner_id), "_laurel_second_factor": False, "csrf_token": raw},
            created_at=now,
            last_seen_at=now,
            idle_seconds=14 * 24 * 3600,
            ends_at=now + timedelta(days=60),
        )
    )
    signed = URLSafeTimedSerializer(secret_key, salt="wtf-csrf-token").dumps(raw)
    return Seat(attempt_id=str(attempt_id), cookie=token, csrf=str(signed))


def _settle(url: str) -> None:
    """Leave no work behind that would fall into the measurement: statistics, visibility, what waits to be written."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    sqlite, postgresql = ("ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"), ("VACUUM ANALYZE", "CHECKPOINT")
    with engine.connect() as connection:
        for statement in sqlite if engine.dialect.name == "sqlite" else postgresql:
            connection.exec_driver_sql(statement)
    engine.dispose()


def check(filled: Filled) -> list[str]:
    """What is wrong with the stored answers of the seats: every acknowledged one is there, and each chain is whole."""
    database, wrong = Database(filled.url), []
    with database.session(writes=False) as session:
        for seat in filled.seats:
            wrong += _check_seat(session, seat)
    database.engine.dispose()
    return wrong


def _check_seat(session: Session, seat: Seat) -> list[str]:
    attempt = session.get_one(Attempt, UUID(seat.attempt_id))
    ops: list[AnswerOp] = list(session.scalars(select(AnswerOp).where(AnswerOp.attempt_id == attempt.id).order_by(AnswerOp.position)))
    if len(ops) != seat.acknowledged:
        return [f"{attempt.id}: {seat.acknowledged} acknowledged, {len(ops)} stored"]
    at = chain.find_break(attempt.id, [(_link_of(op), str(op.hash)) for op in ops], head=attempt.chain_head)
    return [] if at is None else [f"{attempt.id}: the chain breaks at {at}"]


def _link_of(op: AnswerOp) -> chain.Link:
    facts: dict[str, Any] = {name: getattr(op, name) for name in ("op_id", "slot", "seq", "answer", "client_ts", "received_at")}
    return chain.Link(position=op.position or 0, **facts)
