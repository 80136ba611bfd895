"""Starting attempts: who may, and the paper that is frozen for them."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.accounts.queries import lock_user
from laurel.bank.models import QuestionVersion
from laurel.bank.queries import get_versions
from laurel.bank.rules import Shuffling
from laurel.core.bus import publish
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.core.ids import new_id
from laurel.quizzes import queries
from laurel.quizzes.events import AttemptStarted
from laurel.quizzes.models import Attempt, PaperSlot, Quiz, QuizVersion
from laurel.quizzes.queries.lobby import check_next
from laurel.quizzes.queries.papers import DrawnQuestion, draw_paper
from laurel.quizzes.queries.quizzes import hold_quiz
from laurel.quizzes.queries.rounds import present_round
from laurel.quizzes.queries.terms import find_terms, terms_of
from laurel.quizzes.rules import AttemptState, QuizKind, chain, drawing, states, timing
from laurel.quizzes.rules.rounds import FIRST, Round, in_round
from laurel.quizzes.rules.starting import Obstacle
from laurel.quizzes.rules.terms import Terms, resolve
from laurel.quizzes.services.finishing import abandon_attempt, settle
from laurel.quizzes.services.passwords import require_password
from laurel.quizzes.services.terms import adopt_terms


class OpenAttemptError(ConflictError):
    """The learner is already at it; `attempt_id` is where to go on."""

    def __init__(self, attempt_id: UUID) -> None:
        super().__init__("You have already started. Go on with the attempt that is open.")
        self.attempt_id = attempt_id


class StartRefusedError(ConflictError):
    """The learner may not start another attempt, or not yet."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(obstacle.message)
        self.obstacle = obstacle


def start_attempt(
    session: Session,
    *,
    quiz_id: UUID,
    learner_id: UUID,
    home_path: str,
    honor_code_accepted: bool,
    browser_session_token: str | None,
    now: datetime,
    is_preview: bool = False,
    password: str = "",
    extra_attempts: int = 0,
) -> Attempt:
    """Start the learner's next attempt: the limit is checked, the paper drawn and frozen, the deadline set.

    However many starts arrive at once, one wins: the others get OpenAttemptError. StartRefusedError where the limit, the wait
    or the window says no; WrongPasswordError; InvalidInputError without the honor code. A preview takes the draft, asks for no
    password and counts nowhere. Who may guess how often is the caller's to limit: see `services.passwords`; and so are
    `extra_attempts`, besides those that the quiz and its overrides allow.
    """
    lock_user(session, learner_id)
    hold_quiz(session, quiz_id)
    quiz, version = _version_for(session, quiz_id, is_preview=is_preview)
    attempts = queries.list_attempts_of(session, learner_id, quiz_id, is_preview=is_preview)
    for attempt in attempts:
        settle(session, attempt, now=now)
    running = next((attempt for attempt in attempts if attempt.state in states.OPEN), None)
    if running is not None and is_preview:
        abandon_attempt(session, running, now=now)
    elif running is not None:
        raise OpenAttemptError(running.id)
    present = FIRST if is_preview else present_round(session, quiz, learner_id)
    terms = _plain_terms(version) if is_preview else _terms_for(session, version, learner_id, present, extra_attempts, now=now)
    if not is_preview:
        _require_nothing_in_the_way(quiz, terms, attempts, present, now=now)
        require_password(version, password)
    _require_honor_code(version, is_accepted=honor_code_accepted)
    which = {"number": attempts[-1].number + 1 if attempts else 1, "round_number": present.number}
    attempt = _new_attempt(version, terms, learner_id=learner_id, home_path=home_path, now=now, is_preview=is_preview, **which)
    attempt.browser_session = hashlib.sha256(browser_session_token.encode()).hexdigest() if browser_session_token else None
    return freeze(session, attempt, version, draw_paper(session, version, seed=attempt.seed, past=attempts))


def _version_for(session: Session, quiz_id: UUID, *, is_preview: bool) -> tuple[Quiz, QuizVersion]:
    if not is_preview:
        return queries.get_published(session, quiz_id)
    quiz = queries.get_quiz(session, quiz_id)
    return quiz, queries.get_working_version(session, quiz)


def _require_nothing_in_the_way(quiz: Quiz, terms: Terms, attempts: Sequence[Attempt], present: Round, *, now: datetime) -> None:
    obstacle = check_next(quiz, terms, attempts, present=present, now=now).obstacle
    if obstacle is not None:
        raise StartRefusedError(obstacle)


def _require_honor_code(version: QuizVersion, *, is_accepted: bool) -> None:
    if version.honor_code and not is_accepted:
        raise InvalidInputError("Please confirm the honor code before you start.", field="honor_code")


def _terms_for(session: Session, version: QuizVersion, learner_id: UUID, present: Round, extra_attempts: int, *, now: datetime) -> Terms:
    return in_round(find_terms(session, version, learner_id, now=now), present, extra_attempts=extra_attempts)


def _plain_terms(version: QuizVersion) -> Terms:
    """What the quiz grants everybody: for previews, and for practice, which has neither limit nor close."""
    return resolve(terms_of(version), own=None, groups=(), profile=None)


def _new_attempt(
    version: QuizVersion,
    terms: Terms,
    *,
    learner_id: UUID,
    number: int,
    home_path: str,
    now: datetime,
    is_preview: bool,
    round_number: int = 1,
    seed: int | None = None,
) -> Attempt:
    attempt_id = new_id()
    attempt = Attempt(
        id=attempt_id,
        quiz_id=version.quiz_id,
        quiz_version_id=version.id,
        learner_id=learner_id,
        number=number,
        round_number=round_number,
        is_preview=is_preview,
        state=AttemptState.IN_PROGRESS,
        home_path=home_path,
        seed=secrets.randbits(62) if seed is None else seed,
        honor_code=version.honor_code,
        honor_code_accepted_at=now if version.honor_code else None,
        created_at=now,
        started_at=now,
        chain_head=chain.genesis(attempt_id),
        reached_slot=1 if version.one_way else None,
    )
    adopt_terms(attempt, terms)
    attempt.deadline_at = attempt.compute_deadline()
    if timing.is_time_over(attempt.deadline_at, now):
        raise StartRefusedError(Obstacle.CLOSED)
    return attempt


def freeze(session: Session, attempt: Attempt, version: QuizVersion, paper: list[DrawnQuestion]) -> Attempt:
    """Store the attempt and its paper: which versions, in which order, with their options in which order."""
    if not paper:
        raise ConflictError("There are no questions in this quiz yet.")
    session.add(attempt)
    session.flush()
    contents = get_versions(session, {question.version_id for question in paper})
    session.add_all(
        PaperSlot(
            attempt_id=attempt.id,
            number=number,
            question_id=question.question_id,
            question_version_id=question.version_id,
            option_order=_option_order(contents[question.version_id], version, seed=attempt.seed, number=number),
            domain=question.slot.domain,
            domain_title=question.slot.domain_title,
            max_mark=question.slot.max_mark,
        )
        for number, question in enumerate(paper, start=1)
    )
    session.flush()
    publish(
        session,
        AttemptStarted(occurred_at=attempt.created_at, attempt_id=attempt.id, quiz_id=attempt.quiz_id, learner_id=attempt.learner_id),
        actor_id=attempt.learner_id,
    )
    return attempt


def _option_order(content: QuestionVersion, version: QuizVersion, *, seed: int, number: int) -> list[str]:
    """The keys in this paper's order; true and false always stand as people expect them, and no order that is the key is shown."""
    body = content.typed_body()
    keys = [option.key for option in body.shown_options()]
    is_shuffled = body.shuffling is Shuffling.ALWAYS or (body.shuffling is Shuffling.AS_THE_QUIZ_SAYS and version.shuffle_options)
    if not is_shuffled:
        return keys
    keep_last = getattr(body, "keep_last", False)
    return drawing.order_options(keys, keep_last=keep_last, seed=seed, number=number, avoid=body.forbidden_order())


def start_practice(session: Session, version: QuizVersion, *, learner_id: UUID, now: datetime) -> Attempt:
    """The attempt that keeps a learner's practice on this version; one on an older version gives way to it."""
    quiz_id = version.quiz_id
    lock_user(session, learner_id)
    attempts = queries.list_attempts_of(session, learner_id, quiz_id)
    running = next((attempt for attempt in attempts if attempt.state in states.OPEN), None)
    if running is not None and running.quiz_version_id == version.id:
        return running
    if running is not None:
        abandon_attempt(session, running, now=now)
    seed = drawing.practice_seed(version.id, learner_id)
    number = attempts[-1].number + 1 if attempts else 1
    terms = _plain_terms(version)
    attempt = _new_attempt(version, terms, learner_id=learner_id, number=number, home_path="/learn", now=now, is_preview=False, seed=seed)
    return freeze(session, attempt, version, draw_paper(session, version, seed=seed))


def require_practice(quiz: Quiz) -> None:
    """Only practice quizzes give feedback question by question."""
    if quiz.kind is not QuizKind.PRACTICE:
        raise ConflictError("This quiz is not for practice: it is handed in as a whole.")
