"""Signs that a paper's questions are known: answers given sooner than they can be, and wrong answers that two learners share.

Counted when somebody asks for them and stored nowhere: who is alike is nobody's lasting record. They are hints for a person.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, Subquery, case, func, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.bank.models import QuestionVersion
from laurel.bank.queries import get_versions
from laurel.bank.rules import GradeState, QuestionKind
from laurel.quizzes.models import AnswerOp, Attempt, CurrentAnswer, PaperSlot, SlotMark
from laurel.quizzes.rules import AttemptState, likeness, pacing
from laurel.quizzes.rules.exposing import LEAST_ANSWERS
from laurel.quizzes.rules.likeness import Likeness, Pair, Sheet
from laurel.quizzes.rules.pacing import Pace, Rate, Saves, Timed

_WRONG = {GradeState.INCORRECT, GradeState.PARTIALLY_CORRECT}


@dataclass(frozen=True, slots=True)
class Sitting:
    """One of the attempts that are compared, and whose it is."""

    attempt_id: UUID
    learner: str
    began_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceLine:
    """The pace of one version of a question, and how likely chance shows as many right answers that are far below its median or sooner
    than it is read, if it were like the whole exam."""

    version: QuestionVersion
    pace: Pace
    far_below_chance: float
    unread_chance: float

    @property
    def is_far_below(self) -> bool:
        return self.far_below_chance < pacing.UNUSUAL

    @property
    def is_unread(self) -> bool:
        return self.unread_chance < pacing.UNUSUAL


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakSigns:
    """What the last graded first attempts show. `answers` were given and `timed` of them could be timed; `lines` are the versions with
    timed answers enough, the most unusual first, and `too_few` counts the others. `far_below` and `unread` are the base rates."""

    sittings: Sequence[Sitting]
    answers: int
    timed: int
    lines: Sequence[PaceLine]
    too_few: int
    far_below: Rate
    unread: Rate
    likeness: Likeness

    @property
    def pairs(self) -> Sequence[tuple[Sitting, Sitting, Pair]]:
        """The pairs that are much alike, with whose they are."""
        return [(self.sittings[pair.first], self.sittings[pair.second], pair) for pair in self.likeness.pairs]

    @property
    def by_chance(self) -> float:
        """How many versions chance alone would point out in each of the two columns, at most."""
        return len(self.lines) * pacing.UNUSUAL


class _Given(NamedTuple):
    """One question of a paper with what became of it; of a wrong answer also what it says."""

    version_id: UUID
    state: GradeState
    is_answered: bool
    wrong: Mapping[str, Any] | None
    saves: Saves


def find_leak_signs(session: Session, quiz_id: UUID) -> LeakSigns:
    """The signs in the last `likeness.MOST_SHEETS` graded attempts, each learner's first. Three queries, however many there are."""
    last = (
        select(Attempt.id)
        .where(Attempt.quiz_id == quiz_id, Attempt.state == AttemptState.GRADED, Attempt.is_preview.is_(False))
        .where(Attempt.number == 1, Attempt.is_counted)
        .order_by(Attempt.id.desc())
        .limit(likeness.MOST_SHEETS)
    )
    sittings = _list_sittings(session, last)
    given = _map_given(session, last)
    versions = get_versions(session, {one.version_id for paper in given.values() for one in paper})
    taken = _time_answers(sittings, given)
    paces = _judgeable(taken, versions)
    far_below = pacing.base_rate(pace.far_below for pace in paces.values())
    unread = pacing.base_rate(pace.unread for pace in paces.values())
    return LeakSigns(
        sittings=sittings,
        answers=sum(one.is_answered for paper in given.values() for one in paper),
        timed=sum(len(timed) for timed in taken.values()),
        lines=_judge(paces, versions, far_below, unread),
        too_few=len(taken) - len(paces),
        far_below=far_below,
        unread=unread,
        likeness=likeness.compare([_sheet(given.get(one.attempt_id, ()), versions) for one in sittings]),
    )


def _list_sittings(session: Session, last: Select[UUID]) -> list[Sitting]:
    """The attempts, the newest first."""
    rows = session.execute(
        select(Attempt.id, User.name, Attempt.started_at, Attempt.created_at)
        .join(User, User.id == Attempt.learner_id)
        .where(Attempt.id.in_(last))
        .order_by(Attempt.id.desc())
    )
    return [Sitting(attempt_id, name, started_at or created_at) for attempt_id, name, started_at, created_at in rows]


def _map_given(session: Session, last: Select[UUID]) -> dict[UUID, list[_Given]]:
    """What each attempt says of the questions that something was saved for, with the marks in force. One query that brings no more
    than is looked at: these are tens of thousands of rows, and most of the time goes into bringing them here."""
    saves = _select_saves(last)
    rows = session.execute(
        select(
            PaperSlot.attempt_id,
            PaperSlot.question_version_id,
            SlotMark.state,
            CurrentAnswer.answer.is_not(None),
            case((SlotMark.state.in_(_WRONG), CurrentAnswer.answer)),
            *(column for column in saves.c if column is not saves.c.attempt_id),
        )
        .join(SlotMark, (SlotMark.attempt_id == PaperSlot.attempt_id) & (SlotMark.slot == PaperSlot.number))
        .join(CurrentAnswer, (CurrentAnswer.attempt_id == PaperSlot.attempt_id) & (CurrentAnswer.slot == PaperSlot.number))
        .join(saves, (saves.c.attempt_id == PaperSlot.attempt_id) & (saves.c.slot == PaperSlot.number))
        .where(PaperSlot.attempt_id.in_(last))
        .order_by(SlotMark.revision)  # of each question the last mark stays
    )
    papers: dict[UUID, dict[int, _Given]] = {}
    for attempt_id, version_id, state, is_answered, wrong, *saved in rows:
        papers.setdefault(attempt_id, {})[saved[0]] = _Given(version_id, state, is_answered, wrong, Saves._make(saved))
    return {attempt_id: list(paper.values()) for attempt_id, paper in papers.items()}


def _select_saves(last: Select[UUID]) -> Subquery:
    """The facts of `Saves`, in its order. What came too late has no place among the saves."""
    return (
        select(
            AnswerOp.attempt_id,
            AnswerOp.slot,
            func.count().label("times"),
            func.min(AnswerOp.position).label("first"),
            func.max(AnswerOp.position).label("last"),
            func.min(AnswerOp.received_at).label("first_at"),
            func.max(AnswerOp.received_at).label("last_at"),
        )
        .where(AnswerOp.attempt_id.in_(last), AnswerOp.position.is_not(None))
        .group_by(AnswerOp.attempt_id, AnswerOp.slot)
        .subquery()
    )


def _time_answers(sittings: Sequence[Sitting], given: Mapping[UUID, Sequence[_Given]]) -> dict[UUID, list[Timed]]:
    """The answers that can be timed, by the version that was asked."""
    found: dict[UUID, list[Timed]] = {}
    for sitting in sittings:
        paper = given.get(sitting.attempt_id, ())
        seconds = pacing.seconds_in_turn([one.saves for one in paper], started_at=sitting.began_at)
        for one in paper:
            if one.is_answered and one.saves.slot in seconds:
                timed = Timed(seconds[one.saves.slot], one.state is GradeState.CORRECT)
                found.setdefault(one.version_id, []).append(timed)
    return found


def _judgeable(taken: Mapping[UUID, Sequence[Timed]], versions: Mapping[UUID, QuestionVersion]) -> dict[UUID, Pace]:
    """The paces of the versions with timed answers enough."""
    return {
        version_id: pacing.pace_of(timed, words=pacing.count_words(versions[version_id].stem_html, versions[version_id].typed_body()))
        for version_id, timed in taken.items()
        if len(timed) >= LEAST_ANSWERS
    }


def _judge(paces: Mapping[UUID, Pace], versions: Mapping[UUID, QuestionVersion], far_below: Rate, unread: Rate) -> list[PaceLine]:
    lines = [
        PaceLine(
            version=versions[version_id],
            pace=pace,
            far_below_chance=pace.far_below.chance(far_below),
            unread_chance=pace.unread.chance(unread),
        )
        for version_id, pace in paces.items()
    ]
    return sorted(lines, key=lambda line: (min(line.far_below_chance, line.unread_chance), line.pace.median, line.version.id))


def _sheet(paper: Sequence[_Given], versions: Mapping[UUID, QuestionVersion]) -> Sheet:
    """The wrong answers of an attempt. Essays are left out: people grade them, and no two are the same."""
    return {
        one.version_id: json.dumps(one.wrong, sort_keys=True)
        for one in paper
        if one.wrong is not None and versions[one.version_id].kind is not QuestionKind.ESSAY
    }
