"""People for tests."""

from collections.abc import Sequence
from itertools import count

from sqlalchemy.orm import Session

from laurel.accounts.models import FurtherAddress, User
from laurel.accounts.services import hash_password
from laurel.core.clock import now

_numbers = count(1)
PASSWORD = "tunnel violin harbor"


def make_user(
    session: Session,
    *,
    name: str = "Ada Lovelace",
    email: str | None = None,
    roles: Sequence[str] = (),
    password: str | None = None,
    confirmed: bool = True,
) -> User:
    """A person, flushed. Mostly without a password, which costs 25 ms: tests sign people in with the `sign_in` fixture."""
    user = User(
        email=email or f"person-{next(_numbers)}@example.com",
        name=name,
        password=hash_password(password) if password is not None else None,
        created_at=now(),
        confirmed_at=now() if confirmed else None,
        role_names=list(roles),
    )
    session.add(user)
    session.flush()
    return user


def make_further_address(session: Session, user: User, email: str | None = None) -> FurtherAddress:
    """One more address that the person has proven, flushed."""
    address = FurtherAddress(email=email or f"further-{next(_numbers)}@example.com", user_id=user.id, verified_at=now())
    session.add(address)
    session.flush()
    return address
