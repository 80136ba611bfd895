"""Files of certificates in the hands of staff: who took which is written down before it is handed out."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.core.bus import publish
from laurel.core.errors import ConflictError
from laurel.credentials.events import BulkFilesTaken, ListedFilesTaken
from laurel.credentials.models import BulkJob
from laurel.credentials.queries import SignedCredential, bulk, staff
from laurel.credentials.rules.bulk import MAX_ROWS, BulkKind, RowState
from laurel.credentials.rules.verdicts import CredentialState
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.services.downloads import note_download

WHY = "bulk download by staff"


def begin_download(session: Session, job_id: UUID, *, actor_id: UUID, now: datetime) -> BulkJob:
    """Write down that somebody takes the files of an import; raises ConflictError where there are none."""
    job = bulk.get_job(session, job_id)
    if job.kind is not BulkKind.ISSUE or not bulk.count_rows(session, job_id)[RowState.DONE]:
        raise ConflictError("This has issued no certificates.")
    publish(session, BulkFilesTaken(occurred_at=now, job_id=job_id), actor_id=actor_id)
    return job


def begin_download_of_list(
    session: Session, text: str, state: CredentialState | None, achievement_id: UUID | None, *, actor_id: UUID, now: datetime
) -> Sequence[UUID]:
    """The same for what a search finds; returns which certificates, private ones among them, which are not counted: they are left out.

    Raises ConflictError where there are none, or far too many.
    """
    found = staff.list_signed(session, staff.search_credentials(text, state, achievement_id), limit=MAX_ROWS + 1)
    if not found:
        raise ConflictError("None of these certificates is signed, so there are no files of them.")
    if len(found) > MAX_ROWS:
        raise ConflictError(f"These are more than {MAX_ROWS:,} certificates. Choose fewer by state, by credential or by words.")
    count = sum(visibility is not Visibility.PRIVATE for _id, visibility in found)
    taken = ListedFilesTaken(occurred_at=now, certificates=count, state=state or "", achievement_id=achievement_id)
    publish(session, taken, actor_id=actor_id)
    return [credential_id for credential_id, _visibility in found]


def note_downloads(session: Session, taken: Iterable[SignedCredential], *, actor_id: UUID, now: datetime) -> None:
    """Write into each one's history that a member of staff took its files."""
    for found in taken:
        note_download(session, found.version, reason=WHY, actor_id=actor_id, now=now)
