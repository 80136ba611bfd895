"""Signed statements about the end of the chain of events."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from laurel.core.db import Base


class ChainAnchor(Base):
    """That the chain had so many entries, the last of which had this hash. Only ever added to; the same words go into the worker's log."""

    __tablename__ = "chain_anchors"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    statement: Mapped[str] = mapped_column(String(500))
