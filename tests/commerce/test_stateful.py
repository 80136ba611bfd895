"""Thousands of steps in any order: whatever happens, the books are right at every moment, and in the end nobody is charged for nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from laurel.commerce.rules import OrderState
from laurel.core.clock import now as wall_clock
from laurel.core.db import Database
from tests.commerce.aftermath import Aftermath
from tests.commerce.conftest import ENV, Transaction
from tests.commerce.machine import COURSES, Shop
from tests.fakes import FakePayments

# Without shrinking, which would take minutes: a failure prints its steps, and the same steps come again.
CHANCE = settings(
    phases=[Phase.generate],
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


class LifeOfAShop(RuleBasedStateMachine):
    """Buyers buy, pay, give up, come back and change their minds; banks take money back; Stripe tells of it in any order, many times
    or never; we compare now and then."""

    shop: Shop
    after: Aftermath

    def __init__(self, shop: Shop) -> None:
        super().__init__()
        self.shop, self.after = shop, Aftermath(shop)

    @initialize()
    def open(self) -> None:
        self.shop.open()
        self.after.open()
        for buyer, currency in enumerate(("usd", "eur", "usd")):
            self.shop.buy(buyer, 0, currency)
        for page in self.pages()[:2]:
            self.shop.pay(page)

    def pages(self) -> list[str]:
        return list(self.shop.payments.checkouts)

    def open_pages(self) -> list[str]:
        return [session_id for session_id, page in self.shop.payments.checkouts.items() if page.status == "open"]

    def _page(self, nth: int) -> str:
        """One of the last pages."""
        return self.pages()[-1 - nth % len(self.pages())]

    def _open_page(self, nth: int) -> str:
        return self.open_pages()[nth % len(self.open_pages())]

    def _order(self, nth: int) -> UUID:
        orders = self.shop.list_orders()
        return orders[nth % len(orders)].id

    def _order_in(self, state: OrderState, nth: int) -> UUID:
        """One of the last orders in this state that cost something; any, if there is none."""
        orders = [order for order in self.shop.list_orders() if order.state is state and order.total]
        return orders[-1 - nth % len(orders)].id if orders else self._order(nth)

    @rule(buyer=st.integers(0, 2), course=st.integers(0, COURSES - 1), currency=st.sampled_from(["usd", "usd", "eur"]))
    def buy(self, buyer: int, course: int, currency: str) -> None:
        self.shop.buy(buyer, course, currency)

    @rule(buyer=st.integers(0, 2), course=st.integers(0, COURSES - 1), currency=st.sampled_from(["usd", "usd", "eur"]))
    def buy_and_pay(self, buyer: int, course: int, currency: str) -> None:
        before = set(self.pages())
        self.shop.buy(buyer, course, currency)
        for page in self.pages():
            if page not in before:
                self.shop.pay(page)

    @precondition(open_pages)
    @rule(nth=st.integers(0, 9), too_much=st.sampled_from([0, 0, 100]))
    def pay(self, nth: int, too_much: int) -> None:
        self.shop.pay(self._open_page(nth), too_much=too_much)

    @precondition(open_pages)
    @rule(nth=st.integers(0, 9))
    def pay_by_bank(self, nth: int) -> None:
        self.shop.promise(self._open_page(nth))

    @precondition(pages)
    @rule(nth=st.integers(0, 9), succeeds=st.booleans())
    def bank_answers(self, nth: int, succeeds: bool) -> None:
        self.shop.settle(self._page(nth), succeeds=succeeds)

    @precondition(open_pages)
    @rule(nth=st.integers(0, 9))
    def page_expires(self, nth: int) -> None:
        self.shop.expire(self._open_page(nth))

    @precondition(lambda self: self.shop.told)
    @rule(which=st.lists(st.integers(0, 20), min_size=1, max_size=5), copies=st.integers(1, 3))
    def webhooks(self, which: list[int], copies: int) -> None:
        for nth in which:
            self.shop.deliver(self.shop.told[-1 - nth % len(self.shop.told)], copies=copies)

    @precondition(pages)
    @rule(nth=st.integers(0, 9))
    def come_back(self, nth: int) -> None:
        self.shop.look(self._page(nth))

    @precondition(pages)
    @rule(nth=st.integers(0, 9))
    def cancel(self, nth: int) -> None:
        self.shop.cancel(self._order(-1 - nth))

    @precondition(pages)
    @rule(nth=st.integers(0, 9))
    def resume(self, nth: int) -> None:
        self.shop.resume(self._order(-1 - nth))

    def paid(self) -> list[str]:
        return self.after.list_paid()

    def _intent(self, nth: int) -> str:
        return self.paid()[-1 - nth % len(self.paid())]

    @precondition(paid)
    @rule(nth=st.integers(0, 9), percent=st.sampled_from([30, 100, 100]), revokes=st.booleans())
    def staff_give_back(self, nth: int, percent: int, revokes: bool) -> None:
        self.after.refund(self._order_in(OrderState.PAID, nth), percent=percent, revokes=revokes)

    @precondition(paid)
    @rule(nth=st.integers(0, 9))
    def buyer_gives_back(self, nth: int) -> None:
        self.after.give_back(self._order_in(OrderState.PAID, nth))

    @precondition(paid)
    @rule(nth=st.integers(0, 9), percent=st.sampled_from([30, 100]))
    def refund_in_the_dashboard(self, nth: int, percent: int) -> None:
        self.after.refund_in_dashboard(self._intent(nth), percent=percent)

    @rule(status=st.sampled_from(["pending", "succeeded"]))
    def refunds_are_from_now_on(self, status: str) -> None:
        self.shop.payments.refund_status = status

    @precondition(lambda self: self.shop.payments.refunds)
    @rule(nth=st.integers(0, 9), succeeds=st.booleans())
    def refund_moves(self, nth: int, succeeds: bool) -> None:
        self.after.move_refund(nth, succeeds=succeeds)

    @precondition(paid)
    @rule(nth=st.integers(0, 9), only_asks=st.sampled_from([False, False, True]))
    def bank_disputes(self, nth: int, only_asks: bool) -> None:
        self.after.dispute(self._intent(nth), only_asks=only_asks)

    @precondition(paid)
    @rule(nth=st.integers(0, 9))
    def network_warns(self, nth: int) -> None:
        self.after.warn(self._intent(nth))

    @precondition(lambda self: self.shop.payments.disputes)
    @rule(nth=st.integers(0, 9), way=st.integers(0, 5))
    def dispute_moves(self, nth: int, way: int) -> None:
        self.after.move_dispute(nth, way)

    @precondition(lambda self: self.shop.payments.disputes)
    @rule(nth=st.integers(0, 9), gives_in=st.booleans())
    def we_answer_the_bank(self, nth: int, gives_in: bool) -> None:
        self.after.answer_bank(nth, gives_in=gives_in)

    @precondition(paid)
    @rule(nth=st.integers(0, 9), accepts=st.booleans())
    def staff_decide(self, nth: int, accepts: bool) -> None:
        self.after.decide(self._order_in(OrderState.REVIEW, nth), accepts=accepts)

    @rule(times=st.integers(1, 3), after_doing=st.booleans())
    def stripe_is_silent(self, times: int, after_doing: bool) -> None:
        self.shop.break_off(times=times, after_doing=after_doing)

    @rule(minutes=st.sampled_from([1, 6, 30, 90]))
    def time_passes(self, minutes: int) -> None:
        self.shop.wait(minutes)

    @rule(is_deep=st.booleans())
    def compare(self, is_deep: bool) -> None:
        self.shop.compare(is_deep=is_deep)

    @invariant()
    def the_books_are_right(self) -> None:
        if self.shop.buyers:
            self.after.announce()
            assert self.shop.broken() == []
            assert self.after.wrong_rights() == []
            assert self.shop.given_for_nothing() == []

    def teardown(self) -> None:
        """However it went: once Stripe answers again, the comparison alone brings everything to where it belongs."""
        if not self.shop.buyers:
            return
        self.shop.heal()
        for page in self.pages():
            self.shop.expire(page)
            self.shop.settle(page, succeeds=True)
        differences = []
        for _ in range(3):
            self.shop.wait(10)
            self.after.announce()
            differences = self.shop.compare(is_deep=True)
        counts = self.shop.counts()
        assert [difference for difference in differences if difference.rule != "checkout_unknown"] == []  # pages of shops before this one
        assert self.after.charged_for_nothing() == []
        assert self.after.wrong_returns() == []
        assert self.after.wrong_rights() == []
        assert counts["orders"] == counts["receipts"] == counts["rights"]
        assert counts["bookings"] == counts["orders"] - counts["free"]
        assert self.shop.broken() == []


def test_the_books_are_right_whatever_happens(database: Database, transaction: Transaction, payments: FakePayments, app: object) -> None:
    @contextmanager
    def read() -> Iterator[Session]:
        with database.session(writes=False) as session:
            yield session

    def begin() -> LifeOfAShop:
        return LifeOfAShop(Shop(transaction=transaction, read=read, payments=payments, env=ENV, now=wall_clock()))

    lives = 50 if database.is_sqlite else 8  # PostgreSQL takes four times as long for a step
    run_state_machine_as_test(begin, settings=settings(CHANCE, max_examples=lives))
