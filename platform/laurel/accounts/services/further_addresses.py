"""A person's further addresses: asked for, proven by a mailed link, made the first one, removed.

Whether an address is somebody else's is told to nobody but its reader: whoever asks for it sees the same, and the same is kept.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.accounts import events
from laurel.accounts.models import FurtherAddress, LinkPurpose, MailedLink, User
from laurel.accounts.queries import find_user_by_email, get_further_address, list_addresses_of, list_claims, lock_user
from laurel.accounts.services.addresses import normalize_email
from laurel.accounts.services.links import delete_claims, delete_links, get_link, make_link
from laurel.accounts.services.people import tell
from laurel.core.bus import publish
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.core.ids import new_id
from laurel.core.mail import empty_mails, queue_mail

MOST_ADDRESSES = 5
"""With the first one, and with those that are not proven yet."""
HANDLE = 16
"""So many characters of a link's id name it on the page of the person who asked for it."""


class AddressTakenError(ConflictError):
    message = "This address belongs to another account by now: whoever proved it first has it."


class StrangersLinkError(ConflictError):
    message = "This link was asked for by another account than the one that you are signed in to."


def request_address(session: Session, user_id: UUID, *, email: str, now: datetime) -> None:
    """Mail the link that adds this address to the person's; if it is somebody else's, a mail that says so, and no link.

    Raises InvalidInputError if it is theirs already, if it is no address, or if they have too many.
    """
    address, user = normalize_email(email), lock_user(session, user_id)
    mine, claimed = list_addresses_of(session, user), [claim.email for claim in list_claims(session, user_id, now=now)]
    if address in mine:
        raise InvalidInputError("This is one of your addresses already.", field="email")
    if len({*mine, *claimed, address}) > MOST_ADDRESSES:
        raise InvalidInputError(f"An account has {MOST_ADDRESSES} addresses at most. Remove one first.", field="email")
    token = make_link(session, user, LinkPurpose.ADD, email=address, now=now)
    # The mails do not name who asked: they go to where a stranger said, and would carry any words that they call themselves.
    key = f"address:{new_id()}"
    if find_user_by_email(session, address) is None:
        queue_mail(session, "add_address", key=key, recipient=address, now=now, token=token)
    else:
        queue_mail(session, "address_taken", key=key, recipient=address, now=now)


def withdraw_claim(session: Session, user_id: UUID, handle: str, *, now: datetime) -> None:
    """The person does not want this address after all; its link (by the beginning of its id) is dead. Twice changes nothing."""
    for claim in list_claims(session, user_id, now=now):
        if claim.id[:HANDLE] == handle:
            session.delete(claim)


def get_claim(session: Session, user_id: UUID, link: str, *, now: datetime) -> MailedLink:
    """What this link (by its id) would add to the person's addresses.

    Raises DeadLinkError, StrangersLinkError if it was asked for by somebody else, AddressTakenError if somebody else was faster.
    """
    claim, user = get_link(session, link, LinkPurpose.ADD, now=now)
    if user.id != user_id:
        raise StrangersLinkError
    if find_user_by_email(session, claim.email) is not None:
        raise AddressTakenError
    return claim


def add_address(session: Session, user_id: UUID, link: str, *, now: datetime) -> FurtherAddress:
    """The person read the mail: its address is theirs from now on. Raises as `get_claim` does; of two at once, the second."""
    user = lock_user(session, user_id)
    claim = get_claim(session, user_id, link, now=now)
    address = FurtherAddress(email=claim.email, user_id=user_id, verified_at=now)
    delete_claims(session, user, claim.email)
    try:
        with session.begin_nested():
            session.add(address)
    except IntegrityError:
        raise AddressTakenError from None
    publish(session, events.AddressAdded(occurred_at=now, user_id=user_id), actor_id=user_id)
    tell(session, user, f"{address.email} was added to your account", now=now)
    return address


def make_first(session: Session, user_id: UUID, address_id: UUID, *, now: datetime) -> User:
    """Mails go to this address from now on. The former first one stays as a further one if it was ever confirmed, and goes if not.

    Both are told. Links that were mailed before are dead. Raises NotFoundError.
    """
    user = lock_user(session, user_id)
    chosen = get_further_address(session, user_id, address_id)
    former, confirmed_at = user.email, user.confirmed_at
    session.delete(chosen)
    session.flush()
    user.email, user.confirmed_at = chosen.email, chosen.verified_at
    session.flush()
    if confirmed_at is not None:
        session.add(FurtherAddress(email=former, user_id=user_id, verified_at=confirmed_at))
    else:
        empty_mails(session, former, until=now)
    delete_links(session, user, LinkPurpose.RESET, LinkPurpose.CONFIRM)
    session.flush()
    publish(session, events.FirstAddressChanged(occurred_at=now, user_id=user_id), actor_id=user_id)
    _tell_both(session, user, former, f"Our mails go to {user.email} from now on", now=now)
    return user


def remove_address(session: Session, user_id: UUID, address_id: UUID, *, now: datetime) -> str:
    """The address is the person's no longer; returns it. Links that were mailed before are dead, and mails to it keep no words.

    Raises NotFoundError; the first address is not among these.
    """
    user = lock_user(session, user_id)
    removed = get_further_address(session, user_id, address_id)
    session.delete(removed)
    delete_links(session, user, LinkPurpose.RESET)
    session.flush()
    empty_mails(session, removed.email, until=now)
    publish(session, events.AddressRemoved(occurred_at=now, user_id=user_id), actor_id=user_id)
    _tell_both(session, user, removed.email, f"{removed.email} was removed from your account", now=now)
    return removed.email


def _tell_both(session: Session, user: User, other: str, what: str, *, now: datetime) -> None:
    for recipient in (user.email, other):
        tell(session, user, what, recipient=recipient, now=now)
