"""What an author sees of a quiz: its sections in words, and what came of it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.bank.models import QuestionVersion
from laurel.bank.queries import get_versions
from laurel.bank.rules import plain_text
from laurel.quizzes.models import Attempt, QuizSlot, QuizVersion
from laurel.quizzes.queries.pools import Pool, groups_of, is_random, load_pools
from laurel.quizzes.queries.publishing import name_sources
from laurel.quizzes.queries.quizzes import list_slots
from laurel.quizzes.rules import AttemptState
from laurel.quizzes.rules.drawing import count_units
from laurel.quizzes.rules.scoring import shown_mark

MAX_TITLE = 120
LEAST_FOR_RATE = 5
"""Rates over fewer attempts would tell how single people did."""


@dataclass(frozen=True, slots=True)
class Section:
    """One slot as a line of a list. `ready`: how many questions it can ask now; `is_short`: they do not suffice."""

    slot: QuizSlot
    title: str
    kind: str
    ready: int
    is_short: bool

    @property
    def points(self) -> str:
        """What a question of it is worth, without trailing zeros."""
        return shown_mark(self.slot.max_mark)


@dataclass(frozen=True, slots=True)
class QuizResults:
    """Attempts that count: how many were started, are running, were graded, passed, and wait for a grader. `pass_rate` None: too
    few to say."""

    started: int
    running: int
    graded: int
    passed: int
    waiting: int = 0

    @property
    def pass_rate(self) -> int | None:
        return round(100 * self.passed / self.graded) if self.graded >= LEAST_FOR_RATE else None


def describe_sections(session: Session, version: QuizVersion) -> list[Section]:
    """The version's slots in words. The number of queries does not grow with them."""
    pools = load_pools(session, list_slots(session, version.id))
    asked = {one for pool in pools if not is_random(pool) for one in pool.versions.values()}
    contents = get_versions(session, asked)
    sources, groups = name_sources(session, [pool.slot for pool in pools]), groups_of(pools)
    return [_describe_draw(pool, sources, groups) if is_random(pool) else _describe_question(pool, contents) for pool in pools]


def _describe_draw(pool: Pool, sources: dict[UUID, str], groups: dict[UUID, str]) -> Section:
    slot, spread = pool.slot, pool.slot.typed_filter().spread_words()
    title = f"{slot.count} drawn from {sources[slot.id]}" + (f": {spread}" if spread else "")
    is_short = any(count_units(place.pool, groups) < place.count for place in pool.places)
    return Section(slot, title, "Random", len(pool.candidates), is_short)


def _describe_question(pool: Pool, contents: dict[UUID, QuestionVersion]) -> Section:
    version = next((contents[one] for one in pool.versions.values()), None)
    if version is None:
        return Section(pool.slot, "A question that is not ready for learners", "Fixed", 0, True)
    words = " ".join(plain_text(version.stem_html).split())
    title = words if len(words) <= MAX_TITLE else words[:MAX_TITLE].rsplit(" ", 1)[0] + " …"
    return Section(pool.slot, title, version.kind.label, 1, False)


def summarize_results(session: Session, quiz_id: UUID) -> QuizResults:
    """How the quiz went so far, previews and voided attempts left out. One query."""
    rows = session.execute(
        select(Attempt.state, Attempt.passed, func.count())
        .where(Attempt.quiz_id == quiz_id, Attempt.is_preview.is_(False), Attempt.state != AttemptState.VOIDED)
        .group_by(Attempt.state, Attempt.passed)
    )
    counts = [(row[0], row[1], row[2]) for row in rows]
    return QuizResults(
        started=sum(count for _, _, count in counts),
        running=sum(count for state, _, count in counts if state is AttemptState.IN_PROGRESS),
        waiting=sum(count for state, _, count in counts if state is AttemptState.NEEDS_GRADING),
        graded=sum(count for state, _, count in counts if state is AttemptState.GRADED),
        passed=sum(count for state, passed, count in counts if state is AttemptState.GRADED and passed),
    )
