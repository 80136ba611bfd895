"""Receipts and credit notes: numbered without gaps, written once, never changed."""

import threading
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.commerce.models import Receipt, ReceiptSeries
from laurel.commerce.queries import get_order
from laurel.commerce.queries.receipts import list_receipts_of, read_sheet
from laurel.commerce.rules import RefundState, TaxBehavior
from laurel.commerce.rules.receipts import ReceiptKind, compose_sheet, receipt_number, series_of, share_of_tax
from laurel.commerce.services.fulfilling import settle
from laurel.commerce.services.receipts import issue_credit_note, issue_receipt
from laurel.commerce.typst_gateway import render_receipt
from laurel.core.clock import now as wall_clock
from laurel.core.errors import ConflictError
from tests.commerce.conftest import Transaction
from tests.commerce.shopping import Shopping, text
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering, make_order, make_paid_order, make_refund

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8"/></svg>'
CONTENT = {
    "order": "L-1",
    "currency": "usd",
    "is_live": True,
    "tax_behavior": "inclusive",
    "seller": {"name": "Laurel", "email": "a@example.com", "address": "1 High Street\nLondon", "tax_ids": ["GB1"]},
    "buyer": {"name": "Ada", "email": "b@example.com", "address": ["2 Low Street"], "tax_ids": []},
    "paid_at": "2026-11-20T09:30:00+00:00",
    "lines": [{"title": "Bookkeeping", "quantity": 3, "unit_amount": 10000, "amount": 30000}],
    "subtotal": 30000,
    "discount": 3000,
    "tax": 4500,
    "total": 27000,
    "payments": [{"reference": "pi_1", "method": "card", "last4": "4242", "amount": 27000}],
}


def test_numbers_are_counted_by_kind_and_year() -> None:
    eve = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)

    assert receipt_number(series_of(ReceiptKind.RECEIPT, eve), 42) == "R-2026-000042"
    assert receipt_number(series_of(ReceiptKind.CREDIT_NOTE, eve), 1_000_000) == "C-2026-1000000"


def test_a_sheet_says_every_amount_that_was_written_down(now: datetime) -> None:
    sheet = compose_sheet(ReceiptKind.RECEIPT, "R-2026-000001", now, CONTENT)

    assert sheet.seller == ("Laurel", "1 High Street", "London", "Tax id GB1", "a@example.com")
    assert sheet.lines == (("Bookkeeping", "3", "$100", "$300"),)
    assert sheet.sums == (("Subtotal", "$300"), ("Discount", "−$30"), ("Tax, included in the total", "$45"))
    assert sheet.total == ("Total", "$270")
    assert ("Paid with", "Card ending in 4242") in sheet.facts
    assert sheet.stamp == ""


@pytest.mark.parametrize(
    ("total", "row"),
    [(27000, None), (30000, ("Paid beyond the price", "$30")), (100, ("Waived by us", "−$269"))],
)
def test_a_sheet_adds_up_although_staff_took_another_amount(now: datetime, total: int, row: tuple[str, str] | None) -> None:
    sheet = compose_sheet(ReceiptKind.RECEIPT, "R-2026-000001", now, CONTENT | {"tax": 0, "total": total})

    assert sheet.sums == (("Subtotal", "$300"), ("Discount", "−$30"), *([row] if row else []))


def test_test_money_is_stamped_and_nothing_paid_is_not(now: datetime) -> None:
    free = {**CONTENT, "is_live": False, "total": 0, "payments": []}

    assert compose_sheet(ReceiptKind.RECEIPT, "R", now, {**CONTENT, "is_live": False}).stamp == "TEST"
    assert compose_sheet(ReceiptKind.RECEIPT, "R", now, free).stamp == ""


def test_every_paid_order_has_one_receipt_the_free_ones_too(session: Session) -> None:
    orders = [make_paid_order(session), make_paid_order(session, offering=make_offering(session, prices={"usd": 0}))]

    for order in orders:
        assert issue_receipt(session, order, wall_clock()) is issue_receipt(session, order, wall_clock())
    assert session.scalar(select(func.count()).select_from(Receipt)) == 2


def test_an_unpaid_order_has_none(session: Session) -> None:
    with pytest.raises(ConflictError):
        issue_receipt(session, make_order(session), wall_clock())


def test_a_receipt_keeps_the_name_of_its_day(session: Session) -> None:
    buyer = make_user(session, name="Ada Lovelace")
    order = make_paid_order(session, buyer=buyer)

    buyer.name, buyer.email = "Countess King", "countess@example.com"
    session.flush()
    sheet = read_sheet(session, list_receipts_of(session, order.id)[0])

    assert "Ada Lovelace" in sheet.buyer
    assert "countess@example.com" not in sheet.buyer


def test_who_gave_an_address_to_the_payment_page_finds_it_on_the_receipt(session: Session) -> None:
    order = make_order(session)
    address = {"line1": "1 Rue X", "line2": None, "city": "Paris", "postal_code": "75001", "state": None, "country": "FR"}
    order.billing = {"name": "ACME SARL", "address": address, "tax_ids": [{"type": "eu_vat", "value": "FR12"}]}
    session.flush()

    settle(session, order, amount_paid=order.total, ref="pi_1", now=wall_clock())
    sheet = read_sheet(session, list_receipts_of(session, order.id)[0])

    assert sheet.buyer[:4] == ("ACME SARL", "1 Rue X", "75001 Paris", "FR")
    assert "Tax id FR12" in sheet.buyer


def test_numbers_have_no_gap_although_transactions_fail(session: Session, transaction: Transaction) -> None:
    offering = make_offering(session)
    buyers = [make_user(session) for _ in range(12)]
    orders = [make_order(session, buyer=buyer, offering=offering).id for buyer in buyers]
    session.commit()

    def pay(position: int) -> None:
        try:
            with transaction() as own:
                order = get_order(own, orders[position])
                order.paid_at = wall_clock()
                issue_receipt(own, order, wall_clock())
                if position % 3 == 0:
                    raise RuntimeError("the transaction fails after the number was taken")
        except RuntimeError:
            pass

    threads = [threading.Thread(target=pay, args=(position,)) for position in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    session.rollback()
    year = wall_clock().year
    assert sorted(session.scalars(select(Receipt.number))) == [f"R-{year}-{n:06d}" for n in range(1, 9)]
    assert session.scalars(select(ReceiptSeries.last)).one() == 8


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 10**7), st.integers(0, 40), st.lists(st.integers(0, 100), max_size=6))
def test_the_tax_on_credit_notes_adds_up_to_the_tax_that_was_paid(paid: int, percent: int, cuts: list[int]) -> None:
    tax = paid * percent // 100
    back = told = 0
    for cut in [*cuts, 100]:
        back += (paid - back) * cut // 100
        share = share_of_tax(tax, paid=paid, back=back, told=told)
        told += share
        assert share >= 0
        assert abs(told * paid - tax * back) <= paid / 2
    assert told == tax


@pytest.mark.parametrize("behavior", list(TaxBehavior))
def test_credit_notes_show_their_share_of_the_tax(session: Session, behavior: TaxBehavior) -> None:
    order = make_paid_order(session)
    order.tax, order.tax_behavior = 3115, behavior
    session.flush()

    notes = [issue_credit_note(session, make_refund(session, order, amount=amount), wall_clock()) for amount in (5000, 14500)]

    assert [note.content["tax"] for note in notes] == [799, 2316]
    assert read_sheet(session, notes[0]).sums == (("Tax, included in the refund", "$7.99"),)
    assert b"%PDF" in render_receipt(read_sheet(session, notes[0]), logo=LOGO, dated=wall_clock())


def test_a_credit_note_that_is_void_holds_no_share_of_the_tax(session: Session) -> None:
    order = make_paid_order(session)
    order.tax = 3115
    failed = make_refund(session, order, amount=19500)
    assert issue_credit_note(session, failed, wall_clock()).content["tax"] == 3115
    failed.state = RefundState.FAILED
    session.flush()

    assert issue_credit_note(session, make_refund(session, order, amount=19500), wall_clock()).content["tax"] == 3115


def test_a_credit_note_from_before_its_tax_was_told_still_reads(now: datetime) -> None:
    old = {key: value for key, value in CONTENT.items() if key not in {"tax", "discount", "subtotal", "paid_at", "payments"}}

    assert compose_sheet(ReceiptKind.CREDIT_NOTE, "C-2026-000001", now, old).sums == ()


def test_a_refund_has_one_credit_note_in_a_series_of_its_own(session: Session) -> None:
    order = make_paid_order(session)
    refund = make_refund(session, order, amount=5000)

    note = issue_credit_note(session, refund, wall_clock())
    assert issue_credit_note(session, refund, wall_clock()) is note
    sheet = read_sheet(session, note)

    assert note.number.startswith("C-")
    assert sheet.total == ("Refunded", "$50")
    assert ("Receipt", list_receipts_of(session, order.id)[0].number) in sheet.facts
    assert sheet.stamp == "TEST"


def test_a_credit_note_whose_refund_failed_is_stamped(session: Session) -> None:
    refund = make_refund(session, make_paid_order(session), amount=5000)
    note = issue_credit_note(session, refund, wall_clock())

    refund.state = RefundState.FAILED
    session.flush()

    assert read_sheet(session, note).stamp == "VOID"


@settings(max_examples=30, deadline=None)
@given(
    name=st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), min_size=1, max_size=120),
    title=st.sampled_from(["Bookkeeping", "A" * 160, '#import "x": *', "$x$ [a] <b> \\ _e_"]),
)
def test_no_name_breaks_the_pdf_or_is_taken_for_typesetting(name: str, title: str) -> None:
    content = {**CONTENT, "buyer": {**CONTENT["buyer"], "name": name}}  # type: ignore[dict-item]
    content["lines"] = [{"title": title, "quantity": 1, "unit_amount": 27000, "amount": 27000}]
    sheet = compose_sheet(ReceiptKind.RECEIPT, "R-2026-000001", datetime(2026, 11, 20, tzinfo=UTC), content)

    assert render_receipt(sheet, logo=LOGO, dated=datetime(2026, 11, 20, tzinfo=UTC)).startswith(b"%PDF")


def test_the_buyer_reads_and_downloads_the_receipt_and_nobody_else(shopping: Shopping, sign_in: SignIn) -> None:
    make_paid_order(shopping.session, buyer=shopping.buyer)
    shopping.session.commit()
    number = f"R-{wall_clock().year}-000001"

    page = text(shopping.client.get(f"/receipts/{number}"))
    pdf = shopping.client.get(f"/receipts/{number}.pdf")

    assert shopping.buyer.name in page
    assert pdf.mimetype == "application/pdf"
    assert pdf.data.startswith(b"%PDF")
    assert number in pdf.headers["Content-Disposition"]
    sign_in(make_user(shopping.session))
    assert shopping.client.get(f"/receipts/{number}").status_code == 404
    assert shopping.client.get(f"/receipts/{number}.pdf").status_code == 404


def test_the_order_and_the_list_lead_to_the_receipt(shopping: Shopping) -> None:
    order = make_paid_order(shopping.session, buyer=shopping.buyer)
    make_order(shopping.session, buyer=shopping.buyer)
    shopping.session.commit()
    number = f"R-{wall_clock().year}-000001"

    listed = text(shopping.client.get("/orders"))

    assert f'href="/receipts/{number}"' in listed
    assert "Resume payment" in listed
    assert f'href="/receipts/{number}.pdf"' in text(shopping.client.get(f"/orders/{order.id}"))
