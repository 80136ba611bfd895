"""What is known of certificates that were erased."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core.errors import DomainError, NotFoundError
from laurel.credentials.models.erasure import ErasedAward, ErasedCredential
from laurel.credentials.rules.erasure import ErasedError, number_sha256


def find_erased(session: Session, credential_id: UUID) -> ErasedCredential | None:
    return session.get(ErasedCredential, credential_id)


def find_erased_by_number(session: Session, number: str) -> ErasedCredential | None:
    """The erased certificate that had this number, as it is printed."""
    return session.scalar(select(ErasedCredential).filter_by(number_sha256=number_sha256(number)))


def missing(session: Session, credential_id: UUID) -> DomainError:
    """What to raise where there is no certificate of this id: whether it was erased, or never was."""
    erased = find_erased(session, credential_id)
    return NotFoundError("There is no such certificate.") if erased is None else ErasedError(erased.reason)


def is_award_erased(session: Session, attempt_id: UUID) -> bool:
    """Whether what this attempt earned was erased."""
    return session.get(ErasedAward, attempt_id) is not None
