"""Calls to action and the places where they stand."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from laurel.accounts.models import User
from laurel.catalog.models import Course
from laurel.core.db import Base, text_enum
from laurel.core.ids import new_id
from laurel.ctas.rules import CtaCopy, CtaStatus, CtaStyle, advance


class Cta(Base):
    """One call to action to one course. Articles refer to it by `slug`, which never changes; `version` counts the saves."""

    __tablename__ = "ctas"
    __table_args__ = (Index("ix_ctas_status_created_at", "status", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    owner_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), index=True)
    course_id: Mapped[UUID] = mapped_column(ForeignKey(Course.id), index=True)
    style: Mapped[CtaStyle] = mapped_column(text_enum(CtaStyle))
    heading: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text)
    button: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    status: Mapped[CtaStatus] = mapped_column(text_enum(CtaStatus), default=CtaStatus.ACTIVE)
    version: Mapped[int] = mapped_column(default=1)

    @property
    def copy(self) -> CtaCopy:
        return CtaCopy(style=self.style, heading=self.heading, body=self.body, button=self.button)

    @property
    def is_active(self) -> bool:
        return self.status is CtaStatus.ACTIVE

    def become(self, wanted: CtaStatus) -> None:
        self.status = advance(self.status, wanted)


class Placement(Base):
    """A place in an article where a call to action stands, or stood until `removed_at`; its links keep working.

    `key` tells the places of one call to action in one article apart. The article is named by its id only: articles
    are built on calls to action, not the other way round.
    """

    __tablename__ = "placements"
    __table_args__ = (UniqueConstraint("cta_id", "article_id", "key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    cta_id: Mapped[UUID] = mapped_column(ForeignKey(Cta.id))
    article_id: Mapped[UUID] = mapped_column(index=True)
    key: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None] = mapped_column(default=None)
