"""Who wants to hear of a payment that they began and did not finish."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from laurel.commerce.models.orders import Order
from laurel.core.db import Base


class CheckoutReminder(Base):
    """The buyer's consent to one mail, should the payment page of this order close unpaid."""

    __tablename__ = "checkout_reminders"

    order_id: Mapped[UUID] = mapped_column(ForeignKey(Order.id), primary_key=True)
    asked_at: Mapped[datetime]
