"""Staff and money: refunds by line with their effect shown first, disputes with evidence, tasks."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from laurel.commerce import queries as queries_of_orders
from laurel.commerce import services
from laurel.commerce.gateway import PaymentsUnavailableError
from laurel.commerce.models import Dispute, Entitlement, Refund, ReviewTask
from laurel.commerce.rules import AccessEffect, EntitlementStatus, OrderState
from laurel.commerce.services import Till
from laurel.core.mail import Mail
from tests.commerce.bought import Bought, buy_course, turn_into_seats
from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_user
from tests.factories.commerce import make_code, make_dispute, make_order, make_payment, make_review_task
from tests.fakes import FakePayments


@pytest.fixture
def bought(app: object, till: Till, payments: FakePayments) -> Bought:
    return buy_course(till, payments)


@pytest.fixture
def staff(client: FlaskClient, session: Session, sign_in: SignIn) -> FlaskClient:
    return sign_in(make_user(session, name="Grace", roles=["admin"]))


def text(answer: TestResponse) -> str:
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


def send(client: FlaskClient, page: TestResponse, path: str, **form: str) -> TestResponse:
    """Send the page's form to `path` as a browser would: what it holds, and what is typed over it."""
    inside = text(page).split('<form class="form"')[-1]
    held: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", inside):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="radio"' not in tag or "checked" in tag):
            held[name[1]] = value[1] if value else ""
    return client.post(path, data={"reason": "requested_by_customer", **held, **form})


def test_what_a_refund_ends_is_shown_before_it_is_made(
    staff: FlaskClient, bought: Bought, payments: FakePayments, session: Session
) -> None:
    path = f"/backoffice/orders/{bought.order_id}/refund"
    asked = staff.get(path)
    assert 'value="195.00"' in text(asked)
    assert "Give back" not in text(asked)

    shown = send(staff, asked, path, act="look")
    assert "loses Bookkeeping as soon as Stripe says" in text(shown)
    assert payments.refunds == {}
    done = send(staff, shown, path, act="refund")

    assert done.status_code == 303
    page = text(staff.get(f"/backoffice/orders/{bought.order_id}"))
    for words in ("The money is back.", "Refunded", "Refund asked for", "Access ended", "Grace", "−$195"):
        assert words in page
    assert not bought.has_course(session)


def test_an_order_page_tells_every_amount_and_to_whom_it_is_made_out(staff: FlaskClient, bought: Bought, session: Session) -> None:
    with bought.till.transaction() as other:
        order = queries_of_orders.get_order(other, bought.order_id)
        order.discount, order.discount_code_id, order.tax = 4500, make_code(other, "SPRING").id, 3115
        order.subtotal = 24000
        order.billing = {
            "name": "ACME SARL",
            "email": "books@acme.example",
            "address": {"line1": "1 Rue X", "city": "Paris", "postal_code": "75001", "country": "FR"},
            "tax_ids": [{"type": "eu_vat", "value": "FR12"}],
        }
    bought.refund(5000, effect=AccessEffect.KEEP)

    page = text(staff.get(f"/backoffice/orders/{bought.order_id}"))

    for words in ("$240", "−$45 by", ">SPRING</a>", "$31.15, included", "ACME SARL", "75001 Paris", "Tax id FR12", "books@acme.example"):
        assert words in page
    assert len(re.findall("Credit note C-", page)) >= 1
    history = page.split("What happened</caption>")[1].split("</table>")[0]
    assert history.count("$50") == 2  # asked for, and succeeded
    assert "$195" in history


def test_a_change_after_looking_shows_the_effect_again(staff: FlaskClient, bought: Bought, payments: FakePayments) -> None:
    path = f"/backoffice/orders/{bought.order_id}/refund"
    shown = send(staff, staff.get(path), path, act="look")

    again = send(staff, shown, path, act="refund", amount_1="50.00", access="keep")

    assert again.status_code == 200
    assert "Give back $50" in text(again)
    assert "Access stays as it is" in text(again)
    assert payments.refunds == {}
    assert send(staff, again, path, act="refund").status_code == 303
    assert [refund.amount for refund in payments.refunds.values()] == [5000]


@pytest.mark.parametrize(
    ("typed", "words"),
    [("195.01", "more than is left"), ("1.005", "2 decimals"), ("ten", "such as 195.00"), ("", "Write how much"), ("-5", "zero or more")],
)
def test_an_amount_that_cannot_go_back_is_said_beside_its_field(
    staff: FlaskClient, bought: Bought, session: Session, typed: str, words: str
) -> None:
    path = f"/backoffice/orders/{bought.order_id}/refund"

    answer = send(staff, staff.get(path), path, act="look", amount_1=typed)

    assert answer.status_code == 400
    assert words in text(answer)
    assert 'href="#amount_1"' in text(answer)
    assert session.scalars(select(Refund)).all() == []


def test_seats_are_taken_back_by_number(staff: FlaskClient, bought: Bought, session: Session) -> None:
    turn_into_seats(bought, seats=5, redeemed_by=[bought.buyer_id])
    path = f"/backoffice/orders/{bought.order_id}/refund"
    asked = staff.get(path)
    assert "4 unused, 1 redeemed" in text(asked)

    assert send(staff, asked, path, act="look", seats_1="5").status_code == 400
    shown = send(staff, asked, path, act="look", amount_1="78", seats_1="2")

    assert "2 of 4 unused seats stop working now. 1 redeemed seat stays." in text(shown)


@pytest.mark.parametrize(
    ("seats", "words"),
    [
        ("4", "Bookkeeping: all 4 unused seats stop working now."),
        ("1", "Bookkeeping: 1 of 4 unused seats stops working now, the other 3 as soon as Stripe says that the money is back."),
        ("0", "Bookkeeping: all 4 unused seats stop working as soon as Stripe says that the money is back."),
    ],
)
def test_what_a_whole_refund_of_seats_ends_is_said_as_it_happens(
    staff: FlaskClient, bought: Bought, payments: FakePayments, session: Session, seats: str, words: str
) -> None:
    turn_into_seats(bought, seats=5, redeemed_by=[bought.buyer_id])
    path = f"/backoffice/orders/{bought.order_id}/refund"
    shown = send(staff, staff.get(path), path, act="look", seats_1=seats)
    assert words in text(shown)
    payments.refund_status = "pending"

    assert send(staff, shown, path, act="refund", seats_1=seats).status_code == 303

    session.rollback()
    (stand,) = queries_of_orders.list_line_stands(session, bought.order(session))
    assert stand.unused_seats == 4 - int(seats)
    payments.change_refund(next(iter(payments.refunds)), status="succeeded")
    services.sync_refunds(bought.till, bought.intent_id)
    (stand,) = queries_of_orders.list_line_stands(session, bought.order(session))
    assert stand.unused_seats == 0


def test_while_stripe_is_silent_the_refund_waits(staff: FlaskClient, bought: Bought, payments: FakePayments) -> None:
    path = f"/backoffice/orders/{bought.order_id}/refund"
    shown = send(staff, staff.get(path), path, act="look")
    payments.failures = [PaymentsUnavailableError("down")]

    assert send(staff, shown, path, act="refund").status_code == 303
    order = f"/backoffice/orders/{bought.order_id}"
    assert "asked again by itself" in text(staff.get(order))
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text(staff.get(order)))
    assert token
    staff.post(f"{order}/sync", data={"csrf_token": token[1]})

    assert "This is what Stripe says now" in text(staff.get(order))
    assert len(payments.refunds) == 1


def test_a_disputed_payment_is_not_refunded_and_the_page_says_why(staff: FlaskClient, bought: Bought, payments: FakePayments) -> None:
    path = f"/backoffice/orders/{bought.order_id}/refund"
    shown = send(staff, staff.get(path), path, act="look")
    services.sync_dispute(bought.till, payments.add_dispute(bought.intent_id, 19500).id)

    refused = send(staff, shown, path, act="refund")

    assert refused.status_code == 409
    assert "by the dispute" in text(refused)
    assert payments.refunds == {}


def test_evidence_is_gathered_may_be_changed_and_is_sent_once(
    staff: FlaskClient, bought: Bought, payments: FakePayments, session: Session
) -> None:
    told = payments.add_dispute(bought.intent_id, 19500)
    services.sync_dispute(bought.till, told.id)
    dispute = session.scalars(select(Dispute)).one()
    path = f"/backoffice/disputes/{dispute.id}"
    page = staff.get(path)
    for words in ("Placed order", "Paid; the course was opened", "0 % of the lessons", "Answer by"):
        assert words in text(page)
    assert bought.order(session).number in text(staff.get("/backoffice/disputes"))

    sent = send(staff, page, f"{path}/evidence", access_activity_log="They read it all.", product_description="A course")

    assert sent.status_code == 303
    assert payments.evidence[told.id]["access_activity_log"] == "They read it all."
    after = text(staff.get(path))
    assert "Sent. The bank decides now" in after
    assert "Send to the bank" not in after


def test_an_answer_without_words_is_refused(staff: FlaskClient, bought: Bought, payments: FakePayments, session: Session) -> None:
    services.sync_dispute(bought.till, payments.add_dispute(bought.intent_id, 19500).id)
    path = f"/backoffice/disputes/{session.scalars(select(Dispute)).one().id}"

    answer = send(staff, staff.get(path), f"{path}/evidence", access_activity_log="")

    assert answer.status_code == 400
    assert "Say what the buyer did." in text(answer)
    assert payments.evidence == {}


def test_while_stripe_is_silent_what_was_written_stays_in_the_form(
    staff: FlaskClient, bought: Bought, payments: FakePayments, session: Session
) -> None:
    services.sync_dispute(bought.till, payments.add_dispute(bought.intent_id, 19500).id)
    path = f"/backoffice/disputes/{session.scalars(select(Dispute)).one().id}"
    page = staff.get(path)
    payments.failures = [PaymentsUnavailableError("down")]

    answer = send(staff, page, f"{path}/evidence", access_activity_log="They read it all.")

    assert answer.status_code == 503
    assert "They read it all." in text(answer)


def test_giving_in_ends_what_was_bought(staff: FlaskClient, bought: Bought, payments: FakePayments, session: Session) -> None:
    services.sync_dispute(bought.till, payments.add_dispute(bought.intent_id, 19500).id)
    path = f"/backoffice/disputes/{session.scalars(select(Dispute)).one().id}"

    assert send(staff, staff.get(path), f"{path}/accept").status_code == 303
    session.rollback()

    assert session.scalars(select(Entitlement)).one().status is EntitlementStatus.REVOKED
    assert "Lost" in text(staff.get("/backoffice/disputes?status=over"))


def test_an_order_that_is_held_is_accepted_or_given_back(
    staff: FlaskClient, bought: Bought, payments: FakePayments, session: Session
) -> None:
    order = make_order(session)
    make_payment(session, order)
    order.state = OrderState.REVIEW
    task = make_review_task(session, order, kind="payment_mismatch", detail="total 1 for 19500")
    session.commit()
    path = f"/backoffice/tasks/{task.id}"
    assert "total 1 for 19500" in text(staff.get("/backoffice/tasks"))

    for nothing in ("", "  "):
        empty = send(staff, staff.get(path), path, act="accept", answer=nothing)
        assert empty.status_code == 400
        assert 'name="answer"' in text(empty)
    words_alone = send(staff, staff.get(path), path, act="resolve", answer="It is right.")
    assert words_alone.status_code == 409
    assert "until you accept what came or give it back" in text(words_alone)
    assert send(staff, staff.get(path), path, act="accept", answer="It is right.").status_code == 303

    session.rollback()
    session.refresh(order)
    assert order.state is OrderState.PAID
    assert "It is right." in text(staff.get(f"/backoffice/orders/{order.id}"))
    assert send(staff, staff.get(f"/backoffice/orders/{order.id}"), path, act="refund", answer="No.").status_code in {400, 409}


def test_giving_back_what_came_for_an_order_that_is_held(staff: FlaskClient, payments: FakePayments, session: Session) -> None:
    order = make_order(session)
    payment = make_payment(session, order)
    order.state = OrderState.REVIEW
    task = make_review_task(session, order, kind="payment_mismatch")
    session.commit()
    path = f"/backoffice/tasks/{task.id}"

    send(staff, staff.get(path), path, act="refund", answer="Not ours.")

    session.rollback()
    session.refresh(order)
    assert order.state is OrderState.CANCELED
    assert [(refund.intent_id, refund.amount) for refund in payments.refunds.values()] == [(payment.payment_intent, 19500)]


def test_an_order_that_is_held_and_of_whose_money_nothing_is_left_is_closed(
    staff: FlaskClient, payments: FakePayments, session: Session
) -> None:
    order = make_order(session)
    make_dispute(session, make_payment(session, order), status="lost")
    order.state = OrderState.REVIEW
    task = make_review_task(session, order, kind="payment_mismatch")
    session.commit()
    path = f"/backoffice/tasks/{task.id}"
    page = text(staff.get(path))
    assert "Close the order" in page
    assert "Accept what came" not in page

    assert send(staff, staff.get(path), path, act="accept", answer="Fine.").status_code == 409
    assert send(staff, staff.get(path), path, act="refund", answer="The bank has it.").status_code == 303

    session.rollback()
    session.refresh(order)
    assert order.state is OrderState.CANCELED
    assert "Nothing was left to give back" in text(staff.get("/backoffice/tasks"))
    assert payments.refunds == {}


def test_the_orders_page_offers_a_refund_while_something_is_left_that_is_not_on_its_way(
    staff: FlaskClient, bought: Bought, payments: FakePayments
) -> None:
    payments.refund_status = "pending"

    def offers() -> bool:
        return f"/backoffice/orders/{bought.order_id}/refund" in text(staff.get(f"/backoffice/orders/{bought.order_id}"))

    assert offers()
    bought.refund(10000)
    assert offers()
    bought.refund(9500)
    assert not offers()


def test_what_a_learner_asked_is_answered_to_the_learner(staff: FlaskClient, bought: Bought, session: Session) -> None:
    with bought.till.transaction() as other:
        services.ask_for_refund(other, queries_of_orders.get_order(other, bought.order_id), words="Please.", now=bought.till.now)
    task = session.scalars(select(ReviewTask)).one()
    path = f"/backoffice/tasks/{task.id}"
    assert "Refund this order" in text(staff.get(path))

    send(staff, staff.get(path), path, act="resolve", answer="We send it back.")

    session.rollback()
    assert "We send it back." in session.scalars(select(Mail).where(Mail.key == f"refund_answer:{task.id}")).one().text
    assert "We send it back." in text(staff.get(path))


def test_support_reads_along_and_decides_nothing(client: FlaskClient, bought: Bought, session: Session, sign_in: SignIn) -> None:
    task, dispute = make_review_task(session), make_dispute(session, make_payment(session, make_order(session)))
    support = sign_in(make_user(session, roles=["support"]))

    assert "An administrator answers this." in text(support.get(f"/backoffice/tasks/{task.id}"))
    assert "Send to the bank" not in text(support.get(f"/backoffice/disputes/{dispute.id}"))
    assert support.get(f"/backoffice/orders/{bought.order_id}/refund").status_code == 403


@pytest.mark.parametrize("path", ["/backoffice/disputes", "/backoffice/tasks"])
def test_the_lists_take_as_many_queries_for_many_rows_as_for_one(
    staff: FlaskClient, session: Session, queries: QueryCount, path: str
) -> None:
    counts = []
    for _ in range(3):
        make_dispute(session, make_payment(session, make_order(session)))
        make_review_task(session, make_order(session))
        session.commit()
        queries.clear()
        assert staff.get(path).status_code == 200
        counts.append(queries.selects)

    assert counts[1] == counts[2] <= 8


def test_a_partial_refund_says_so_in_the_orders_head(staff: FlaskClient, bought: Bought) -> None:
    bought.refund(5000, effect=AccessEffect.KEEP)

    assert "Partly refunded" in text(staff.get(f"/backoffice/orders/{bought.order_id}"))


def test_the_first_page_says_that_questions_wait(staff: FlaskClient, session: Session) -> None:
    assert "about money" not in text(staff.get("/backoffice"))
    make_review_task(session)
    session.commit()

    assert "1 question about money waits for a person" in text(staff.get("/backoffice"))
