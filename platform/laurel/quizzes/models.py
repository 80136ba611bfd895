"""Quizzes and attempts. (The lead's placeholder so that other tables can refer to these; the quizzes builder replaces this file.)"""

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from laurel.core.db import Base
from laurel.core.ids import new_id


class Quiz(Base):
    __tablename__ = "quizzes"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)


class Attempt(Base):
    __tablename__ = "attempts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
