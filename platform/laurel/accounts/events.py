"""What happened to people and their accounts."""

from dataclasses import dataclass
from uuid import UUID

from laurel.core.events import Event


@dataclass(frozen=True, kw_only=True)
class UserRegistered(Event):
    user_id: UUID


@dataclass(frozen=True, kw_only=True)
class EmailConfirmed(Event):
    user_id: UUID


@dataclass(frozen=True, kw_only=True)
class AddressAdded(Event):
    """One more address was proven to be the person's."""

    user_id: UUID


@dataclass(frozen=True, kw_only=True)
class AddressRemoved(Event):
    user_id: UUID


@dataclass(frozen=True, kw_only=True)
class FirstAddressChanged(Event):
    """Mails go to another of the person's addresses from now on."""

    user_id: UUID


@dataclass(frozen=True, kw_only=True)
class SignedIn(Event):
    """With password alone, or with a second factor too."""

    user_id: UUID
    network: str
    with_second_factor: bool


@dataclass(frozen=True, kw_only=True)
class SignInFailed(Event):
    """The address is kept as a digest: it may be a stranger's, or a password typed into the wrong field."""

    address_digest: str
    network: str
    step: str


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(Event):
    """By the person who knew the old one (`by_reset` False), or with a mailed link."""

    user_id: UUID
    by_reset: bool


@dataclass(frozen=True, kw_only=True)
class SecondFactorEnabled(Event):
    user_id: UUID


@dataclass(frozen=True, kw_only=True)
class SecondFactorRemoved(Event):
    user_id: UUID


@dataclass(frozen=True, kw_only=True)
class RecoveryCodeUsed(Event):
    user_id: UUID


@dataclass(frozen=True, kw_only=True)
class RolesChanged(Event):
    """`role_names` as they are now, separated by spaces."""

    user_id: UUID
    role_names: str


@dataclass(frozen=True, kw_only=True)
class SessionsEnded(Event):
    user_id: UUID
    count: int
