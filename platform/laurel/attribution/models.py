"""What readers did with calls to action, which orders came of it, and how each order is credited."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from laurel.attribution.rules import CreditModel, TouchKind
from laurel.catalog.models import Course
from laurel.commerce.models import Order
from laurel.core.db import Base, text_enum
from laurel.core.ids import new_id


class Touch(Base):
    """One click on a call to action. Never changed; nothing in it says who clicked.

    `click_token` travels in the address to the order. CTA, placement and article are named by their ids only: those
    packages are built on this one. `bot_reason` says why a program is thought to have clicked.
    """

    __tablename__ = "touches"
    __table_args__ = (Index("ix_touches_cta_id_article_id", "cta_id", "article_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    click_token: Mapped[str] = mapped_column(String(60), unique=True)
    occurred_at: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[TouchKind] = mapped_column(text_enum(TouchKind))
    cta_id: Mapped[UUID]
    placement_id: Mapped[UUID] = mapped_column(index=True)
    article_id: Mapped[UUID] = mapped_column(index=True)
    course_id: Mapped[UUID] = mapped_column(ForeignKey(Course.id), index=True)
    referrer_host: Mapped[str | None] = mapped_column(String(253), default=None)
    bot_reason: Mapped[str | None] = mapped_column(String(60), default=None)

    @property
    def is_bot(self) -> bool:
        return self.bot_reason is not None


class OrderTouch(Base):
    """An order came from this touch. One click may lead to several orders: the first is canceled, the next is paid."""

    __tablename__ = "order_touches"

    order_id: Mapped[UUID] = mapped_column(ForeignKey(Order.id), primary_key=True)
    touch_id: Mapped[UUID] = mapped_column(ForeignKey(Touch.id), primary_key=True, index=True)
    placed_at: Mapped[datetime]


class OrderCredit(Base):
    """A paid order's credit to one touch before it. The weights of one order and model add up to 1."""

    __tablename__ = "order_credits"
    __table_args__ = (UniqueConstraint("order_id", "touch_id", "model"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey(Order.id))
    touch_id: Mapped[UUID] = mapped_column(ForeignKey(Touch.id), index=True)
    cta_id: Mapped[UUID]
    article_id: Mapped[UUID] = mapped_column(index=True)
    weight: Mapped[Decimal]
    credited_at: Mapped[datetime]
    model: Mapped[CreditModel] = mapped_column(text_enum(CreditModel), default=CreditModel.LAST_NON_DIRECT)
