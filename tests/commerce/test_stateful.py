"""Thousands of steps in any order: whatever happens, the books are right at every moment, and in the end nobody is charged for nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from laurel.core.clock import now as wall_clock
from laurel.core.db import Database
from tests.commerce.conftest import ENV, Transaction
from tests.commerce.machine import Shop
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
    """Buyers buy, pay, give up and come back; Stripe tells of it in any order, many times or never; we compare now and then."""

    shop: Shop

    def __init__(self, shop: Shop) -> None:
        super().__init__()
        self.shop = shop

    @initialize()
    def open(self) -> None:
        self.shop.open()
        self.shop.buy(0, 0, "usd")
        self.shop.buy(1, 0, "eur")

    def pages(self) -> list[str]:
        return list(self.shop.payments.checkouts)

    def _page(self, nth: int) -> str:
        pages = self.pages()
        return pages[nth % len(pages)]

    def _order(self, nth: int) -> UUID:
        orders = self.shop.list_orders()
        return orders[nth % len(orders)].id

    @rule(buyer=st.integers(0, 2), course=st.sampled_from([0, 0, 0, 1]), currency=st.sampled_from(["usd", "usd", "eur"]))
    def buy(self, buyer: int, course: int, currency: str) -> None:
        self.shop.buy(buyer, course, currency)

    @precondition(pages)
    @rule(nth=st.integers(0, 9), too_much=st.sampled_from([0, 0, 0, 0, 0, 100]))
    def pay(self, nth: int, too_much: int) -> None:
        self.shop.pay(self._page(-1 - nth), too_much=too_much)

    @precondition(pages)
    @rule(nth=st.integers(0, 9))
    def pay_by_bank(self, nth: int) -> None:
        self.shop.promise(self._page(-1 - nth))

    @precondition(pages)
    @rule(nth=st.integers(0, 9), succeeds=st.booleans())
    def bank_answers(self, nth: int, succeeds: bool) -> None:
        self.shop.settle(self._page(-1 - nth), succeeds=succeeds)

    @precondition(pages)
    @rule(nth=st.integers(0, 9))
    def page_expires(self, nth: int) -> None:
        self.shop.expire(self._page(nth))

    @precondition(lambda self: self.shop.told)
    @rule(nth=st.integers(0, 99), copies=st.integers(1, 3))
    def webhook(self, nth: int, copies: int) -> None:
        self.shop.deliver(self.shop.told[-1 - nth % len(self.shop.told)], copies=copies)

    @precondition(pages)
    @rule(nth=st.integers(0, 9))
    def come_back(self, nth: int) -> None:
        self.shop.look(self._page(-1 - nth))

    @precondition(pages)
    @rule(nth=st.integers(0, 9))
    def cancel(self, nth: int) -> None:
        self.shop.cancel(self._order(-1 - nth))

    @precondition(pages)
    @rule(nth=st.integers(0, 9))
    def resume(self, nth: int) -> None:
        self.shop.resume(self._order(-1 - nth))

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
            assert self.shop.broken() == []
            assert self.shop.given_for_nothing() == []

    def teardown(self) -> None:
        """However it went: once Stripe answers again, the comparison alone brings everything to where it belongs."""
        if not self.shop.buyers:
            return
        self.shop.heal()
        for page in self.pages():
            self.shop.expire(page)
            self.shop.settle(page, succeeds=True)
        for _ in range(3):
            self.shop.wait(10)
            self.shop.compare(is_deep=True)
        counts = self.shop.counts()
        assert self.shop.charged_for_nothing() == []
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

    lives = 60 if database.is_sqlite else 8  # PostgreSQL takes four times as long for a step
    run_state_machine_as_test(begin, settings=settings(CHANCE, max_examples=lives))
