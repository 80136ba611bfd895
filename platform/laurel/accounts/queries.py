"""Finding people."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, Select, String, cast, func, or_, select
from sqlalchemy.orm import Session

from laurel.accounts.models import FurtherAddress, LinkPurpose, MailedLink, User
from laurel.accounts.rules import Role
from laurel.core.db import table_of
from laurel.core.errors import NotFoundError

PERSON = tuple(table_of(User).c[name].label(f"person_{name}") for name in ("id", "name", "email", "role_names", "active", "fs_uniquifier"))
"""What is read of a person with every request of theirs, together with their session."""


@dataclass(frozen=True, slots=True)
class PeopleFilters:
    """What a list of people is narrowed by: words in name or an address, and a role."""

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
    """The person with this address, their first or a further one, however it is spelled in upper and lower case."""
    address = email.strip().casefold()
    first, further = select(User.id).where(User.email == address), select(FurtherAddress.user_id).where(FurtherAddress.email == address)
    return session.scalar(select(User).where(User.id.in_(first.union_all(further))))


def owners_of(emails: Collection[str]) -> CompoundSelect[str, UUID]:
    """(address, person) of those of these addresses that are somebody's, first or further, as a statement."""
    first = select(User.email, User.id).where(User.email.in_(emails))
    return first.union_all(select(FurtherAddress.email, FurtherAddress.user_id).where(FurtherAddress.email.in_(emails)))


def has_address_with(part: str) -> ColumnElement[bool]:
    """That a part of one of the person's addresses, first or further, reads so: in a query that names User. `part` is no pattern.

    The further addresses are looked through once in a query, not once for each person.
    """
    text = part.casefold()  # as addresses are kept
    further = select(FurtherAddress.user_id).where(FurtherAddress.email.contains(text, autoescape=True))
    return or_(User.email.contains(text, autoescape=True), User.id.in_(further))


def list_further_addresses(session: Session, user_id: UUID) -> Sequence[FurtherAddress]:
    """The person's addresses besides the first, in the order in which they were proven."""
    mine = select(FurtherAddress).filter_by(user_id=user_id)
    return session.scalars(mine.order_by(FurtherAddress.verified_at, FurtherAddress.id)).all()


def get_further_address(session: Session, user_id: UUID, address_id: UUID) -> FurtherAddress:
    """One of the person's further addresses. Raises NotFoundError."""
    found = session.scalar(select(FurtherAddress).filter_by(id=address_id, user_id=user_id))
    if found is None:
        raise NotFoundError("This address is not among your further ones any more.")
    return found


def list_addresses_of(session: Session, user: User) -> list[str]:
    """Every address of the person, the first one first."""
    return [user.email, *(address.email for address in list_further_addresses(session, user.id))]


def list_claims(session: Session, user_id: UUID, *, now: datetime) -> Sequence[MailedLink]:
    """The addresses that the person asked to add and has not proven yet, as the links that were mailed to them."""
    mine = select(MailedLink).filter_by(user_id=user_id, purpose=LinkPurpose.ADD).where(MailedLink.ends_at > now)
    return session.scalars(mine.order_by(MailedLink.created_at, MailedLink.id)).all()


def has_other_with_role(session: Session, role: Role, user_id: UUID) -> bool:
    """Whether somebody else who may sign in has this role."""
    others = list_people(PeopleFilters(role=role)).where(User.id != user_id, User.active).with_only_columns(User.id)
    return session.scalar(others.limit(1)) is not None


def lock_users(session: Session, user_ids: Collection[UUID]) -> dict[UUID, User]:
    """These people as they are now, locked in the order of their ids, as everybody does who locks several."""
    return {user_id: lock_user(session, user_id) for user_id in sorted(set(user_ids))}


def list_people(filters: PeopleFilters) -> Select[User]:
    """People, the newest first, as a statement for `web.pages.paginate`."""
    statement = select(User).order_by(User.created_at.desc(), User.id.desc())
    for word in filters.words.split()[:8]:
        statement = statement.where(
            or_(
                func.lower(User.name).contains(word.lower(), autoescape=True),
                has_address_with(word),
            )
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
