"""What staff take out of the house of a certificate is written down."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.core.errors import ConflictError
from laurel.credentials import queries
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.passes import Pass, write_token
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
        raise ConflictError("This certificate is still being signed, so there is no file of it yet.")
    history.record(
        session,
        HistoryKind.DOWNLOADED,
        at=now,
        credential_id=credential_id,
        version_n=record.version.n,
        actor_id=actor_id,
        reason=file,
        document_sha256=record.version.sha256,
    )
    is_private = record.credential.visibility is Visibility.PRIVATE
    return write_token(Pass(credential_id, now + LASTS), secret) if is_private else record.credential.address_token
