from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.core.errors import InvalidInputError, NotFoundError
from laurel.core.events import EventRecord
from laurel.core.ids import new_id
from laurel.quizzes import queries, services
from laurel.quizzes.models import AnswerOp, Attempt
from laurel.quizzes.rules import AttemptState
from laurel.quizzes.rules.saving import InvalidSaveError, SaveItem
from laurel.quizzes.rules.states import AttemptTransitionError
from tests.factories.accounts import make_user
from tests.factories.quizzes import answer, answer_all, make_attempt, make_quiz

HOUR = timedelta(hours=1)


@pytest.fixture
def attempt(session: Session, now: datetime) -> Attempt:
    return make_attempt(session, make_quiz(session), now=now)


def item(slot: int = 1, seq: int = 1, answer: Any = None, op_id: UUID | None = None, client_ts: str = "") -> SaveItem:
    return SaveItem(op_id=op_id or new_id(), slot=slot, seq=seq, answer={"choice": "a"} if answer is None else answer, client_ts=client_ts)


def save(session: Session, attempt: Attempt, *items: SaveItem, now: datetime, lease: str | None = None) -> services.SaveReply:
    return services.save_answers(session, attempt_id=attempt.id, learner_id=attempt.learner_id, items=items, lease=lease, now=now)


def count_ops(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(AnswerOp)) or 0


def current(session: Session, attempt: Attempt, slot: int = 1) -> Any:
    found = queries.find_answer(session, attempt.id, slot)
    return None if found is None else found.answer


def test_a_saved_answer_is_an_event_and_the_current_answer(session: Session, attempt: Attempt, now: datetime) -> None:
    one = item(client_ts="2026-11-20T09:30:01Z")
    reply = save(session, attempt, one, now=now)
    assert (reply.saved, reply.state, reply.server_now, reply.deadline_at) == ([one.op_id], AttemptState.IN_PROGRESS, now, now + HOUR)
    assert current(session, attempt) == {"choice": "a"}
    op = queries.list_ops(session, attempt.id)[0]
    assert (op.position, op.slot, op.seq, op.received_at, op.client_ts) == (1, 1, 1, now, "2026-11-20T09:30:01Z")


def test_every_change_is_kept_and_the_last_one_counts(session: Session, attempt: Attempt, now: datetime) -> None:
    for seq, key in enumerate("abcab", start=1):
        answer(session, attempt, 1, {"choice": key}, seq=seq, now=now)
    assert current(session, attempt) == {"choice": "b"}
    assert [op.answer["choice"] for op in queries.list_ops(session, attempt.id)] == list("abcab")


def test_an_answer_can_be_taken_back(session: Session, attempt: Attempt, now: datetime) -> None:
    answer(session, attempt, 1, {"choice": "a"}, now=now)
    answer(session, attempt, 1, None, seq=2, now=now)
    assert current(session, attempt) is None
    assert [entry.is_answered for entry in queries.list_map(session, attempt.id)] == [False] * 5


def test_a_repeat_is_answered_like_the_first_time_and_changes_nothing(session: Session, attempt: Attempt, now: datetime) -> None:
    one = item()
    save(session, attempt, one, now=now)
    head = attempt.chain_head
    reply = save(session, attempt, one, one, now=now + timedelta(seconds=9))
    assert reply.saved == [one.op_id]
    assert (count_ops(session), attempt.chain_head) == (1, head)


def test_a_repeat_may_come_with_another_clock(session: Session, attempt: Attempt, now: datetime) -> None:
    one = item(client_ts="1970-01-01T00:00:00Z")
    save(session, attempt, one, now=now)
    assert save(session, attempt, item(op_id=one.op_id, client_ts="2099-01-01T00:00:00Z"), now=now).saved == [one.op_id]


@pytest.mark.parametrize("other", [{"answer": {"choice": "b"}}, {"seq": 2}, {"slot": 3, "answer": {"value": True}}])
def test_the_same_operation_with_other_content_is_refused_with_all_its_batch(
    session: Session, attempt: Attempt, now: datetime, other: dict[str, Any]
) -> None:
    one = item()
    save(session, attempt, one, now=now)
    with pytest.raises(services.ReusedOpError):
        save(session, attempt, item(slot=2, answer={"choices": ["a"]}), item(op_id=one.op_id, **other), now=now)
    assert current(session, attempt) == {"choice": "a"}
    assert count_ops(session) == 1


def test_an_operation_of_another_attempt_cannot_be_used(session: Session, attempt: Attempt, now: datetime) -> None:
    one = item()
    save(session, attempt, one, now=now)
    other = make_attempt(session, make_quiz(session), now=now)
    with pytest.raises(services.ReusedOpError):
        save(session, other, one, now=now)


def test_two_operations_with_one_id_in_a_batch_are_refused(session: Session, attempt: Attempt, now: datetime) -> None:
    one = item()
    with pytest.raises(services.ReusedOpError):
        save(session, attempt, one, item(op_id=one.op_id, seq=2), now=now)
    assert count_ops(session) == 0


def test_what_is_older_than_what_is_stored_is_ignored(session: Session, attempt: Attempt, now: datetime) -> None:
    answer(session, attempt, 1, {"choice": "b"}, seq=5, now=now)
    late, same = item(seq=4), item(seq=5)
    reply = save(session, attempt, late, same, now=now)
    assert (reply.saved, reply.ignored) == ([], [(late.op_id, 1, 5), (same.op_id, 1, 5)])
    assert current(session, attempt) == {"choice": "b"}


def test_a_batch_may_hold_several_changes_of_one_question(session: Session, attempt: Attempt, now: datetime) -> None:
    reply = save(session, attempt, item(seq=1), item(seq=2, answer={"choice": "c"}), item(slot=3, answer={"value": False}), now=now)
    assert len(reply.saved) == 3
    assert (current(session, attempt), current(session, attempt, 3)) == ({"choice": "c"}, {"value": False})


@pytest.mark.parametrize(
    "hostile",
    [
        {"slot": 6},
        {"slot": 999},
        {"answer": {"choice": "e"}},
        {"answer": {"choice": ["a", "b"]}},
        {"answer": {"choices": ["a"]}},
        {"answer": "a"},
        {"answer": {"choice": "a", "fraction": 1}},
        {"slot": 2, "answer": {"choices": ["a", "z"]}},
        {"slot": 2, "answer": {"choices": "ab"}},
        {"slot": 3, "answer": {"value": "true"}},
        {"slot": 3, "answer": {"value": 1}},
        {"slot": 4, "answer": {"text": "x" * 1001}},
        {"slot": 4, "answer": {"text": "bell\x07"}},
        {"slot": 5, "answer": {"text": 4096}},
        {"seq": 10_002},
    ],
)
def test_one_impossible_item_refuses_the_whole_batch(session: Session, attempt: Attempt, now: datetime, hostile: dict[str, Any]) -> None:
    bad = item(**hostile)
    with pytest.raises(InvalidSaveError) as refused, session.begin_nested():
        save(session, attempt, item(), bad, now=now)
    assert refused.value.op_id == bad.op_id
    assert count_ops(session) == 0


def test_text_is_kept_as_it_was_typed(session: Session, attempt: Attempt, now: datetime) -> None:
    typed = "</script><b>1e999 ${7*7} ✓"
    answer(session, attempt, 4, {"text": typed}, now=now)
    session.commit()
    session.expire_all()
    assert current(session, attempt, 4) == {"text": typed}


def test_nobody_saves_into_somebody_elses_attempt(session: Session, attempt: Attempt, now: datetime) -> None:
    with pytest.raises(NotFoundError):
        services.save_answers(session, attempt_id=attempt.id, learner_id=make_user(session).id, items=[item()], lease=None, now=now)
    assert count_ops(session) == 0


# ---- time


def test_an_answer_within_the_grace_counts(session: Session, attempt: Attempt, now: datetime) -> None:
    reply = save(session, attempt, item(), now=now + HOUR + timedelta(seconds=30))
    assert len(reply.saved) == 1
    services.expire_overdue(session, now=now + 2 * HOUR)
    assert attempt.earned == 1


def test_an_answer_after_the_grace_is_kept_as_evidence_and_ends_the_attempt(session: Session, attempt: Attempt, now: datetime) -> None:
    late = item()
    reply = save(session, attempt, late, now=now + HOUR + timedelta(seconds=31))
    assert (reply.saved, reply.late, reply.state) == ([], [late.op_id], AttemptState.GRADED)
    assert (attempt.earned, attempt.finished_at) == (0, now + HOUR)
    assert current(session, attempt) is None
    op = session.get_one(AnswerOp, late.op_id)
    assert op.is_late
    assert (op.answer, op.hash) == ({"choice": "a"}, None)


def test_an_answer_after_handing_in_changes_neither_grade_nor_receipt(session: Session, attempt: Attempt, now: datetime) -> None:
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now)
    before = (attempt.receipt, attempt.chain_head, attempt.ops_count, attempt.earned)
    late = item()
    reply = save(session, attempt, late, now=now)
    assert (reply.late, reply.is_open) == ([late.op_id], False)
    assert save(session, attempt, late, now=now).late == [late.op_id]
    assert (attempt.receipt, attempt.chain_head, attempt.ops_count, attempt.earned) == before


def test_a_repeat_after_handing_in_still_says_that_it_was_saved(session: Session, attempt: Attempt, now: datetime) -> None:
    one = item()
    save(session, attempt, one, now=now)
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now)
    reply = save(session, attempt, one, now=now + HOUR)
    assert (reply.saved, reply.late, reply.is_open) == ([one.op_id], [], False)


def test_evidence_does_not_grow_without_end(session: Session, attempt: Attempt, now: datetime) -> None:
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now)
    for _ in range(3):
        save(session, attempt, *[item(seq=seq) for seq in range(1, 101)], now=now)
    assert count_ops(session) == 200


def test_nothing_is_saved_while_the_attempt_is_paused_and_nothing_is_called_late(session: Session, attempt: Attempt, now: datetime) -> None:
    attempt.state = AttemptState.PAUSED
    session.flush()
    reply = save(session, attempt, item(), now=now)
    assert (reply.saved, reply.late, reply.state) == ([], [], AttemptState.PAUSED)


# ---- the lease


def test_the_newest_tab_saves_and_the_older_one_is_told(session: Session, attempt: Attempt, now: datetime) -> None:
    def take(token: str) -> None:
        services.take_lease(session, attempt_id=attempt.id, learner_id=attempt.learner_id, token=token, now=now)

    take("first-tab")
    assert save(session, attempt, item(seq=1), now=now, lease="first-tab").saved
    take("second-tab")
    refused = save(session, attempt, item(seq=2), now=now, lease="first-tab")
    assert (refused.saved, refused.holds_lease, refused.is_open) == ([], False, True)
    assert save(session, attempt, item(seq=2), now=now, lease="second-tab").saved
    take("first-tab")
    assert save(session, attempt, item(seq=3), now=now, lease="first-tab").saved
    assert session.scalar(select(func.count()).where(EventRecord.name == "LeaseTaken")) == 2


def test_a_tab_that_lost_the_lease_still_hears_what_was_saved_before(session: Session, attempt: Attempt, now: datetime) -> None:
    one = item()
    save(session, attempt, one, now=now)
    services.take_lease(session, attempt_id=attempt.id, learner_id=attempt.learner_id, token="newer-tab", now=now)
    reply = save(session, attempt, one, item(seq=2), now=now, lease="older-tab")
    assert (reply.saved, reply.holds_lease) == ([one.op_id], False)


def test_the_lease_of_an_attempt_that_is_over_is_not_taken(session: Session, attempt: Attempt, now: datetime) -> None:
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now)
    reply = services.take_lease(session, attempt_id=attempt.id, learner_id=attempt.learner_id, token="some-token", now=now)
    assert (reply.state, attempt.lease_token) == (AttemptState.GRADED, None)


# ---- flags


def test_a_flag_goes_up_and_down(session: Session, attempt: Attempt, now: datetime) -> None:
    for flagged in (True, True, False):
        services.flag_slot(session, attempt_id=attempt.id, learner_id=attempt.learner_id, slot=2, is_flagged=flagged, now=now)
        assert [entry.is_flagged for entry in queries.list_map(session, attempt.id)] == [False, flagged, False, False, False]


def test_only_a_question_of_the_paper_is_flagged(session: Session, attempt: Attempt, now: datetime) -> None:
    with pytest.raises(InvalidInputError):
        services.flag_slot(session, attempt_id=attempt.id, learner_id=attempt.learner_id, slot=6, is_flagged=True, now=now)


def test_nothing_is_flagged_once_it_is_handed_in(session: Session, attempt: Attempt, now: datetime) -> None:
    answer_all(session, attempt, now=now)
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now)
    with pytest.raises(AttemptTransitionError):
        services.flag_slot(session, attempt_id=attempt.id, learner_id=attempt.learner_id, slot=1, is_flagged=True, now=now)
