"""The people, and the links that are mailed to them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column

from laurel.accounts.rules import capabilities_of
from laurel.core.db import Base, JsonValue, text_enum
from laurel.core.ids import new_id


class User(Base):
    """One person. Everyone is a learner; `role_names` says what else they are.

    `fs_uniquifier` names the person in their sessions: a new one ends all of them. The `tf_` and `mf_` columns carry the
    names that Flask-Security expects; the secrets in them are encrypted.
    """

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime]
    certificate_name: Mapped[str | None] = mapped_column(String(120), default=None)
    role_names: Mapped[list[str]] = mapped_column(default_factory=list)
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True, default_factory=lambda: new_id().hex)
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    tf_primary_method: Mapped[str | None] = mapped_column(String(20), default=None)
    tf_totp_secret: Mapped[str | None] = mapped_column(Text, default=None)
    totp_counter: Mapped[int | None] = mapped_column(BigInteger, default=None)
    # A copy of the type: `as_mutable` concerns every column, of any table, that has the very same type object.
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(JsonValue.copy()), default=None)

    @property
    def name_on_certificates(self) -> str:
        return self.certificate_name or self.name

    @property
    def has_second_factor(self) -> bool:
        return self.tf_totp_secret is not None

    def may(self, capability: str) -> bool:
        """Whether the person as this row has them may do it: their roles say so and the account is open."""
        return self.active and capability in capabilities_of(self.role_names)

    def forget_sessions(self) -> None:
        """End every session of the person, wherever it is."""
        self.fs_uniquifier = new_id().hex

    # What Flask-Login asks of a person.

    @property
    def is_active(self) -> bool:
        return self.active

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def is_anonymous(self) -> bool:
        return False

    def get_id(self) -> str:
        return self.fs_uniquifier


class FurtherAddress(Base):
    """One more address of a person, proven to be theirs: good for signing in, and for finding them. Mails go to `users.email`.

    No address stands in both tables. The database itself refuses that (migration 0032), so whoever is second gets an IntegrityError.
    """

    __tablename__ = "further_addresses"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    verified_at: Mapped[datetime]


class LinkPurpose(StrEnum):
    CONFIRM = "confirm"
    RESET = "reset"
    ADD = "add"
    """Makes `email`, which is not the person's yet, one of their addresses."""


class MailedLink(Base):
    """A link in a mail that proves its reader holds the address. Its id is the SHA-256 of the token, which is not kept.

    It is good until `ends_at` and once, while `email` is the person's (for ADD: nobody's); for RESET, while their password is the same.
    """

    __tablename__ = "mailed_links"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    purpose: Mapped[LinkPurpose] = mapped_column(text_enum(LinkPurpose))
    email: Mapped[str] = mapped_column(String(254))
    password_digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
