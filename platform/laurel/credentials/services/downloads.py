"""What staff take out of the house of a certificate is written down."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.core.errors import ConflictError
from laurel.credentials import queries
from laurel.credentials.models import Credential, CredentialVersion
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.passes import Pass, write_token
from laurel.credentials.rules.verdicts import CredentialState
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.services import history

LASTS = timedelta(minutes=1)


class StaffFile(StrEnum):
    """The files that staff may have."""

    JSON = "json"
    PDF = "pdf"
    PNG = "png"
    SVG = "svg"


def take_file(session: Session, credential_id: UUID, file: StaffFile, *, actor_id: UUID, secret: str, now: datetime) -> str | None:
    """Write down that staff take this file. Returns what opens it where it is private (for a minute) or has closed links; else None."""
    record = queries.get_credential(session, credential_id)
    if record.version is None:
        raise ConflictError(f"{_why_unsigned(session, record.credential)}, so there is no file of it.")
    note_download(session, record.version, reason=file, actor_id=actor_id, now=now)
    is_private = record.credential.visibility is Visibility.PRIVATE
    return write_token(Pass(credential_id, now + LASTS), secret) if is_private else record.credential.address_token


def note_download(session: Session, version: CredentialVersion, *, reason: str, actor_id: UUID, now: datetime) -> None:
    """Write into the certificate's history that a member of staff took files of this signed document."""
    history.record(
        session,
        HistoryKind.DOWNLOADED,
        at=now,
        credential_id=version.credential_id,
        version_n=version.n,
        actor_id=actor_id,
        reason=reason,
        document_sha256=version.sha256,
    )


def _why_unsigned(session: Session, credential: Credential) -> str:
    if credential.state is CredentialState.REVOKED:
        return "This certificate was revoked before it was signed"
    return f"This certificate {'waits for the holder’s payment' if queries.is_held(session, credential) else 'is still being signed'}"
