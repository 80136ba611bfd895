from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.bank.rules import GradeState, QuestionKind, QuestionStatus
from laurel.core.errors import ConflictError, InvalidInputError, NotFoundError
from laurel.core.events import EventRecord
from laurel.quizzes import queries, services
from laurel.quizzes.models import Attempt, SlotMark
from laurel.quizzes.rules import AttemptState, Band, FinishReason, QuizKind, chain
from laurel.quizzes.rules.quizzes import ExpiryPolicy
from laurel.quizzes.rules.starting import Obstacle
from laurel.quizzes.rules.states import AttemptTransitionError
from tests.factories.accounts import make_user
from tests.factories.bank import make_category, make_question
from tests.factories.quizzes import answer, answer_all, drawn, fixed, links_of, make_attempt, make_quiz

HOUR = timedelta(hours=1)


def count_events(session: Session, name: str) -> int:
    return session.scalar(select(func.count()).where(EventRecord.name == name)) or 0


# ---- starting


def test_starting_freezes_the_paper_and_sets_the_deadline(session: Session, now: datetime) -> None:
    quiz = make_quiz(session, shuffle_options=True, minutes=45)
    attempt = make_attempt(session, quiz, now=now)
    paper = queries.list_paper(session, attempt.id)
    assert (attempt.state, attempt.number, attempt.deadline_at) == (AttemptState.IN_PROGRESS, 1, now + timedelta(minutes=45))
    assert [slot.number for slot in paper] == [1, 2, 3, 4, 5]
    assert sorted(paper[0].option_order) == ["a", "b", "c", "d"]
    assert paper[2].option_order == ["true", "false"]
    assert paper[4].option_order == []
    assert count_events(session, "AttemptStarted") == 1


def test_a_paper_draws_no_question_twice_and_two_learners_get_different_ones(session: Session) -> None:
    category = make_category(session)
    for _ in range(12):
        make_question(session, category_id=category.id)
    quiz = make_quiz(session, slots=[drawn(category.id, 4, domain="a"), drawn(category.id, 4, domain="b")])
    papers = [[slot.question_id for slot in queries.list_paper(session, make_attempt(session, quiz).id)] for _ in range(4)]
    assert all(len(set(paper)) == 8 for paper in papers)
    assert len({tuple(paper) for paper in papers}) == 4


def test_a_shuffled_paper_keeps_its_domains_together(session: Session) -> None:
    questions = [make_question(session) for _ in range(12)]
    slots = [fixed(question, domain="a" if at < 6 else "b") for at, question in enumerate(questions)]
    attempt = make_attempt(session, make_quiz(session, slots=slots, shuffle_questions=True))
    paper = queries.list_paper(session, attempt.id)
    assert [slot.domain for slot in paper] == ["a"] * 6 + ["b"] * 6
    assert [slot.question_id for slot in paper] != [question.id for question in questions]


def test_a_paper_that_cannot_be_filled_is_not_started_shorter(session: Session) -> None:
    category = make_category(session)
    questions = [make_question(session, category_id=category.id) for _ in range(3)]
    quiz = make_quiz(session, slots=[drawn(category.id, 3)])
    questions[0].change_status(QuestionStatus.RETIRED, at=quiz.created_at)
    session.flush()
    with pytest.raises(ConflictError, match="being revised"):
        make_attempt(session, quiz)
    assert session.scalar(select(func.count()).select_from(Attempt)) == 0


def test_the_honor_code_must_be_accepted_and_is_kept_in_the_words_of_the_day(session: Session, now: datetime) -> None:
    quiz = make_quiz(session, honor_code="I answer myself.")
    learner = make_user(session)
    facts = {"quiz_id": quiz.id, "learner_id": learner.id, "home_path": "/learn", "browser_session_token": "t0ken", "now": now}
    with pytest.raises(InvalidInputError) as refused:
        services.start_attempt(session, honor_code_accepted=False, **facts)
    assert refused.value.field == "honor_code"
    attempt = services.start_attempt(session, honor_code_accepted=True, **facts)
    assert (attempt.honor_code, attempt.honor_code_accepted_at) == ("I answer myself.", now)
    assert "t0ken" not in str(attempt.browser_session)


def test_a_second_start_leads_to_the_open_attempt(session: Session) -> None:
    quiz, learner = make_quiz(session), make_user(session)
    attempt = make_attempt(session, quiz, learner_id=learner.id)
    with pytest.raises(services.OpenAttemptError) as refused:
        make_attempt(session, quiz, learner_id=learner.id)
    assert refused.value.attempt_id == attempt.id


def test_the_attempts_run_out(session: Session, now: datetime) -> None:
    quiz, learner = make_quiz(session, attempts_allowed=2), make_user(session)
    for number in (1, 2):
        attempt = make_attempt(session, quiz, learner_id=learner.id, now=now)
        assert attempt.number == number
        services.submit_attempt(session, attempt_id=attempt.id, learner_id=learner.id, now=now)
    with pytest.raises(services.StartRefusedError) as refused:
        make_attempt(session, quiz, learner_id=learner.id, now=now)
    assert refused.value.obstacle is Obstacle.NO_ATTEMPTS_LEFT


def test_the_next_attempt_waits(session: Session, now: datetime) -> None:
    quiz, learner = make_quiz(session, retake_wait_hours=(24,)), make_user(session)
    attempt = make_attempt(session, quiz, learner_id=learner.id, now=now)
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=learner.id, now=now)
    with pytest.raises(services.StartRefusedError):
        make_attempt(session, quiz, learner_id=learner.id, now=now + timedelta(hours=23, minutes=59))
    assert queries.describe_lobby(session, quiz.id, learner.id, now=now).next_start_at == now + timedelta(hours=24)
    make_attempt(session, quiz, learner_id=learner.id, now=now + timedelta(hours=24))


def test_a_start_after_the_time_of_an_attempt_that_nobody_looked_at_ends_that_one_first(session: Session, now: datetime) -> None:
    quiz, learner = make_quiz(session), make_user(session)
    forgotten = make_attempt(session, quiz, learner_id=learner.id, now=now)
    following = make_attempt(session, quiz, learner_id=learner.id, now=now + 2 * HOUR)
    assert (forgotten.state, forgotten.finish_reason, forgotten.finished_at) == (AttemptState.GRADED, FinishReason.TIMER, now + HOUR)
    assert following.number == 2


def test_a_preview_takes_the_draft_counts_nowhere_and_gives_way_to_the_next(session: Session, now: datetime) -> None:
    quiz = make_quiz(session, attempts_allowed=1)
    token = queries.get_published(session, quiz.id)[1].token
    settings = queries.get_published(session, quiz.id)[1].settings()
    services.save_settings(session, quiz.id, title="Draft", settings=settings, author_id=quiz.owner_id, now=now, base=token)
    first = make_attempt(session, quiz, learner_id=quiz.owner_id, now=now, is_preview=True)
    second = make_attempt(session, quiz, learner_id=quiz.owner_id, now=now, is_preview=True)
    assert queries.get_version(session, second.quiz_version_id).title == "Draft"
    assert first.state is AttemptState.ABANDONED
    lobby = queries.describe_lobby(session, quiz.id, quiz.owner_id, now=now)
    assert (lobby.attempts_used, lobby.may_start, lobby.title) == (0, True, "Prompt exam")


def test_the_lobby_says_what_is_true_now(session: Session, now: datetime) -> None:
    quiz, learner = make_quiz(session, closes_at=now + timedelta(minutes=52, seconds=30), instructions="*Read.*"), make_user(session)
    lobby = queries.describe_lobby(session, quiz.id, learner.id, now=now)
    assert (lobby.minutes, lobby.real_minutes, lobby.questions, lobby.attempts_left) == (60, 52, 5, 3)
    assert lobby.may_start
    attempt = make_attempt(session, quiz, learner_id=learner.id, now=now)
    lobby = queries.describe_lobby(session, quiz.id, learner.id, now=now)
    assert (lobby.open_attempt_id, lobby.may_start, lobby.attempts_left) == (attempt.id, False, 2)
    assert attempt.deadline_at == now + timedelta(minutes=52, seconds=30)


# ---- handing in


def test_handing_in_grades_and_gives_a_receipt(session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session), now=now)
    answer_all(session, attempt, right=4, now=now)
    done = services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now + timedelta(minutes=9))
    assert (done.state, done.earned, done.possible, done.passed) == (AttemptState.GRADED, Decimal(4), Decimal(5), True)
    assert (done.finished_at, done.finish_reason) == (now + timedelta(minutes=9), FinishReason.LEARNER)
    assert done.receipt.startswith("LR-")
    assert count_events(session, "AttemptSubmitted") == count_events(session, "AttemptGraded") == 1


def test_handing_in_again_gives_the_same_receipt_and_grades_once(session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session), now=now)
    receipts = {
        services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now + timedelta(minutes=at)).receipt
        for at in (1, 2, 200)
    }
    assert len(receipts) == 1
    assert session.scalar(select(func.count()).select_from(SlotMark)) == 5
    assert count_events(session, "AttemptGraded") == 1


@pytest.mark.parametrize(("right", "passed"), [(5, True), (4, True), (3, False), (0, False)])
def test_passing_needs_the_pass_mark(session: Session, now: datetime, right: int, passed: bool) -> None:
    attempt = make_attempt(session, make_quiz(session), now=now)
    answer_all(session, attempt, right=right, now=now)
    done = services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now)
    assert done.passed is passed


def test_an_empty_paper_fails_with_every_question_given_up(session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session), now=now)
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now)
    assert {mark.state for mark in queries.list_marks(session, attempt.id)} == {GradeState.GAVE_UP}
    assert attempt.earned == 0


def test_marks_are_weighed_by_what_a_question_is_worth(session: Session, now: datetime) -> None:
    heavy, light = make_question(session), make_question(session)
    quiz = make_quiz(session, slots=[fixed(heavy, max_mark="7"), fixed(light, max_mark="3")])
    attempt = make_attempt(session, quiz, now=now)
    answer(session, attempt, 1, {"choice": "a"}, now=now)
    answer(session, attempt, 2, {"choice": "b"}, now=now)
    done = services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now)
    assert (done.earned, done.possible, done.passed) == (Decimal(7), Decimal(10), True)


def test_thirds_do_not_pass_a_mark_that_was_not_reached(session: Session, now: datetime) -> None:
    body = {
        "options": [
            {"text": "a", "fraction": "0.3333333333"},
            {"text": "b", "fraction": "0.3333333333"},
            {"text": "c", "fraction": "0.3333333334"},
        ],
        "policy": "weighted",
    }
    question = make_question(session, kind=QuestionKind.MULTIPLE_RESPONSE, body=body)
    quiz = make_quiz(session, slots=[fixed(question)], pass_percent=Decimal("66.67"))
    attempt = make_attempt(session, quiz, now=now)
    answer(session, attempt, 1, {"choices": ["a", "b"]}, now=now)
    done = services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now)
    assert done.passed is False


def test_nobody_hands_in_for_somebody_else(session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session), now=now)
    with pytest.raises(NotFoundError):
        services.submit_attempt(session, attempt_id=attempt.id, learner_id=make_user(session).id, now=now)
    assert attempt.state is AttemptState.IN_PROGRESS


def test_an_abandoned_attempt_is_not_handed_in(session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session), now=now)
    services.abandon_attempt(session, attempt, now=now)
    with pytest.raises(AttemptTransitionError):
        services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now)


# ---- the timer


def test_the_sweeper_hands_in_what_is_over_at_its_deadline(session: Session, now: datetime) -> None:
    quiz = make_quiz(session)
    over, running = make_attempt(session, quiz, now=now), make_attempt(session, quiz, now=now + HOUR)
    answer_all(session, over, now=now)
    assert services.expire_overdue(session, now=now + HOUR + timedelta(seconds=31)) == 1
    assert (over.state, over.finish_reason, over.finished_at, over.passed) == (AttemptState.GRADED, FinishReason.TIMER, now + HOUR, True)
    assert running.state is AttemptState.IN_PROGRESS
    assert services.expire_overdue(session, now=now + HOUR + timedelta(seconds=31)) == 0


def test_the_sweeper_leaves_thirty_seconds_for_answers_on_their_way(session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session), now=now)
    assert services.expire_overdue(session, now=now + HOUR + timedelta(seconds=30)) == 0
    assert attempt.state is AttemptState.IN_PROGRESS


def test_handing_in_during_the_grace_counts_as_the_timers(session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session), now=now)
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now + HOUR + timedelta(seconds=12))
    assert (attempt.finish_reason, attempt.finished_at) == (FinishReason.TIMER, now + HOUR)


def test_one_attempt_that_cannot_be_graded_does_not_hold_up_the_others(session: Session, now: datetime) -> None:
    broken, fine = make_attempt(session, make_quiz(session), now=now), make_attempt(session, make_quiz(session), now=now)
    version = queries.get_slot(session, broken.id, 1)[1]
    version.body = {"options": "damaged"}
    session.flush()
    assert services.expire_overdue(session, now=now + 2 * HOUR) == 1
    session.expire_all()
    assert (broken.state, fine.state) == (AttemptState.IN_PROGRESS, AttemptState.GRADED)


def test_a_quiz_may_abandon_instead(session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session, expiry_policy=ExpiryPolicy.ABANDON), now=now)
    services.expire_overdue(session, now=now + 2 * HOUR)
    assert (attempt.state, attempt.passed, attempt.earned) == (AttemptState.ABANDONED, False, 0)


def test_a_grace_period_leaves_only_handing_in(session: Session, now: datetime) -> None:
    quiz = make_quiz(session, expiry_policy=ExpiryPolicy.GRACE_PERIOD, grace_seconds=600)
    handed_in, forgotten = make_attempt(session, quiz, now=now), make_attempt(session, quiz, now=now)
    services.expire_overdue(session, now=now + HOUR + timedelta(minutes=1))
    assert handed_in.state is forgotten.state is AttemptState.OVERDUE
    late = now + HOUR + timedelta(minutes=5)
    assert answer(session, handed_in, 1, {"choice": "a"}, now=late).saved == []
    services.submit_attempt(session, attempt_id=handed_in.id, learner_id=handed_in.learner_id, now=late)
    services.expire_overdue(session, now=now + HOUR + timedelta(minutes=11))
    assert (handed_in.state, forgotten.state) == (AttemptState.GRADED, AttemptState.ABANDONED)


# ---- results


def make_domain_quiz(session: Session, **settings: object):  # type: ignore[no-untyped-def]
    slots = [fixed(make_question(session), domain="big") for _ in range(5)] + [
        fixed(make_question(session), domain="small") for _ in range(2)
    ]
    return make_quiz(session, slots=slots, **settings)


def submit(session: Session, attempt: Attempt, now: datetime) -> None:
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now)


def test_an_exam_tells_pass_or_fail_and_bands_and_nothing_more(session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_domain_quiz(session), now=now)
    answer_all(session, attempt, right=5, now=now)
    submit(session, attempt, now)
    result = queries.get_result(session, attempt.learner_id, attempt.id, now=now)
    assert (result.passed, result.percent, result.questions, result.shows_shares) == (True, None, [], False)
    assert [(domain.title, domain.band) for domain in result.domains] == [("Big", Band.STRONG)]


def test_a_graded_quiz_tells_the_score_and_what_was_wrong(session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_domain_quiz(session, kind=QuizKind.GRADED), now=now)
    answer_all(session, attempt, right=6, now=now)
    submit(session, attempt, now)
    result = queries.get_result(session, attempt.learner_id, attempt.id, now=now)
    assert (result.passed, result.percent) == (True, Decimal("85.71"))
    assert [question.feedback.state for question in result.questions] == ["correct"] * 6 + ["incorrect"]
    assert not any(option.is_correct for option in result.questions[6].feedback.options.values())


def test_a_graded_quiz_shows_the_right_answers_once_no_attempt_is_left(session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_domain_quiz(session, kind=QuizKind.GRADED, attempts_allowed=1), now=now)
    answer_all(session, attempt, right=6, now=now)
    submit(session, attempt, now)
    result = queries.get_result(session, attempt.learner_id, attempt.id, now=now)
    assert result.questions[6].feedback.options["o1"].is_correct


def test_there_is_no_result_while_the_attempt_runs_and_none_for_others(session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session), now=now)
    with pytest.raises(ConflictError):
        queries.get_result(session, attempt.learner_id, attempt.id, now=now)
    submit(session, attempt, now)
    with pytest.raises(NotFoundError):
        queries.get_result(session, make_user(session).id, attempt.id, now=now)


def test_the_receipt_follows_from_the_chain(session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session), now=now)
    answer_all(session, attempt, now=now)
    answer(session, attempt, 1, {"choice": "c"}, seq=2, now=now + timedelta(seconds=1))
    submit(session, attempt, now + HOUR / 2)
    session.commit()
    session.expire_all()
    links = links_of(session, attempt)
    assert len(links) == 6
    assert chain.find_break(attempt.id, links, head=attempt.chain_head) is None
    assert attempt.receipt == chain.receipt_of(attempt_id=attempt.id, head=attempt.chain_head, answers=6, finished_at=attempt.finished_at)
