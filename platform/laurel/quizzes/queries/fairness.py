"""How equal the papers of a quiz are and how known its questions: simulated papers beside those that were really given out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from laurel.bank.models import Question
from laurel.quizzes.models import Attempt, PaperSlot, QuestionUsage, QuizVersion
from laurel.quizzes.queries.papers import lay_out
from laurel.quizzes.queries.pools import Pool, groups_of, is_random, load_pools, places_of
from laurel.quizzes.queries.publishing import name_sources
from laurel.quizzes.queries.quizzes import list_slots
from laurel.quizzes.queries.usage import map_usage
from laurel.quizzes.rules import AttemptState, drawing, exposing, fairness
from laurel.quizzes.rules.drawing import Drawer, PoolTooSmallError
from laurel.quizzes.rules.exposing import Drift
from laurel.quizzes.rules.fairness import Facility, Forms, Item

SIMULATED = 1000
LAST_PAPERS = 1000
"""Shares are told over so many papers, the last ones: older ones were drawn from another pool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionLine:
    """One question that a paper may ask. `expected` and `actual` are its shares of the simulated and of the last papers.

    `is_fixed`: some section asks it by name, so that it is on every paper and its share says nothing.
    """

    question_id: UUID
    version_id: UUID
    sections: Sequence[int]
    is_fixed: bool
    facility: Facility
    expected: float
    actual: float | None
    shown: int
    people: int
    shown_recently: int

    @property
    def seen_again(self) -> int:
        """How many papers showed it to somebody who had had it before."""
        return self.shown - self.people

    @property
    def is_overexposed(self) -> bool:
        return not self.is_fixed and self.actual is not None and self.actual > exposing.MAX_SHARE

    @property
    def is_known(self) -> bool:
        return exposing.is_known(self.shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLine:
    """What one random section, or one part of its spread, draws, and how long its pool lasts."""

    position: int
    source: str
    band: str
    units: int
    count: int
    learners_left: int

    @property
    def is_small(self) -> bool:
        return exposing.is_pool_small(self.units, self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperReport:
    """`together` and `given_together` count pairs of one duplicate group on a paper, simulated and given out."""

    forms: Forms
    together: int
    given: int
    given_together: int
    questions: Sequence[QuestionLine]
    pools: Sequence[PoolLine]
    drifts: Sequence[tuple[QuestionLine, Drift]]
    counted_at: datetime | None

    @property
    def judged(self) -> Sequence[tuple[QuestionLine, Drift]]:
        """The questions with answers enough to say whether they drifted."""
        return [(line, drift) for line, drift in self.drifts if drift.is_judgeable]

    @property
    def notable(self) -> Sequence[tuple[QuestionLine, Drift]]:
        return [(line, drift) for line, drift in self.drifts if drift.is_notable]

    @property
    def by_chance(self) -> float:
        return exposing.expected_by_chance([drift for _, drift in self.drifts])

    @property
    def learners_left(self) -> int | None:
        """For about how many more papers the pools last: as long as the first of them."""
        return min((pool.learners_left for pool in self.pools), default=None)


def report_papers(session: Session, version: QuizVersion) -> PaperReport | None:
    """The report on this version's papers; None while none can be drawn. The number of queries does not grow with anything."""
    pools = load_pools(session, list_slots(session, version.id))
    groups = groups_of(pools)
    candidates = {one.question_id: one for pool in pools for one in pool.candidates}
    usage = map_usage(session, candidates)
    facilities = {one.question_id: _facility(one.difficulty, one.version_id, usage.get(one.question_id)) for one in candidates.values()}
    papers = _simulate(pools, facilities)
    if not papers:
        return None
    last = select(Attempt.id).where(Attempt.quiz_id == version.quiz_id, Attempt.is_preview.is_(False))
    last = last.order_by(Attempt.id.desc()).limit(LAST_PAPERS)
    given, shares = _count_given(session, last)
    lines = _question_lines(pools, facilities, usage, Counter(question for paper in papers for question, _ in paper), shares, given)
    return PaperReport(
        forms=fairness.compare_forms([[item for _, item in paper] for paper in papers], scores=_scores(session, version.quiz_id)),
        together=fairness.count_together([[question for question, _ in paper] for paper in papers], groups),
        given=given,
        given_together=_count_given_together(session, last),
        questions=lines,
        pools=_pool_lines(pools, groups, name_sources(session, [pool.slot for pool in pools]), usage),
        drifts=_drifts(lines, usage),
        counted_at=max((row.counted_at for row in usage.values()), default=None),
    )


def _facility(difficulty: int, version_id: UUID, usage: QuestionUsage | None) -> Facility:
    """All answers to the version in use, older and newer, taken together."""
    if usage is None or usage.question_version_id != version_id:
        return fairness.facility_of(difficulty, mean=None, answers=0)
    answers = usage.answers_before + usage.answers_lately
    total = (usage.facility_before or 0.0) * usage.answers_before + (usage.facility_lately or 0.0) * usage.answers_lately
    return fairness.facility_of(difficulty, mean=total / answers if answers else None, answers=answers)


def _simulate(pools: Sequence[Pool], facilities: Mapping[UUID, Facility]) -> list[list[tuple[UUID, Item]]]:
    """A thousand papers as the blueprint alone draws them: which of its questions are spared today changes from day to day."""
    drawer = Drawer(places_of(pools), groups=groups_of(pools))
    items = {
        (pool.slot.id, one.question_id): Item(facilities[one.question_id].value, float(pool.slot.max_mark))
        for pool in pools
        for one in pool.candidates
    }
    try:
        return [
            [(one.question_id, items[one.slot.id, one.question_id]) for one in lay_out(pools, drawer.draw(seed=seed), seed=seed)]
            for seed in range(SIMULATED if pools else 0)
        ]
    except PoolTooSmallError:
        return []


def _count_given(session: Session, last: Select[UUID]) -> tuple[int, dict[UUID, int]]:
    """How many of the last papers there are, and on how many of them each question was."""
    given = session.scalar(select(func.count()).select_from(last.subquery())) or 0
    asked = select(PaperSlot.question_id, func.count()).where(PaperSlot.attempt_id.in_(last)).group_by(PaperSlot.question_id)
    return given, {row[0]: row[1] for row in session.execute(asked)}


def _count_given_together(session: Session, last: Select[UUID]) -> int:
    """Pairs of one group, by the groups of today, on the last papers."""
    sizes = (
        select(func.count().label("size"))
        .join(Question, Question.id == PaperSlot.question_id)
        .where(PaperSlot.attempt_id.in_(last), Question.duplicate_group.is_not(None))
        .group_by(PaperSlot.attempt_id, Question.duplicate_group)
        .having(func.count() > 1)
    )
    return sum(size * (size - 1) // 2 for size in session.scalars(sizes.select_from(PaperSlot)))


def _scores(session: Session, quiz_id: UUID) -> list[float]:
    """The scores of the last graded first attempts, from 0 to 1."""
    rows = session.execute(
        select(Attempt.earned, Attempt.possible)
        .where(Attempt.quiz_id == quiz_id, Attempt.state == AttemptState.GRADED, Attempt.is_preview.is_(False), Attempt.number == 1)
        .order_by(Attempt.id.desc())
        .limit(LAST_PAPERS)
    )
    return [float(earned / possible) for earned, possible in rows if earned is not None and possible]


def _question_lines(
    pools: Sequence[Pool],
    facilities: Mapping[UUID, Facility],
    usage: Mapping[UUID, QuestionUsage],
    simulated: Mapping[UUID, int],
    shares: Mapping[UUID, int],
    given: int,
) -> list[QuestionLine]:
    """The questions, the most shown first."""
    sections: dict[UUID, list[int]] = {}
    versions: dict[UUID, UUID] = {}
    for pool in pools:
        for one in pool.candidates:
            sections.setdefault(one.question_id, []).append(pool.slot.position)
            versions[one.question_id] = one.version_id
    fixed = {one.question_id for pool in pools if not is_random(pool) for one in pool.candidates}
    lines = []
    for question_id, positions in sections.items():
        counted = usage.get(question_id)
        line = QuestionLine(
            question_id=question_id,
            version_id=versions[question_id],
            sections=positions,
            is_fixed=question_id in fixed,
            facility=facilities[question_id],
            expected=simulated.get(question_id, 0) / SIMULATED,
            actual=shares.get(question_id, 0) / given if given else None,
            shown=counted.shown if counted else 0,
            people=counted.people if counted else 0,
            shown_recently=counted.shown_recently if counted else 0,
        )
        lines.append(line)
    return sorted(lines, key=lambda line: (-(line.actual or 0.0), -line.expected, line.question_id))


def _pool_lines(
    pools: Sequence[Pool], groups: Mapping[UUID, str], sources: Mapping[UUID, str], usage: Mapping[UUID, QuestionUsage]
) -> list[PoolLine]:
    return [
        PoolLine(
            position=pool.slot.position,
            source=sources[pool.slot.id],
            band=band.name if band else "",
            units=drawing.count_units(wanted.pool, groups),
            count=wanted.count,
            learners_left=exposing.learners_left([usage[one].shown if one in usage else 0 for one in wanted.pool], wanted.count),
        )
        for pool in pools
        if is_random(pool)
        for band, wanted in pool.bands
    ]


def _drifts(lines: Sequence[QuestionLine], usage: Mapping[UUID, QuestionUsage]) -> list[tuple[QuestionLine, Drift]]:
    """The questions that were answered both before the window and in it, those that became easier most first."""
    found = []
    for line in lines:
        row = usage.get(line.question_id)
        if row is None or row.question_version_id != line.version_id or row.facility_before is None or row.facility_lately is None:
            continue
        found.append((line, Drift(row.facility_before, row.answers_before, row.facility_lately, row.answers_lately)))
    return sorted(found, key=lambda pair: -pair[1].change)
