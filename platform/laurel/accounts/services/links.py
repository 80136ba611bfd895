"""Links that are mailed: made, checked, and good only once."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from laurel.accounts.models import LinkPurpose, MailedLink, User
from laurel.accounts.queries import find_link, find_user, list_addresses_of
from laurel.core.errors import NotFoundError

LIFETIMES = {LinkPurpose.CONFIRM: timedelta(days=2), LinkPurpose.RESET: timedelta(hours=1), LinkPurpose.ADD: timedelta(days=2)}


class DeadLinkError(NotFoundError):
    message = "This link has been used, is too old, or was replaced by a newer one."


def link_id(token: str) -> str:
    """Under which id the link of a mailed token is kept."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def password_digest(user: User) -> str:
    """Changes with the password, and tells nothing about it."""
    return hashlib.sha256((user.password or "").encode()).hexdigest()


def make_link(session: Session, user: User, purpose: LinkPurpose, *, now: datetime, email: str | None = None) -> str:
    """A fresh link's token, to be mailed to `email` (the first address, if none is given) and kept nowhere else.

    Earlier links for the same purpose are dead; those that add an address, for the same address.
    """
    if purpose is LinkPurpose.ADD and email is not None:
        delete_claims(session, user, email)
    else:
        delete_links(session, user, purpose)
    token = secrets.token_urlsafe(32)
    session.add(
        MailedLink(
            id=link_id(token),
            user_id=user.id,
            purpose=purpose,
            email=email or user.email,
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


def delete_claims(session: Session, user: User, email: str) -> None:
    """Make the person's links that would add this address useless."""
    mine = delete(MailedLink).where(MailedLink.user_id == user.id, MailedLink.purpose == LinkPurpose.ADD)
    session.execute(mine.where(MailedLink.email == email))


def get_user_of_link(session: Session, link: str, purpose: LinkPurpose, *, now: datetime) -> User:
    """Whose link (by its id) it is, if it is still good; raises DeadLinkError."""
    return get_link(session, link, purpose, now=now)[1]


def get_link(session: Session, link: str, purpose: LinkPurpose, *, now: datetime) -> tuple[MailedLink, User]:
    """The link (by its id) and whose it is, if it is still good; raises DeadLinkError."""
    found = find_link(session, link, purpose)
    user = find_user(session, found.user_id) if found is not None else None
    if found is None or user is None or not user.active or now >= found.ends_at:
        raise DeadLinkError
    if purpose is LinkPurpose.CONFIRM and found.email != user.email:
        raise DeadLinkError
    if purpose is LinkPurpose.RESET:
        is_same = found.email in list_addresses_of(session, user) and found.password_digest == password_digest(user)
        if not is_same:
            raise DeadLinkError
    return found, user


def delete_ended_links(session: Session, *, now: datetime) -> int:
    """Clear away links that are too old; returns how many."""
    return session.execute(delete(MailedLink).where(MailedLink.ends_at <= now)).rowcount  # type: ignore[attr-defined,no-any-return]
