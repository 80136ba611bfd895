"""What a learner reads before an attempt, and what the public reads about an exam."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.bank.rules import QuestionKind
from laurel.quizzes.models import Attempt, Quiz, QuizVersion
from laurel.quizzes.queries.attempts import list_attempts_of
from laurel.quizzes.queries.pools import list_kinds, load_pools
from laurel.quizzes.queries.quizzes import count_questions, get_published, get_version, list_slots
from laurel.quizzes.queries.rounds import present_round
from laurel.quizzes.queries.terms import find_terms
from laurel.quizzes.rules import AttemptState, Field, QuizKind, QuizSettings, Score, reviewing, states, timing
from laurel.quizzes.rules.briefing import announce
from laurel.quizzes.rules.rounds import Round, in_round
from laurel.quizzes.rules.starting import Obstacle, PastAttempt, StartCheck, StartRules, check_start
from laurel.quizzes.rules.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSummary:
    """One attempt in a list. `passed` and `percent` are None where the learner may not see them."""

    id: UUID
    number: int
    round_number: int
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
    None if one can. `next_start_at`: the end of the waiting time. `round`: which round the next attempt belongs to; what is said of
    attempts and of having passed is said of that one, while `attempts` lists all.
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
    open_state: AttemptState | None
    has_passed: bool
    attempts: Sequence[AttemptSummary]
    needs_password: bool
    one_way: bool
    logs_focus: bool
    rules: Sequence[str]
    is_accommodated: bool
    round: Round

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


def describe_lobby(session: Session, quiz_id: UUID, learner_id: UUID, *, now: datetime, extra_attempts: int = 0) -> Lobby:
    """What this learner may and must know now; raises NotFoundError if the quiz is not published.

    `extra_attempts`: how many they have besides what the quiz and its overrides allow.
    """
    quiz, version = get_published(session, quiz_id)
    attempts = list_attempts_of(session, learner_id, quiz_id)
    present = present_round(session, quiz, learner_id)
    terms = in_round(find_terms(session, version, learner_id, now=now), present, extra_attempts=extra_attempts)
    check = check_next(quiz, terms, attempts, present=present, now=now)
    summaries = _summaries(session, attempts, version, terms, check, now=now)
    running = next((attempt for attempt in attempts if attempt.state in states.OPEN), None)
    version, terms = _in_force(session, version, terms, running, present, extra_attempts=extra_attempts, now=now)
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
        open_state=None if running is None else running.state,
        has_passed=any(seen.passed for seen in summaries if present.counts(seen.round_number)),
        attempts=summaries,
        needs_password=version.password_hash is not None,
        one_way=version.one_way,
        logs_focus=version.logs_focus,
        rules=announce(quiz.kind, _on_terms(version.settings(), terms), version.review),
        is_accommodated=terms.multiplier is not None,
        round=present,
    )


@dataclass(frozen=True, slots=True)
class Unused:
    """What a round that brings no attempts would find: so many that the learner has left, None without a limit, and whether anything was
    passed. Nothing is left of what led to a pass."""

    left: int | None
    has_passed: bool


def find_unused(session: Session, quiz_id: UUID, learner_id: UUID, *, now: datetime, extra_attempts: int = 0) -> Unused:
    """What the learner has left of the exam's own attempts. `extra_attempts`: those that they bought and used up."""
    quiz, version = get_published(session, quiz_id)
    attempts = list_attempts_of(session, learner_id, quiz_id)
    has_passed = any(bool(attempt.passed) and attempt.state is not AttemptState.VOIDED for attempt in attempts)
    present = present_round(session, quiz, learner_id)
    terms = in_round(find_terms(session, version, learner_id, now=now), present, extra_attempts=extra_attempts)
    left = check_next(quiz, terms, attempts, present=present, now=now).left
    return Unused(0 if has_passed and left is not None else left, has_passed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What decides, besides an attempt itself, what its learner may see of it."""

    closes_at: datetime | None
    has_attempt_left: bool
    now: datetime

    def fields(self, attempt: Attempt, version: QuizVersion) -> frozenset[Field]:
        """What may be seen of the attempt now, by the version on which it was made. Before it is graded nothing but that it is there."""
        if attempt.state is not AttemptState.GRADED:
            return frozenset()
        phase = reviewing.phase_of(
            finished_at=attempt.finished_at, closes_at=self.closes_at, has_attempt_left=self.has_attempt_left, now=self.now
        )
        return version.review.visible(phase, has_attempt_left=self.has_attempt_left)


def _in_force(
    session: Session, version: QuizVersion, terms: Terms, running: Attempt | None, present: Round, *, extra_attempts: int, now: datetime
) -> tuple[QuizVersion, Terms]:
    """The version whose rules are told, and the learner's terms at it: while an attempt runs, those it was started on."""
    if running is None or running.quiz_version_id == version.id:
        return version, terms
    started_on = get_version(session, running.quiz_version_id)
    return started_on, in_round(find_terms(session, started_on, running.learner_id, now=now), present, extra_attempts=extra_attempts)


def has_attempt_left(check: StartCheck, attempts: Sequence[Attempt]) -> bool:
    """Whether the learner may yet answer these questions: with another attempt, or with the one that runs."""
    return check.left != 0 or any(attempt.state in states.OPEN for attempt in attempts)


def _summaries(
    session: Session, attempts: Sequence[Attempt], version: QuizVersion, terms: Terms, check: StartCheck, *, now: datetime
) -> list[AttemptSummary]:
    standing = Standing(closes_at=terms.closes_at, has_attempt_left=has_attempt_left(check, attempts), now=now)
    return [summarize(attempt, own, standing) for attempt, own in _with_versions(session, attempts, version)]


def _with_versions(session: Session, attempts: Sequence[Attempt], version: QuizVersion) -> list[tuple[Attempt, QuizVersion]]:
    """Each attempt with the version it was made on; no query if that is the present one for all of them."""
    older = {attempt.quiz_version_id for attempt in attempts} - {version.id}
    found = {row.id: row for row in session.scalars(select(QuizVersion).where(QuizVersion.id.in_(older)))} if older else {}
    return [(attempt, found.get(attempt.quiz_version_id, version)) for attempt in attempts]


def _on_terms(settings: QuizSettings, terms: Terms) -> QuizSettings:
    """The settings as they are for this learner."""
    return replace(
        settings,
        minutes=terms.minutes,
        opens_at=terms.opens_at,
        closes_at=terms.closes_at,
        attempts_allowed=terms.attempts,
        retake_wait_hours=tuple(terms.wait_hours),
    )


def check_next(quiz: Quiz, terms: Terms, attempts: Sequence[Attempt], *, present: Round, now: datetime) -> StartCheck:
    """Whether another attempt may start in the present round on these terms, an open one aside. `attempts`: those of all rounds."""
    rules = StartRules(
        kind=quiz.kind,
        attempts_allowed=terms.attempts,
        retake_wait_hours=terms.wait_hours,
        opens_at=terms.opens_at,
        closes_at=terms.closes_at,
        is_round_over=present.is_over(now),
    )
    past = [
        PastAttempt(finished_at=a.finished_at, passed=bool(a.passed) and a.state is not AttemptState.VOIDED, is_counted=a.is_counted)
        for a in attempts
        if present.counts(a.round_number)
    ]
    return check_start(rules, past, now=now)


def summarize(attempt: Attempt, version: QuizVersion, standing: Standing) -> AttemptSummary:
    """The attempt in one line, its outcome and its score only where they may be seen."""
    seen = standing.fields(attempt, version)
    score = Score(attempt.earned or Decimal(0), attempt.possible or Decimal(0))
    return AttemptSummary(
        id=attempt.id,
        number=attempt.number,
        round_number=attempt.round_number,
        state=attempt.state,
        started_at=attempt.started_at,
        finished_at=attempt.finished_at,
        passed=attempt.passed if Field.PASSED in seen else None,
        percent=score.shown(version.pass_percent) if Field.MARKS in seen else None,
    )
