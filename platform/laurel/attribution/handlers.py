"""What attribution does when commerce reports something."""

from sqlalchemy.orm import Session

from laurel.attribution import services
from laurel.commerce.events import OrderPaid, OrderPlaced
from laurel.commerce.queries import get_order


def link_order(session: Session, event: OrderPlaced) -> None:
    """An order remembers the click that it came from."""
    services.link_touch(session, order_id=event.order_id, click_token=event.click_token, placed_at=event.occurred_at)


def credit_order(session: Session, event: OrderPaid) -> None:
    """A paid order is credited to the last click before it. It may be told of the payment before it is told of the order."""
    order = get_order(session, event.order_id)
    services.link_touch(session, order_id=order.id, click_token=order.click_token, placed_at=order.created_at)
    services.credit_order(session, order.id, now=event.occurred_at)
