"""Links that are mailed: made, checked, and good only once."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from laurel.accounts.models import LinkPurpose, MailedLink, User
from laurel.accounts.queries import find_link, find_user
from laurel.core.errors import NotFoundError

LIFETIMES = {LinkPurpose.CONFIRM: timedelta(days=2), LinkPurpose.RESET: timedelta(hours=1)}


class DeadLinkError(NotFoundError):
    message = "This link has been used, is too old, or was replaced by a newer one."


def link_id(token: str) -> str:
    """Under which id the link of a mailed token is kept."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def password_digest(user: User) -> str:
    """Changes with the password, and tells nothing about it."""
    return hashlib.sha256((user.password or "").encode()).hexdigest()


def make_link(session: Session, user: User, purpose: LinkPurpose, *, now: datetime) -> str:
    """A fresh link's token, to be mailed and kept nowhere else. Earlier links for the same purpose are dead."""
    delete_links(session, user, purpose)
    token = secrets.token_urlsafe(32)
    session.add(
        MailedLink(
            id=link_id(token),
            user_id=user.id,
            purpose=purpose,
            email=user.email,
            password_digest=password_digest(user),
            created_at=now,
            ends_at=now + LIFETIMES[purpose],
        )
    )
    session.flush()
    return token


def delete_links(session: Session, user: User, *purposes: LinkPurpose) -> None:
    """Make the person's links for these purposes useless."""
    session.execute(delete(MailedLink).where(MailedLink.user_id == user.id, MailedLink.purpose.in_(purposes)))


def get_user_of_link(session: Session, link: str, purpose: LinkPurpose, *, now: datetime) -> User:
    """Whose link (by its id) it is, if it is still good; raises DeadLinkError."""
    found = find_link(session, link, purpose)
    user = find_user(session, found.user_id) if found is not None else None
    if found is None or user is None or not user.active or now >= found.ends_at or found.email != user.email:
        raise DeadLinkError
    if purpose is LinkPurpose.RESET and found.password_digest != password_digest(user):
        raise DeadLinkError
    return user


def delete_ended_links(session: Session, *, now: datetime) -> int:
    """Clear away links that are too old; returns how many."""
    return session.execute(delete(MailedLink).where(MailedLink.ends_at <= now)).rowcount  # type: ignore[attr-defined,no-any-return]
