"""What is known of certificates that were erased."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core.errors import DomainError, NotFoundError
from laurel.credentials.models import Credential, CredentialEvent, IssuerKey
from laurel.credentials.models.erasure import ErasedAward, ErasedCredential
from laurel.credentials.rules.erasure import ErasedError, number_sha256
from laurel.credentials.rules.verdicts import CredentialState


def find_erased(session: Session, credential_id: UUID) -> ErasedCredential | None:
    return session.get(ErasedCredential, credential_id)


def find_erased_by_number(session: Session, number: str) -> ErasedCredential | None:
    """The erased certificate that had this number, as it is printed."""
    return session.scalar(select(ErasedCredential).filter_by(number_sha256=number_sha256(number)))


def find_issuer_of_erased(session: Session, credential_id: UUID) -> str | None:
    """The DID in whose name it was signed, by the history, which still knows its key; None if it never was."""
    signed = select(IssuerKey.did).join(CredentialEvent, CredentialEvent.key_id == IssuerKey.id)
    return session.scalar(signed.where(CredentialEvent.credential_id == credential_id).limit(1))


def missing(session: Session, credential_id: UUID) -> DomainError:
    """What to raise where there is no certificate of this id: whether it was erased, or never was."""
    erased = find_erased(session, credential_id)
    return NotFoundError("There is no such certificate.") if erased is None else ErasedError(erased.reason)


def list_renewals(session: Session, credential_id: UUID) -> list[tuple[UUID, bool]]:
    """What renewed this certificate, and whether it counts: not if it was revoked. What counts comes first, then the oldest."""
    is_revoked = Credential.state == CredentialState.REVOKED
    renewals = select(Credential.id, ~is_revoked).where(Credential.renewed_from_id == credential_id)
    return [(row[0], bool(row[1])) for row in session.execute(renewals.order_by(is_revoked, Credential.awarded_at, Credential.id))]


def find_end_of_line(session: Session, credential_id: UUID) -> UUID:
    """The certificate itself, or the last of those that renewed it and each other, and count."""
    while True:
        newer = select(Credential.id).where(Credential.renewed_from_id == credential_id, Credential.state != CredentialState.REVOKED)
        found = session.scalar(newer)
        if found is None:
            return credential_id
        credential_id = found


def is_award_erased(session: Session, attempt_id: UUID) -> bool:
    """Whether what this attempt earned was erased."""
    return session.get(ErasedAward, attempt_id) is not None
