"""Finding people."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, String, cast, func, or_, select
from sqlalchemy.orm import Session

from laurel.accounts.models import LinkPurpose, MailedLink, User
from laurel.accounts.rules import Role
from laurel.core.db import table_of
from laurel.core.errors import NotFoundError

PERSON = tuple(table_of(User).c[name].label(f"person_{name}") for name in ("id", "name", "email", "role_names", "active", "fs_uniquifier"))
"""What is read of a person with every request of theirs, together with their session."""


@dataclass(frozen=True, slots=True)
class PeopleFilters:
    """What a list of people is narrowed by: words in name or address, and a role."""

    words: str = ""
    role: Role | None = None


def find_user(session: Session, user_id: UUID) -> User | None:
    """The person, or None."""
    return session.get(User, user_id)


def get_user(session: Session, user_id: UUID) -> User:
    """The person. Raises NotFoundError."""
    user = find_user(session, user_id)
    if user is None:
        raise NotFoundError("There is no such person.")
    return user


def lock_user(session: Session, user_id: UUID) -> User:
    """The person as they are now, locked until the transaction ends. Raises NotFoundError.

    Rows that only refer to them, such as a new entry of some log, do not wait.
    """
    user = session.get(User, user_id, with_for_update={"key_share": True}, populate_existing=True)
    if user is None:
        raise NotFoundError("There is no such person.")
    return user


def find_user_by_email(session: Session, email: str) -> User | None:
    """The person with this address, however it is spelled in upper and lower case."""
    return session.scalar(select(User).where(User.email == email.strip().casefold()))


def has_other_with_role(session: Session, role: Role, user_id: UUID) -> bool:
    """Whether somebody else who may sign in has this role."""
    others = list_people(PeopleFilters(role=role)).where(User.id != user_id, User.active).with_only_columns(User.id)
    return session.scalar(others.limit(1)) is not None


def list_people(filters: PeopleFilters) -> Select[User]:
    """People, the newest first, as a statement for `web.pages.paginate`."""
    statement = select(User).order_by(User.created_at.desc(), User.id.desc())
    for word in filters.words.split()[:8]:
        statement = statement.where(
            or_(func.lower(User.name).contains(word.lower(), autoescape=True), User.email.contains(word.lower(), autoescape=True))
        )
    if filters.role is not None:
        statement = statement.where(cast(User.role_names, String).contains(f'"{filters.role.value}"', autoescape=True))
    return statement


def count_people_with_role(session: Session, role: Role) -> int:
    """How many people have the role."""
    return session.scalar(select(func.count()).select_from(list_people(PeopleFilters(role=role)).subquery())) or 0


def find_link(session: Session, link_id: str, purpose: LinkPurpose) -> MailedLink | None:
    """The mailed link as it is kept; whether it is still good is for `services.links` to say."""
    return session.scalar(select(MailedLink).filter_by(id=link_id, purpose=purpose))
