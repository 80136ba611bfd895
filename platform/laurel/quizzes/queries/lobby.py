"""What a learner reads before an attempt, and what the public reads about an exam."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.bank.rules import QuestionKind
from laurel.quizzes.models import Attempt, Quiz, QuizVersion
from laurel.quizzes.queries.attempts import list_attempts_of
from laurel.quizzes.queries.pools import list_kinds, load_pools
from laurel.quizzes.queries.quizzes import count_questions, get_published, list_slots
from laurel.quizzes.queries.terms import find_terms
from laurel.quizzes.rules import AttemptState, QuizKind, ReviewPreset, Score, states, timing
from laurel.quizzes.rules.starting import Obstacle, PastAttempt, StartCheck, StartRules, check_start
from laurel.quizzes.rules.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSummary:
    """One attempt in a list. `percent` is None where the learner may not see a score."""

    id: UUID
    number: int
    state: AttemptState
    started_at: datetime | None
    finished_at: datetime | None
    passed: bool | None
    percent: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lobby:
    """Everything to know before pressing Start.

    `minutes`: this learner's limit (None: none). `real_minutes`: what an attempt started now, or at the opening, would have:
    less if the quiz closes before. `is_accommodated`: the limit was stretched for them. `obstacle`: why none can be started,
    None if one can. `next_start_at`: the end of the waiting time.
    """

    quiz_id: UUID
    kind: QuizKind
    title: str
    instructions_html: str
    honor_code: str
    questions: int
    minutes: int | None
    real_minutes: int | None
    closes_at: datetime | None
    opens_at: datetime | None
    pass_percent: Decimal
    attempts_allowed: int | None
    attempts_used: int
    attempts_left: int | None
    next_start_at: datetime | None
    obstacle: Obstacle | None
    open_attempt_id: UUID | None
    has_passed: bool
    attempts: Sequence[AttemptSummary]
    is_accommodated: bool

    @property
    def may_start(self) -> bool:
        return self.obstacle is None and self.open_attempt_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamFacts:
    """What the public may know about an exam. `blueprint`: (domain title, number of questions), in order."""

    questions: int
    minutes: int | None
    pass_percent: Decimal
    attempts: int | None
    retake_wait_hours: Sequence[int]
    blueprint: Sequence[tuple[str, int]]
    kinds: Sequence[QuestionKind]


def describe_exam_facts(session: Session, quiz_id: UUID) -> ExamFacts:
    """The facts of the published version; raises NotFoundError if there is none."""
    _, version = get_published(session, quiz_id)
    slots = list_slots(session, version.id)
    domains: dict[str, tuple[str, int]] = {}
    for slot in slots:
        if slot.domain:
            title, count = domains.get(slot.domain, (slot.domain_title or slot.domain, 0))
            domains[slot.domain] = title, count + slot.count
    return ExamFacts(
        questions=sum(slot.count for slot in slots),
        minutes=version.minutes,
        pass_percent=version.pass_percent,
        attempts=version.attempts_allowed,
        retake_wait_hours=tuple(version.retake_wait_hours),
        blueprint=list(domains.values()),
        kinds=list_kinds(session, load_pools(session, slots)),
    )


def describe_lobby(session: Session, quiz_id: UUID, learner_id: UUID, *, now: datetime) -> Lobby:
    """What this learner may and must know now; raises NotFoundError if the quiz is not published."""
    quiz, version = get_published(session, quiz_id)
    attempts = list_attempts_of(session, learner_id, quiz_id)
    terms = find_terms(session, version, learner_id, now=now)
    check = check_next(quiz, terms, attempts, now=now)
    running = next((attempt for attempt in attempts if attempt.state in states.OPEN), None)
    return Lobby(
        quiz_id=quiz.id,
        kind=quiz.kind,
        title=version.title,
        instructions_html=version.instructions_html,
        honor_code=version.honor_code,
        questions=count_questions(session, version.id),
        minutes=terms.minutes,
        real_minutes=timing.real_minutes(limit=terms.limit, closes_at=terms.closes_at, now=max(now, terms.opens_at or now)),
        closes_at=terms.closes_at,
        opens_at=terms.opens_at,
        pass_percent=version.pass_percent,
        attempts_allowed=terms.attempts,
        attempts_used=check.used,
        attempts_left=check.left,
        next_start_at=check.next_start_at,
        obstacle=check.obstacle,
        open_attempt_id=None if running is None else running.id,
        has_passed=any(attempt.passed for attempt in attempts),
        attempts=[summarize(attempt, version) for attempt in attempts],
        is_accommodated=terms.multiplier is not None,
    )


def check_next(quiz: Quiz, terms: Terms, attempts: Sequence[Attempt], *, now: datetime) -> StartCheck:
    """Whether another attempt may start on these terms, an open one aside."""
    rules = StartRules(
        kind=quiz.kind,
        attempts_allowed=terms.attempts,
        retake_wait_hours=terms.wait_hours,
        opens_at=terms.opens_at,
        closes_at=terms.closes_at,
    )
    past = [PastAttempt(finished_at=a.finished_at, passed=bool(a.passed), is_counted=a.is_counted) for a in attempts]
    return check_start(rules, past, now=now)


def summarize(attempt: Attempt, version: QuizVersion) -> AttemptSummary:
    """The attempt in one line, its score only where scores are shown."""
    percent = None
    if attempt.state is AttemptState.GRADED and version.review_preset is not ReviewPreset.CERTIFICATION:
        percent = Score(attempt.earned or Decimal(0), attempt.possible or Decimal(0)).shown(version.pass_percent)
    return AttemptSummary(
        id=attempt.id,
        number=attempt.number,
        state=attempt.state,
        started_at=attempt.started_at,
        finished_at=attempt.finished_at,
        passed=attempt.passed,
        percent=percent,
    )
