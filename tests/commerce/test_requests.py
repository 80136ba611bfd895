"""What a buyer asked for is answered once all of the money is back, and open again if it does not arrive."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.commerce import queries, services
from laurel.commerce.models import Refund, ReviewTask
from laurel.commerce.services import Till
from laurel.core.mail import Mail
from tests.commerce.bought import Bought, buy_course
from tests.commerce.shopping import text
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.fakes import FakePayments


@pytest.fixture
def bought(app: object, till: Till, payments: FakePayments) -> Bought:
    return buy_course(till, payments)


def ask(bought: Bought, words: str = "Please.") -> None:
    with bought.till.transaction() as session:
        services.ask_for_refund(session, queries.get_order(session, bought.order_id), words=words, now=bought.till.now)


def request_of(session: Session) -> ReviewTask:
    session.rollback()
    asked = select(ReviewTask).where(ReviewTask.kind == "refund_request").order_by(ReviewTask.created_at.desc(), ReviewTask.id.desc())
    return session.scalars(asked.execution_options(populate_existing=True)).all()[0]


def change(bought: Bought, payments: FakePayments, refund: Refund, status: str) -> None:
    assert refund.stripe_refund is not None
    payments.change_refund(refund.stripe_refund, status=status)
    services.sync_refunds(bought.till, bought.intent_id)


def test_a_refund_of_the_whole_order_answers_what_its_buyer_asked(bought: Bought, session: Session, sign_in: SignIn) -> None:
    ask(bought)
    bought.refund()

    task = request_of(session)
    assert (task.resolution, task.resolved_by_id, task.resolved_at) == ("All that you paid went back to you.", None, bought.till.now)
    buyer = queries.get_order(session, bought.order_id).buyer
    page = text(sign_in(buyer).get(f"/orders/{bought.order_id}"))
    assert "Our answer to your request" in page
    assert "All that you paid went back to you." in page
    assert "A person looks at it" not in page
    staff = sign_in(make_user(session, roles=["admin"]))
    assert "Answer it" not in text(staff.get(f"/backoffice/orders/{bought.order_id}"))
    assert "Please." not in text(staff.get("/backoffice/tasks"))


def test_a_part_of_the_money_answers_nothing_and_the_last_part_does(bought: Bought, session: Session) -> None:
    ask(bought)
    bought.refund(10000)
    assert request_of(session).resolved_at is None

    bought.refund(9500)
    assert request_of(session).resolved_at is not None


def test_money_that_is_on_its_way_answers_nothing_yet(bought: Bought, payments: FakePayments, session: Session) -> None:
    ask(bought)
    payments.refund_status = "pending"
    refund = bought.refund()
    assert request_of(session).resolved_at is None

    change(bought, payments, refund, "succeeded")
    assert request_of(session).resolved_at is not None


def test_a_refund_in_the_dashboard_answers_too(bought: Bought, payments: FakePayments, session: Session) -> None:
    ask(bought)
    payments.add_refund(bought.intent_id, 19500)
    services.sync_refunds(bought.till, bought.intent_id)

    assert request_of(session).resolved_at is not None


def test_money_that_does_not_arrive_after_all_opens_the_question_again(
    bought: Bought, payments: FakePayments, session: Session, sign_in: SignIn
) -> None:
    ask(bought)
    change(bought, payments, bought.refund(), "failed")

    task = request_of(session)
    assert (task.resolved_at, task.resolution) == (None, None)
    buyer = queries.get_order(session, bought.order_id).buyer
    page = text(sign_in(buyer).get(f"/orders/{bought.order_id}"))
    assert "You asked for a refund on" in page
    assert "A person looks at it and answers by mail." in page

    with bought.till.transaction() as other:
        services.resolve_task(other, task.id, answer="We send it by bank.", actor_id=make_user(other).id, now=bought.till.now)
    session.rollback()
    assert session.scalars(select(Mail).where(Mail.key == f"refund_answer:{task.id}")).one()


def test_what_a_person_answered_stays_answered_whatever_the_money_does(bought: Bought, payments: FakePayments, session: Session) -> None:
    ask(bought)
    with bought.till.transaction() as other:
        task_id = other.scalars(select(ReviewTask.id)).one()
        services.resolve_task(other, task_id, answer="We send it back.", actor_id=make_user(other).id, now=bought.till.now)
    change(bought, payments, bought.refund(), "failed")

    assert request_of(session).resolution == "We send it back."


def test_only_the_last_question_is_opened_again_and_a_refund_that_arrives_in_the_end_answers_it(
    bought: Bought, payments: FakePayments, session: Session
) -> None:
    ask(bought, "First.")
    change(bought, payments, bought.refund(), "failed")
    assert request_of(session).resolved_at is None

    bought.refund()

    assert [task.detail for task in session.scalars(select(ReviewTask).where(ReviewTask.kind == "refund_request"))] == ["First."]
    assert request_of(session).resolution == "All that you paid went back to you."
