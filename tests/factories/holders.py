"""What holders do with their certificates: links that show one, other names."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core import clock
from laurel.credentials.models import Credential, NameChange, ShareLink
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.services import name_changes, visibility
from tests.factories.credentials import ISSUER
from tests.fakes import PlainVault


def make_private(session: Session, credential: Credential) -> Credential:
    return visibility.change_visibility(session, credential.holder_id, credential.id, wanted=Visibility.PRIVATE, now=clock.now())


def make_share_link(session: Session, credential: Credential, *, days: int = 30, at: datetime | None = None) -> ShareLink:
    """One from a time when the certificate was private, whatever it is now."""
    present, credential.visibility = credential.visibility, Visibility.PRIVATE
    session.flush()
    link = visibility.make_share_link(session, credential.holder_id, credential.id, label="Acme", days=days, now=at or clock.now())
    credential.visibility = present
    session.flush()
    return link


def make_name_change(session: Session, person: User, *, name: str = "Augusta Ada King", **facts: Any) -> NameChange:
    """Another name that the person wants, every certificate confirmed."""
    mine = session.scalars(select(Credential.id).where(Credential.holder_id == person.id)).all()
    given = {"words": "I married.", "confirmed": mine, "now": clock.now(), **facts}
    change = name_changes.ask_for_name(session, person.id, new_name=name, **given)
    assert change is not None, "They hold no certificate."
    return change


def apply_name(session: Session, change: NameChange, *, at: datetime | None = None) -> None:
    """What the worker does."""
    name_changes.apply_name(session, change.id, issuer=ISSUER, keys=PlainVault(), now=at or clock.now())


def reverse_name(session: Session, change: NameChange, *, at: datetime | None = None) -> None:
    """What the worker does."""
    name_changes.reverse_name(session, change.id, issuer=ISSUER, keys=PlainVault(), now=at or clock.now())
