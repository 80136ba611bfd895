"""What an author sees of a quiz: its sections in words, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.bank.models import QuestionCategory, QuestionVersion
from laurel.bank.queries import get_versions
from laurel.bank.rules import plain_text
from laurel.quizzes.models import Attempt, QuizSlot, QuizVersion
from laurel.quizzes.queries.pools import Pool, load_pools
from laurel.quizzes.queries.quizzes import list_slots
from laurel.quizzes.rules import AttemptState, SlotKind
from laurel.quizzes.rules.scoring import shown_mark

MAX_TITLE = 120
LEAST_FOR_RATE = 5
"""Rates over fewer attempts would tell how single people did."""


@dataclass(frozen=True, slots=True)
class Section:
    """One slot as a line of a list. `ready`: how many questions it can ask now."""

    slot: QuizSlot
    title: str
    kind: str
    ready: int

    @property
    def is_short(self) -> bool:
        return self.ready < self.slot.count

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
    asked = {one for pool in pools if pool.slot.kind is SlotKind.FIXED for one in pool.versions.values()}
    contents = get_versions(session, asked)
    titles = _category_titles(session, pools)
    return [_describe(pool, contents, titles) for pool in pools]


def _category_titles(session: Session, pools: Sequence[Pool]) -> dict[UUID, str]:
    wanted = {pool.slot.category_id for pool in pools if pool.slot.category_id is not None}
    rows = session.execute(select(QuestionCategory.id, QuestionCategory.title).where(QuestionCategory.id.in_(wanted)))
    return {row[0]: row[1] for row in rows}


def _describe(pool: Pool, contents: dict[UUID, QuestionVersion], titles: dict[UUID, str]) -> Section:
    slot = pool.slot
    if slot.category_id is not None:
        return Section(slot, f"{slot.count} drawn from “{titles.get(slot.category_id, '')}”", "Random", len(pool.versions))
    version = next((contents[one] for one in pool.versions.values()), None)
    if version is None:
        return Section(slot, "A question that is not ready for learners", "Fixed", 0)
    words = " ".join(plain_text(version.stem_html).split())
    title = words if len(words) <= MAX_TITLE else words[:MAX_TITLE].rsplit(" ", 1)[0] + " …"
    return Section(slot, title, version.kind.label, 1)


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
