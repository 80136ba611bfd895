from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.commerce.events import OrderPaid
from laurel.commerce.handlers import email_receipt, sums_of
from laurel.commerce.queries import get_order
from laurel.commerce.rules import TaxBehavior
from laurel.commerce.services.fulfilling import settle
from laurel.core.clock import now
from laurel.core.mail import Mail
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering, make_order


def told(session: Session, *, prices: dict[str, int] | None = None, times: int = 2) -> list[Mail]:
    """The receipts after the payment was told `times` times."""
    offering = make_offering(session, prices=prices)
    order = make_order(session, buyer=make_user(session, name="Ada <b>Lovelace</b>"), offering=offering)
    settle(session, order, amount_paid=order.total, ref="pi_1", now=now())
    for _ in range(times):
        email_receipt(session, OrderPaid(occurred_at=now(), order_id=order.id, buyer_id=order.buyer_id, course_id=offering.course_id))
    return [mail for mail in session.scalars(select(Mail)) if mail.key.startswith("receipt:")]


def test_a_payment_told_twice_is_one_receipt(app: object, session: Session) -> None:
    receipts = told(session)

    assert len(receipts) == 1
    assert receipts[0].subject.startswith("Your receipt for order L-")
    assert "Bookkeeping: $195" in receipts[0].text
    assert "http://laurel.test/orders/" in receipts[0].text


def test_a_name_cannot_bring_markup_into_the_mail(app: object, session: Session) -> None:
    receipt = told(session)[0]

    assert "<b>" not in (receipt.html or "")
    assert "&lt;b&gt;" in (receipt.html or "")


def test_what_cost_nothing_has_no_receipt(app: object, session: Session) -> None:
    assert told(session, prices={"usd": 0}) == []


def test_the_sums_of_a_receipt_add_up(session: Session) -> None:
    order = make_order(session)
    order.discount, order.tax, order.tax_behavior = 3900, 2964, TaxBehavior.EXCLUSIVE
    order.total = order.subtotal - order.discount + order.tax
    session.flush()

    sums = sums_of(get_order(session, order.id))

    assert [title for title, _ in sums] == ["Bookkeeping", "Discount", "Tax"]
    assert sum(amount for _, amount in sums) == order.total
