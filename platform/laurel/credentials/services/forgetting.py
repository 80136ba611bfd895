"""Forgetting former names once they cannot come back (docs/decisions/0021): not what was certified, and not that it was signed."""

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core.mail import empty_mails
from laurel.credentials.models import Credential, CredentialVersion, NameChange, RenamedCredential
from laurel.credentials.rules.examination import settled
from laurel.credentials.rules.name_changes import REVERSIBLE, NameChangeState
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
        forget_documents(session, change.person_id, until=change.applied_at)
        empty_mails(session, session.get_one(User, change.person_id).email, until=change.applied_at)
    names = update(RenamedCredential).where(RenamedCredential.change_id == change.id)
    session.execute(names.values(former_name=None).execution_options(synchronize_session=False))
    change.former_account_name = change.former_certificate_name = None
    change.words = ""
    session.flush()


def forget_documents(session: Session, person_id: UUID, *, until: datetime, after: datetime | None = None) -> None:
    """The words of a person's superseded documents go. Their SHA-256 and their places on status lists stay, and a file is known again."""
    mine = select(Credential.id).where(Credential.holder_id == person_id)
    superseded = select(CredentialVersion.id, CredentialVersion.signed_json).where(
        CredentialVersion.credential_id.in_(mine), CredentialVersion.superseded_at <= until, CredentialVersion.settled_sha256.is_(None)
    )
    if after is not None:
        superseded = superseded.where(CredentialVersion.superseded_at > after)
    for version_id, text in session.execute(superseded).all():
        digest = hashlib.sha256(settled(as_object(text)).encode()).hexdigest()
        forgotten = update(CredentialVersion).where(CredentialVersion.id == version_id)
        session.execute(forgotten.values(signed_json="", settled_sha256=digest))
