"""Organizations that certify on this site beside the house, which the settings describe."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from laurel.core.db import Base
from laurel.core.ids import new_id


class Organization(Base):
    """Who signs with keys of its own. Its slug stands in its DID and never changes; the rest is what its next credentials say."""

    __tablename__ = "organizations"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    url: Mapped[str] = mapped_column(String(300))
    email: Mapped[str] = mapped_column(String(254))
    description: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    logo: Mapped[bytes | None] = mapped_column(LargeBinary, default=None, deferred=True, repr=False)
    has_logo: Mapped[bool] = mapped_column(default=False)
    official: Mapped[str] = mapped_column(String(100), default="", server_default="")
    """Who answers for it, name and role; empty if nobody is named."""
    linkedin_id: Mapped[str] = mapped_column(String(20), default="", server_default="")
    """The digits by which LinkedIn knows it; empty if it is not there. Nothing that is signed says them."""
