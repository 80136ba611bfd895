"""The whole way through the outbox: a free course that was reached by a click."""

from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.attribution.models import OrderCredit
from laurel.attribution.rules import TouchKind
from laurel.attribution.services import record_touch
from laurel.commerce.services import place_order
from laurel.core import clock
from laurel.core.bus import deliver, list_due
from laurel.core.db import Database
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering


def test_a_free_order_is_credited_by_the_worker(shared_app: object, session: Session, database: Database) -> None:
    offering = make_offering(session, prices={"usd": 0})
    ids = {"cta_id": uuid4(), "placement_id": uuid4(), "article_id": uuid4(), "course_id": offering.course_id}
    token = record_touch(session, kind=TouchKind.CLICK, referrer_host=None, bot_reason=None, now=clock.now(), **ids)
    order = place_order(
        session, buyer_id=make_user(session).id, course_id=offering.course_id, currency="usd", click_token=token, now=clock.now()
    )
    session.commit()

    for delivery_id in reversed(list_due(session, now=clock.now())):
        session.rollback()
        deliver(lambda: database.session(writes=True), delivery_id, clock=clock.now)

    credit = session.scalars(select(OrderCredit)).one()
    assert (credit.order_id, credit.article_id) == (order.id, ids["article_id"])
