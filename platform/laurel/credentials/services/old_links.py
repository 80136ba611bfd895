"""What files, links and QR codes from before a change of name lead to: nothing, until the holder chooses otherwise."""

import secrets
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from laurel.core.errors import ConflictError
from laurel.credentials.models import Credential, ShareLink
from laurel.credentials.queries import holding
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.old_links import CODE_BITS, code_of
from laurel.credentials.services import history


def close_old_links(session: Session, credentials: Collection[Credential], *, now: datetime) -> None:
    """From now on their addresses need a code that nothing from before has; links that were made before end."""
    for credential in credentials:
        credential.address_code, credential.old_links_closed_at = code_of(secrets.randbits(CODE_BITS)), now
    withdraw_links(session, [credential.id for credential in credentials], now=now)


def withdraw_links(session: Session, credential_ids: Collection[UUID], *, now: datetime) -> None:
    """No share link made so far shows any of these."""
    good = update(ShareLink).where(ShareLink.credential_id.in_(credential_ids), ShareLink.withdrawn_at.is_(None))
    session.execute(good.values(withdrawn_at=now).execution_options(synchronize_session=False))


def change_old_links(session: Session, holder_id: UUID, credential_id: UUID, *, lead_on: bool, now: datetime) -> Credential:
    """The holder lets links from before their change of name lead to the certificate, or closes them again. Twice changes nothing."""
    credential = holding.lock_credential_of(session, holder_id, credential_id)
    if credential.address_code is None:
        raise ConflictError("The name on this certificate has not changed, so every link to it works.")
    if (credential.old_links_closed_at is None) is lead_on:
        return credential
    credential.old_links_closed_at = None if lead_on else now
    session.flush()
    said = "links from before a change of name lead on" if lead_on else "links from before a change of name are closed"
    history.record(session, HistoryKind.VISIBILITY, at=now, credential_id=credential.id, actor_id=holder_id, reason=said)
    return credential
