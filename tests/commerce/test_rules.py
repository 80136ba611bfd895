from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurel.commerce.rules import (
    ATTEMPT_FROM,
    LIFETIME,
    ORDER_FROM,
    AttemptFacts,
    AttemptState,
    OrderState,
    OrderTerms,
    SeenCheckout,
    SeenPayment,
    Step,
    TaxBehavior,
    advance,
    check_price,
    find_mismatches,
    find_opening_mismatches,
    may_become,
    next_step,
    next_try,
    purchase_key,
)
from laurel.core.errors import ConflictError, InvalidInputError

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
S, A = OrderState, AttemptState

ORDER_TABLE = [
    # specs/payments.md §5, row by row
    (S.CREATED, S.AWAITING_PAYMENT),
    (S.CREATED, S.PAID),
    (S.CREATED, S.CANCELED),
    (S.AWAITING_PAYMENT, S.CANCELED),
    (S.CREATED, S.EXPIRED),
    (S.AWAITING_PAYMENT, S.EXPIRED),
    (S.AWAITING_PAYMENT, S.PROCESSING),
    (S.EXPIRED, S.PROCESSING),
    (S.CANCELED, S.PROCESSING),
    (S.AWAITING_PAYMENT, S.PAID),
    (S.PROCESSING, S.PAID),
    (S.EXPIRED, S.PAID),
    (S.CANCELED, S.PAID),
    (S.AWAITING_PAYMENT, S.REVIEW),
    (S.PROCESSING, S.REVIEW),
    (S.EXPIRED, S.REVIEW),
    (S.CANCELED, S.REVIEW),
    (S.REVIEW, S.PAID),
    (S.PROCESSING, S.PAYMENT_FAILED),
    (S.PAYMENT_FAILED, S.AWAITING_PAYMENT),
    (S.EXPIRED, S.AWAITING_PAYMENT),
]


@pytest.mark.parametrize(("current", "wanted"), ORDER_TABLE)
def test_an_order_may_become(current: OrderState, wanted: OrderState) -> None:
    assert may_become(ORDER_FROM, current, wanted)


@pytest.mark.parametrize("wanted", list(OrderState))
def test_a_paid_order_stays_paid(wanted: OrderState) -> None:
    assert not may_become(ORDER_FROM, S.PAID, wanted)


@pytest.mark.parametrize("current", [S.PROCESSING, S.PAID, S.REVIEW, S.PAYMENT_FAILED])
def test_an_order_with_money_under_way_neither_expires_nor_is_canceled_unless_a_person_gives_it_back(current: OrderState) -> None:
    assert not may_become(ORDER_FROM, current, S.EXPIRED)
    assert may_become(ORDER_FROM, current, S.CANCELED) == (current is S.REVIEW)  # a person gave the money back


def test_every_state_has_a_row() -> None:
    assert set(ORDER_FROM) == set(OrderState)
    assert set(ATTEMPT_FROM) == set(AttemptState)


@pytest.mark.parametrize(
    ("current", "wanted"),
    [
        (A.CREATING, A.OPEN),
        (A.CREATING, A.UNKNOWN),
        (A.UNKNOWN, A.OPEN),
        (A.UNKNOWN, A.DEAD),
        (A.OPEN, A.COMPLETE),
        (A.OPEN, A.EXPIRED),
        (A.SUPERSEDED, A.COMPLETE),
    ],
)
def test_an_attempt_may_become(current: AttemptState, wanted: AttemptState) -> None:
    assert advance(ATTEMPT_FROM, current, wanted, what="A checkout") is wanted


@pytest.mark.parametrize(("current", "wanted"), [(A.COMPLETE, A.OPEN), (A.EXPIRED, A.OPEN), (A.OPEN, A.UNKNOWN), (A.COMPLETE, A.EXPIRED)])
def test_an_attempt_never_goes_back(current: AttemptState, wanted: AttemptState) -> None:
    with pytest.raises(ConflictError):
        advance(ATTEMPT_FROM, current, wanted, what="A checkout")


@given(st.lists(st.sampled_from(OrderState), max_size=30))
def test_whatever_is_asked_of_it_an_order_that_was_paid_is_paid(wishes: list[OrderState]) -> None:
    state, was_paid = S.CREATED, False
    for wish in wishes:
        state = wish if may_become(ORDER_FROM, state, wish) else state
        was_paid = was_paid or state is S.PAID
        assert state is S.PAID or not was_paid


def facts(state: AttemptState, *, age: timedelta = timedelta(0), failures: int = 0) -> AttemptFacts:
    return AttemptFacts(state=state, created_at=NOW - age, expires_at=NOW - age + LIFETIME, failures=failures)


@pytest.mark.parametrize(
    ("attempt", "expected"),
    [
        (None, Step.BEGIN),
        (facts(A.OPEN), Step.REUSE),
        (facts(A.OPEN, age=timedelta(minutes=54)), Step.REUSE),
        (facts(A.OPEN, age=timedelta(minutes=55)), Step.CLOSE),
        (facts(A.OPEN, age=timedelta(hours=3)), Step.CLOSE),
        (facts(A.CREATING), Step.RESEND),
        (facts(A.UNKNOWN), Step.RESEND),
        (facts(A.UNKNOWN, failures=1), Step.RESEND),
        (facts(A.UNKNOWN, failures=2), Step.BEGIN),
        (facts(A.UNKNOWN, age=timedelta(hours=23, seconds=1)), Step.BEGIN),
        (facts(A.EXPIRED), Step.BEGIN),
        (facts(A.SUPERSEDED), Step.BEGIN),
        (facts(A.DEAD), Step.BEGIN),
    ],
)
def test_the_way_to_a_payment_page(attempt: AttemptFacts | None, expected: Step) -> None:
    assert next_step(attempt, now=NOW) is expected


TERMS = OrderTerms(
    order_ref="o", is_live=False, currency="usd", subtotal=19500, discount=0, tax_behavior=TaxBehavior.INCLUSIVE, lines=((1, 19500),)
)
PAYMENT = SeenPayment(intent_id="pi", status="succeeded", amount_received=19500, currency="usd", order_ref="o")
PAID = SeenCheckout(
    session_id="cs",
    status="complete",
    payment_status="paid",
    is_live=False,
    mode="payment",
    currency="usd",
    amount_subtotal=19500,
    amount_discount=0,
    amount_tax=0,
    amount_shipping=0,
    amount_total=19500,
    url=None,
    expires_at=NOW,
    number="L-1",
    order_ref="o",
    attempt_ref="1",
    env="test",
    lines=((1, 19500),),
    payment=PAYMENT,
)


def test_a_checkout_that_says_what_the_order_says_is_believed() -> None:
    assert find_mismatches(TERMS, PAID) == []
    assert find_opening_mismatches(TERMS, PAID) == []


@pytest.mark.parametrize(
    "wrong",
    [
        replace(PAID, is_live=True),
        replace(PAID, mode="subscription"),
        replace(PAID, currency="eur"),
        replace(PAID, amount_subtotal=1),
        replace(PAID, amount_discount=100),
        replace(PAID, amount_total=19499),
        replace(PAID, amount_shipping=1),
        replace(PAID, lines=None),
        replace(PAID, lines=((2, 19500),)),
        replace(PAID, lines=((1, 9750), (1, 9750))),
        replace(PAID, lines=((1, 19500), (0, 0))),
        replace(PAID, payment=None),
        replace(PAID, payment=replace(PAYMENT, status="requires_capture")),
        replace(PAID, payment=replace(PAYMENT, amount_received=19499)),
        replace(PAID, payment=replace(PAYMENT, currency="eur")),
        replace(PAID, payment=replace(PAYMENT, order_ref="another")),
        replace(PAID, payment=None, payment_status="no_payment_required"),
    ],
)
def test_a_checkout_that_says_something_else_is_not(wrong: SeenCheckout) -> None:
    assert find_mismatches(TERMS, wrong) != []


def test_what_is_wrong_is_told_in_money_as_people_write_it() -> None:
    wrong = replace(
        PAID, currency="eur", amount_subtotal=100, amount_discount=5, amount_total=95, payment=replace(PAYMENT, amount_received=19499)
    )

    told = find_mismatches(TERMS, wrong)

    assert {"subtotal €1 for $195", "discount €0.05 for $0", "total €0.95 for $195", "received $194.99 of €0.95"} <= set(told)


def test_tax_on_top_raises_the_total_and_tax_inside_does_not() -> None:
    on_top = replace(TERMS, tax_behavior=TaxBehavior.EXCLUSIVE)
    taxed = replace(PAID, amount_tax=1900, amount_total=21400, payment=replace(PAYMENT, amount_received=21400))

    assert find_mismatches(on_top, taxed) == []
    assert find_mismatches(TERMS, replace(PAID, amount_tax=1900)) == []
    assert find_mismatches(TERMS, taxed) != []


def test_a_checkout_with_nothing_to_pay_needs_no_payment() -> None:
    free = replace(PAID, amount_discount=19500, amount_total=0, payment_status="no_payment_required", payment=None)

    assert find_mismatches(replace(TERMS, discount=19500), free) == []


@given(st.integers(0, 99_999_999), st.integers(0, 99_999_999))
def test_no_other_amount_is_believed(ordered: int, paid: int) -> None:
    terms = replace(TERMS, subtotal=ordered, lines=((1, ordered),))
    seen = replace(PAID, amount_subtotal=paid, amount_total=paid, lines=((1, paid),), payment=replace(PAYMENT, amount_received=paid))

    assert (find_mismatches(terms, seen) == []) == (ordered == paid)


@pytest.mark.parametrize(("amount", "currency"), [(0, "usd"), (50, "usd"), (19500, "eur"), (30, "gbp"), (5000, "jpy"), (1000, "kwd")])
def test_something_may_cost(amount: int, currency: str) -> None:
    assert check_price(amount, currency) == amount


@pytest.mark.parametrize(
    ("amount", "currency"),
    [(-1, "usd"), (49, "usd"), (29, "gbp"), (100_000_000, "usd"), (1001, "kwd"), (100, "USD"), (100, "us"), (100, "isk"), (100, "ü§$")],
)
def test_nothing_may_cost(amount: int, currency: str) -> None:
    with pytest.raises(InvalidInputError):
        check_price(amount, currency)


def test_the_same_things_make_the_same_purchase_in_any_order() -> None:
    one, other = UUID(int=1), UUID(int=2)

    assert purchase_key([one, other]) == purchase_key([other, one])


def test_an_event_is_given_up_after_twelve_tries() -> None:
    waits = [next_try(n) for n in range(1, 13)]

    assert waits[-1] is None
    assert all(wait is not None for wait in waits[:-1])
