"""What happened to credentials."""

from dataclasses import dataclass
from uuid import UUID

from laurel.core.events import Event


@dataclass(frozen=True, kw_only=True)
class CredentialAwarded(Event):
    """A learner earned a credential; it is not yet signed."""

    credential_id: UUID
    holder_id: UUID


@dataclass(frozen=True, kw_only=True)
class CredentialIssued(Event):
    """A credential is signed and public."""

    credential_id: UUID
    holder_id: UUID
    tells_holder: bool = True


@dataclass(frozen=True, kw_only=True)
class CredentialCorrected(Event):
    """A credential has a new signed document, and the one before does not count any more."""

    credential_id: UUID
    holder_id: UUID
    version_n: int
    tells_holder: bool = True


@dataclass(frozen=True, kw_only=True)
class CredentialRevoked(Event):
    """A credential does not count any more."""

    credential_id: UUID
    holder_id: UUID
    tells_holder: bool = True


@dataclass(frozen=True, kw_only=True)
class SignatureRenewed(Event):
    """A credential was signed again, word for word, because the key that had signed it was compromised; `n` is the new version."""

    credential_id: UUID
    holder_id: UUID
    n: int


@dataclass(frozen=True, kw_only=True)
class BulkJobConfirmed(Event):
    """Somebody said, knowing how many, that credentials shall be issued or revoked. The event's actor is who did."""

    job_id: UUID
    kind: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class BulkJobStopped(Event):
    """Somebody said that the rest shall not be done."""

    job_id: UUID
