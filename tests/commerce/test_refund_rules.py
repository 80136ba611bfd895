"""Refunds and disputes as pure rules."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laurel.commerce.rules import (
    ORDER_FROM,
    REFUND_FROM,
    DisputeEffect,
    LineMoney,
    OrderState,
    RefundState,
    RefundWish,
    SeenRefund,
    check_part,
    count_units,
    effect_of,
    find_refund_obstacles,
    may_become,
    may_follow,
    shares,
    strongest,
)
from laurel.core.errors import InvalidInputError

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**8), min_size=1, max_size=8))
def test_shares_add_up_to_what_was_paid_and_nobody_gets_a_cent_too_much(paid: int, amounts: list[int]) -> None:
    parts = shares(paid, amounts)

    total = sum(amounts)
    assert sum(parts) == (paid if total else 0)
    assert all(abs(part * total - paid * amount) < max(total, 1) for part, amount in zip(parts, amounts, strict=True))


@pytest.mark.parametrize(
    ("paid", "amounts", "parts"),
    [
        (300, [100, 100, 100], [100, 100, 100]),
        (100, [1, 1, 1], [34, 33, 33]),
        (0, [5, 5], [0, 0]),
        (7, [0, 0], [0, 0]),
        (270, [100, 200], [90, 180]),
    ],
)
def test_shares_by_hand(paid: int, amounts: list[int], parts: list[int]) -> None:
    assert shares(paid, amounts) == parts


@pytest.mark.parametrize(
    ("amount", "seats", "is_fine"),
    [(1, 0, True), (60, 2, True), (61, 0, False), (0, 0, False), (-1, 0, False), (5, 3, False), (5, -1, False)],
)
def test_no_more_of_a_line_goes_back_than_is_left(amount: int, seats: int, is_fine: bool) -> None:
    line = LineMoney(paid=100, counted=40)
    if is_fine:
        check_part(line, amount=amount, seats=seats, unused_seats=2)
    else:
        with pytest.raises(InvalidInputError):
            check_part(line, amount=amount, seats=seats, unused_seats=2)


@pytest.mark.parametrize(
    ("quantity", "paid", "counted", "amount", "units"),
    [
        (1, 19500, 0, 19500, 1),
        (1, 19500, 0, 5000, 0),
        (1, 14500, 0, 14500, 1),  # a code took 5000 off: all that was paid is the whole line
        (1, 23205, 0, 19500, 0),  # with tax on top the price is not yet all
        (1, 23205, 0, 23205, 1),
        (1, 14500, 4500, 10000, 1),  # the last part takes the line with it
        (3, 27001, 0, 27001, 3),
    ],
)
def test_a_line_has_gone_back_when_all_that_was_paid_for_it_has(quantity: int, paid: int, counted: int, amount: int, units: int) -> None:
    assert count_units(LineMoney(paid=paid, counted=counted), quantity=quantity, amount=amount) == units


@settings(max_examples=150, deadline=None)
@given(
    amounts=st.lists(st.integers(1, 10**6), min_size=1, max_size=4),
    off=st.integers(0, 100),
    tax=st.integers(0, 30),
    quantity=st.integers(1, 20),
    cuts=st.lists(st.integers(0, 100), max_size=5),
)
def test_parts_of_a_line_come_to_what_was_paid_for_it_whatever_code_and_tax(
    amounts: list[int], off: int, tax: int, quantity: int, cuts: list[int]
) -> None:
    net = sum(amounts) * (100 - off) // 100
    paid = net + net * tax // 100
    for line_paid in shares(paid, amounts):
        gone = units = 0
        for percent in [*cuts, 100]:
            line = LineMoney(paid=line_paid, counted=gone)
            part = line.left * percent // 100
            if part == 0:
                continue
            check_part(line, amount=part, seats=0, unused_seats=0)
            units += count_units(line, quantity=quantity, amount=part)
            gone += part
            assert gone <= line_paid
            assert units == (quantity if gone == line_paid else 0)
        assert gone == line_paid


@pytest.mark.parametrize(
    ("current", "wanted", "may"),
    [
        (RefundState.SUCCEEDED, RefundState.FAILED, True),
        (RefundState.SUCCEEDED, RefundState.PENDING, False),
        (RefundState.FAILED, RefundState.SUCCEEDED, False),
        (RefundState.CANCELED, RefundState.SUCCEEDED, False),
        (RefundState.PENDING, RefundState.CANCELED, True),
    ],
)
def test_what_a_refund_may_become(current: RefundState, wanted: RefundState, may: bool) -> None:
    assert may_become(REFUND_FROM, current, wanted) is may


def test_a_held_order_may_be_paid_or_closed_and_a_closed_one_is_not_held_for_nothing() -> None:
    assert OrderState.REVIEW in ORDER_FROM[OrderState.PAID]
    assert OrderState.REVIEW in ORDER_FROM[OrderState.CANCELED]
    assert OrderState.PAID not in ORDER_FROM[OrderState.CANCELED]


@pytest.mark.parametrize(
    ("told", "state"), [("succeeded", RefundState.SUCCEEDED), ("something_new", RefundState.PENDING), ("submitting", RefundState.PENDING)]
)
def test_a_status_that_we_do_not_know_is_not_final(told: str, state: RefundState) -> None:
    seen = SeenRefund(
        id="re_1", intent_id="pi_1", amount=1, currency="usd", status=told, reason="", refund_ref="", env="", failure="", created_at=NOW
    )

    assert seen.state is state


@pytest.mark.parametrize(
    ("statuses", "effect"),
    [
        (["needs_response"], DisputeEffect.SUSPEND),
        (["under_review", "won"], DisputeEffect.SUSPEND),
        (["won", "lost"], DisputeEffect.REVOKE),
        (["won", "warning_closed"], DisputeEffect.RESTORE),
        (["warning_needs_response"], DisputeEffect.KEEP),
        (["won", "warning_under_review"], DisputeEffect.RESTORE),
        (["appeal_pending"], DisputeEffect.SUSPEND),
        ([], DisputeEffect.KEEP),
    ],
)
def test_what_several_disputes_mean_together(statuses: list[str], effect: DisputeEffect) -> None:
    assert strongest(statuses) is effect


@given(st.text(max_size=30))
def test_any_word_for_a_dispute_means_something(status: str) -> None:
    assert effect_of(status) in DisputeEffect


def test_only_another_final_word_replaces_a_final_one() -> None:
    assert not may_follow("won", "needs_response")
    assert may_follow("won", "lost")
    assert may_follow("needs_response", "under_review")


def wish(**changes: object) -> RefundWish:
    facts: dict[str, object] = {
        "paid_at": NOW,
        "days": 14,
        "max_progress_percent": 50,
        "use": None,
        "is_one_course": True,
        "is_disputed": False,
        "is_partly_refunded": False,
    }
    return RefundWish(**{**facts, **changes})  # type: ignore[arg-type]


def test_the_last_second_of_the_last_day_still_counts() -> None:
    assert find_refund_obstacles(wish(), now=NOW + timedelta(days=14)) == []
    assert len(find_refund_obstacles(wish(), now=NOW + timedelta(days=14, microseconds=1))) == 1


@pytest.mark.parametrize("changes", [{"is_one_course": False}, {"is_disputed": True}, {"is_partly_refunded": True}])
def test_what_is_not_simple_is_asked(changes: dict[str, object]) -> None:
    assert len(find_refund_obstacles(wish(**changes), now=NOW)) == 1
