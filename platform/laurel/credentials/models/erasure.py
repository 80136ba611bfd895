"""What is kept of certificates that were erased: enough to say so, and to make none of them again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from laurel.core.db import Base, text_enum
from laurel.credentials.rules.erasure import ErasureReason
from laurel.quizzes.models import Attempt


class ErasedCredential(Base):
    """That a certificate was at this address and had this number. Whose it was and what it certified is gone.

    Its places on status lists stay in `status_entries`, set, and belong to no document any more.
    """

    __tablename__ = "erased_credentials"

    credential_id: Mapped[UUID] = mapped_column(primary_key=True)
    number_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    reason: Mapped[ErasureReason] = mapped_column(text_enum(ErasureReason, length=60))
    erased_at: Mapped[datetime]


class ErasedAward(Base):
    """That what this attempt earned was erased, so that nothing awards it again. It does not say which certificate that was."""

    __tablename__ = "erased_awards"

    attempt_id: Mapped[UUID] = mapped_column(ForeignKey(Attempt.id), primary_key=True)
