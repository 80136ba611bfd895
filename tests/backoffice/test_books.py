"""Revenue, receipts and reconciliation, as staff see them."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from laurel.attribution.models import OrderCredit, Touch
from laurel.attribution.rules import TouchKind
from laurel.commerce.models import LedgerEntry, Order, ReconcileRun
from laurel.commerce.rules.revenue import LedgerSum, RevenueRow, add_up
from laurel.core.clock import now as wall_clock
from laurel.core.ids import new_id
from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_user
from tests.factories.articles import make_article
from tests.factories.commerce import make_offering, make_order, make_paid_order, make_sellable_course

NOVEMBER = datetime(2026, 11, 12, 9, 30, tzinfo=UTC)


@pytest.fixture
def chief(client: FlaskClient, session: Session, sign_in: SignIn) -> FlaskClient:
    return sign_in(make_user(session, roles=["admin"]))


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def book(session: Session, order: Order, kind: str, amount: int, at: datetime) -> None:
    entry = LedgerEntry(order_id=order.id, kind=kind, ref=f"{kind}-{new_id()}", amount=amount, currency=order.currency, created_at=at)
    session.add(entry)
    session.flush()


def sell(session: Session, *, at: datetime = NOVEMBER, title: str = "Bookkeeping", currency: str = "usd") -> Order:
    """A paid order whose money came at a moment."""
    order = make_paid_order(session, offering=make_offering(session, course=make_sellable_course(session, title=title)), currency=currency)
    session.execute(update(LedgerEntry).where(LedgerEntry.order_id == order.id).values(created_at=at))
    session.flush()
    return order


def credit(session: Session, order: Order, title: str) -> None:
    """The order came from this article."""
    article = make_article(session, title=title)
    touch = Touch(
        click_token=new_id().hex,
        occurred_at=NOVEMBER,
        kind=TouchKind.CLICK,
        cta_id=new_id(),
        placement_id=new_id(),
        article_id=article.id,
        course_id=make_sellable_course(session).id,
    )
    session.add(touch)
    session.flush()
    session.add(
        OrderCredit(
            order_id=order.id, touch_id=touch.id, cta_id=touch.cta_id, article_id=article.id, weight=Decimal(1), credited_at=NOVEMBER
        )
    )
    session.flush()


def read_csv(answer: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer)))


def test_sums_are_added_up_by_row_and_currency_and_never_mixed() -> None:
    rows = add_up(
        [
            LedgerSum("2026-11", "usd", "payment", 39000, 2),
            LedgerSum("2026-11", "usd", "refund", -19500, 1),
            LedgerSum("2026-11", "usd", "dispute", -19500, 1),
            LedgerSum("2026-11", "usd", "dispute_reversal", 19500, 1),
            LedgerSum("2026-11", "eur", "payment", 17900, 1),
        ]
    )

    assert [(row.currency, row.orders, row.paid, row.refunded, row.disputed, row.net) for row in rows] == [
        ("eur", 1, 17900, 0, 0, 17900),
        ("usd", 2, 39000, -19500, 0, 19500),
    ]
    assert RevenueRow("", "usd", refunded=-5, disputed=7).given_back == 0


def test_revenue_by_month_shows_one_currency_and_leads_to_the_other(chief: FlaskClient, session: Session) -> None:
    book(session, sell(session), "refund", -9500, NOVEMBER + timedelta(days=25))
    sell(session, currency="eur")
    session.commit()

    dollars = words_of(chief.get("/backoffice/revenue?from=2026-01&to=2026-12&currency=usd").get_data(as_text=True))
    euros = words_of(chief.get("/backoffice/revenue?from=2026-01&to=2026-12&currency=eur").get_data(as_text=True))

    assert "November 2026 1 $195" in dollars
    assert "December 2026 0 – −$95 – −$95" in dollars
    assert "November 2026 1 €179" in euros
    assert "$195" not in euros


def test_money_that_moved_outside_the_months_is_not_counted(chief: FlaskClient, session: Session) -> None:
    sell(session, at=datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC))
    sell(session, at=datetime(2026, 11, 1, tzinfo=UTC))
    sell(session, at=datetime(2026, 12, 1, tzinfo=UTC))
    session.commit()

    rows = read_csv(chief.get("/backoffice/revenue.csv?from=2026-11&to=2026-11").get_data(as_text=True))

    assert [(row["Month"], row["Orders"], row["Net"]) for row in rows] == [("November 2026", "1", "195.00")]


def test_revenue_by_course_and_by_article_name_them(chief: FlaskClient, session: Session) -> None:
    credit(session, sell(session, title="Dear"), "How to keep books")
    sell(session, title="Unsung")
    session.commit()

    courses = words_of(chief.get("/backoffice/revenue?by=course&from=2026-01&to=2026-12").get_data(as_text=True))
    articles = words_of(chief.get("/backoffice/revenue?by=article&from=2026-01&to=2026-12").get_data(as_text=True))

    assert "Dear 1 $195" in courses
    assert "Unsung 1 $195" in courses
    assert "How to keep books 1 $195" in articles
    assert "No article that we know of 1 $195" in articles


def test_live_and_test_money_are_never_added(chief: FlaskClient, session: Session) -> None:
    order = sell(session)
    session.execute(update(Order).where(Order.id == order.id).values(is_live=True))
    session.commit()

    assert "No money moved" in chief.get("/backoffice/revenue?from=2026-01&to=2026-12").get_data(as_text=True)


def test_a_title_is_no_formula_in_the_csv(chief: FlaskClient, session: Session) -> None:
    sell(session, title='=HYPERLINK("http://evil.example","x")')
    session.commit()

    rows = read_csv(chief.get("/backoffice/revenue.csv?by=course&from=2026-01&to=2026-12").get_data(as_text=True))

    assert rows[0]["Course"].startswith("'=HYPERLINK")


@pytest.mark.parametrize("query", ["by=nonsense", "from=2026-13&to=x", "from=2027-01&to=2026-01", "currency=zzz", "from=0000-00", ""])
def test_what_makes_no_sense_shows_the_last_twelve_months(chief: FlaskClient, session: Session, query: str) -> None:
    assert chief.get(f"/backoffice/revenue?{query}").status_code == 200


def test_revenue_takes_as_many_queries_for_many_orders_as_for_one(chief: FlaskClient, session: Session, queries: QueryCount) -> None:
    counts = []
    for _ in range(3):
        sell(session)
        session.commit()
        queries.clear()
        chief.get("/backoffice/revenue?by=course&from=2026-01&to=2026-12")
        counts.append(queries.selects)

    assert counts[1] == counts[2] <= 8


def test_receipts_are_found_by_number_and_opened(chief: FlaskClient, session: Session) -> None:
    buyer = make_user(session, name="Ada Lovelace")
    make_paid_order(session, buyer=buyer)
    make_paid_order(session)
    session.commit()

    found = words_of(chief.get(f"/backoffice/receipts?q=R-{wall_clock().year}-000001").get_data(as_text=True))

    assert "Ada Lovelace" in found
    assert f"R-{wall_clock().year}-000002" not in found
    assert chief.get(f"/backoffice/receipts/R-{wall_clock().year}-000002.pdf").data.startswith(b"%PDF")
    assert chief.get("/backoffice/receipts/R-1999-000001.pdf").status_code == 404
    assert "No receipt fits" in chief.get("/backoffice/receipts?q=nothing").get_data(as_text=True)


def test_comparing_now_says_that_the_books_agree_and_when(chief: FlaskClient, session: Session, csrf: Callable[..., str]) -> None:
    assert "No comparison yet" in chief.get("/backoffice/reconciliation").get_data(as_text=True)

    answer = chief.post("/backoffice/reconciliation", data={"csrf_token": csrf("/backoffice/reconciliation")}, follow_redirects=True)

    page = words_of(answer.get_data(as_text=True))
    assert "0 differences" in page
    assert "The books agree" in page
    assert "Back office" in page
    run = session.scalars(select(ReconcileRun)).one()
    assert (run.started_by, run.is_running) == ("back office", False)


def test_a_difference_is_shown_with_its_order_and_on_the_first_page(chief: FlaskClient, session: Session, csrf: Callable[..., str]) -> None:
    order = make_paid_order(session)
    session.execute(text("UPDATE ledger_entries SET amount = 1"))
    session.commit()

    answer = chief.post("/backoffice/reconciliation", data={"csrf_token": csrf("/backoffice/reconciliation")}, follow_redirects=True)

    assert order.number in answer.get_data(as_text=True)
    assert "payment: the order says 19500, the ledger 1" in answer.get_data(as_text=True)
    assert "The books differ" in chief.get("/backoffice").get_data(as_text=True)


def test_a_refused_key_is_said_on_the_first_page_until_a_run_succeeds(chief: FlaskClient, session: Session) -> None:
    moment = wall_clock()
    run = ReconcileRun(started_at=moment, locked_until=moment, is_running=False, finished_at=moment, error="key_refused: Invalid API Key")
    session.add(run)
    session.commit()
    assert "Stripe does not accept our key" in chief.get("/backoffice").get_data(as_text=True)
    assert "laurel payments doctor" in chief.get("/backoffice/reconciliation").get_data(as_text=True)

    later = moment + timedelta(minutes=5)
    session.add(ReconcileRun(started_at=later, locked_until=later, is_running=False, finished_at=later, differences=[]))
    session.commit()

    assert "Stripe does not accept our key" not in chief.get("/backoffice").get_data(as_text=True)


def test_support_sees_the_comparison_and_may_not_start_one(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    make_order(session)
    support = sign_in(make_user(session, roles=["support"]))

    assert "Compare now" not in support.get("/backoffice/reconciliation").get_data(as_text=True)
    assert support.get("/backoffice/revenue").status_code == 403
