"""Holders decide who may see their certificates."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.core.errors import ConflictError, InvalidInputError, NotFoundError
from laurel.credentials.models import Credential, ShareLink
from laurel.credentials.queries import holding
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.text import sanitize_text
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.services import history

DAYS = (1, 7, 30, 90, 365)
MAX_LINKS = 20
MAX_LABEL = 80


class FormerNameError(ConflictError):
    """It bears a former name of its holder, and nobody can sign it anew (docs/decisions/0021)."""

    message = "A former name of yours stands on it, so it stays private. Nothing was changed."


class TooManyLinksError(ConflictError):
    """There are MAX_LINKS that work."""

    message = f"There are {MAX_LINKS} links to this certificate already. Withdraw one of them first."


class NoLinkNeededError(ConflictError):
    """It is not private: its address shows it, and a link would show nothing else."""

    message = "This certificate is not private, so whoever has its address sees it. No link was made."


def change_visibility(session: Session, holder_id: UUID, credential_id: UUID, *, wanted: Visibility, now: datetime) -> Credential:
    """The holder's certificate is seen by others from now on as wanted. Saying it twice changes nothing.

    Raises FormerNameError for what bears a former name: that is private, until the name is the holder's again.
    """
    credential = holding.lock_credential_of(session, holder_id, credential_id)
    if credential.visibility is wanted:
        return credential
    if credential.former_name_since is not None and wanted is not Visibility.PRIVATE:
        raise FormerNameError
    former, credential.visibility = credential.visibility, wanted
    session.flush()
    history.record(
        session, HistoryKind.VISIBILITY, at=now, credential_id=credential.id, actor_id=holder_id, reason=f"from {former} to {wanted}"
    )
    return credential


def make_share_link(session: Session, holder_id: UUID, credential_id: UUID, *, label: str, days: int, now: datetime) -> ShareLink:
    """A link that shows the holder's private certificate for so many days (one of DAYS); raises NoLinkNeededError if it is not private."""
    credential = holding.lock_credential_of(session, holder_id, credential_id)
    if credential.visibility is not Visibility.PRIVATE:
        raise NoLinkNeededError
    if days not in DAYS:
        raise InvalidInputError("Choose how long the link shall work.", field="days")
    words = sanitize_text(label)
    if len(words) > MAX_LABEL:
        raise InvalidInputError(f"Use {MAX_LABEL} characters at most.", field="label")
    if len(holding.list_share_links(session, credential.id, now=now)) >= MAX_LINKS:
        raise TooManyLinksError
    link = ShareLink(credential_id=credential.id, label=words, made_at=now, ends_at=now + timedelta(days=days))
    session.add(link)
    session.flush()
    return link


def withdraw_share_link(session: Session, holder_id: UUID, credential_id: UUID, link_id: UUID, *, now: datetime) -> None:
    """The link shows nothing any more. Saying it twice changes nothing."""
    credential = holding.lock_credential_of(session, holder_id, credential_id)
    link = holding.find_share_link(session, link_id)
    if link is None or link.credential_id != credential.id:
        raise NotFoundError("There is no such link.")
    link.withdrawn_at = link.withdrawn_at or now
    session.flush()
