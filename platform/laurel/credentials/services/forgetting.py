"""Forgetting former names once they cannot come back (docs/decisions/0021), and scores that their holder took off (0024):
not what was certified, and not that it was signed."""

import hashlib
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.accounts.queries import list_addresses_of
from laurel.core.mail import empty_mails
from laurel.credentials.models import Credential, CredentialVersion, NameChange, RenamedCredential
from laurel.credentials.rules.examination import settled
from laurel.credentials.rules.name_changes import REVERSIBLE, NameChangeState
from laurel.credentials.rules.scores import score_in
from laurel.credentials.rules.shown import as_object

CLOSED = (NameChangeState.REFUSED, NameChangeState.WITHDRAWN, NameChangeState.REVERSED)
AT_ONCE = 20
"""Changes in one transaction; the others have their turn an hour later."""


def forget_former_names(session: Session, *, now: datetime) -> None:
    """After seven days a former name cannot come back, and we keep it no longer; nor what the person wrote, which may tell it."""
    is_over = (NameChange.state == NameChangeState.APPLIED, NameChange.applied_at <= now - REVERSIBLE)
    over = select(NameChange).where(*is_over, NameChange.former_account_name.is_not(None)).order_by(NameChange.applied_at).limit(AT_ONCE)
    for change in session.scalars(over).all():
        _forget(session, change)
    closed_at = func.coalesce(NameChange.decided_at, NameChange.asked_at)
    closed = update(NameChange).where(NameChange.state.in_(CLOSED), closed_at <= now - REVERSIBLE)
    session.execute(closed.values(new_name="", words="").execution_options(synchronize_session=False))


def _forget(session: Session, change: NameChange) -> None:
    if change.applied_at is not None:
        mine = select(Credential.id).where(Credential.holder_id == change.person_id)
        forget_documents(session, mine, before=change.applied_at)
        for address in list_addresses_of(session, session.get_one(User, change.person_id)):
            empty_mails(session, address, until=change.applied_at)
    names = update(RenamedCredential).where(RenamedCredential.change_id == change.id)
    session.execute(names.values(former_name=None).execution_options(synchronize_session=False))
    change.former_account_name = change.former_certificate_name = None
    change.words = ""
    session.flush()


def forget_documents(
    session: Session, credential_ids: Collection[UUID] | Select[UUID], *, before: datetime, since: datetime | None = None
) -> None:
    """Of what was signed before, and not earlier than `since`, the words go as far as it is superseded by now, whenever that came.

    Its SHA-256 and its place on a status list stay, and a file is known again.
    """
    superseded = select(CredentialVersion.id, CredentialVersion.signed_json).where(
        CredentialVersion.credential_id.in_(credential_ids),
        CredentialVersion.signed_at < before,
        CredentialVersion.superseded_at.is_not(None),
        CredentialVersion.settled_sha256.is_(None),
    )
    if since is not None:
        superseded = superseded.where(CredentialVersion.signed_at >= since)
    for version_id, text in session.execute(superseded).all():
        _empty(session, version_id, as_object(text))


def forget_scores(session: Session, credential_id: UUID) -> None:
    """Of what is superseded, whatever says the score of the exam loses its words, in the same way."""
    superseded = select(CredentialVersion.id, CredentialVersion.signed_json).where(
        CredentialVersion.credential_id == credential_id,
        CredentialVersion.superseded_at.is_not(None),
        CredentialVersion.settled_sha256.is_(None),
    )
    for version_id, text in session.execute(superseded).all():
        document = as_object(text)
        if score_in(document) is not None:
            _empty(session, version_id, document)


def _empty(session: Session, version_id: UUID, document: dict[str, Any]) -> None:
    digest = hashlib.sha256(settled(document).encode()).hexdigest()
    session.execute(update(CredentialVersion).where(CredentialVersion.id == version_id).values(signed_json="", settled_sha256=digest))
