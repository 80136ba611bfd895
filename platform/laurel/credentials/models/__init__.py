"""What was issued, the keys that signed it, the lists that revoke it, and what its holder and staff do with it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false, func, literal, text
from sqlalchemy.orm import Mapped, mapped_column

from laurel.accounts.models import User
from laurel.core.db import Base, UtcDateTime, only_one, text_enum
from laurel.core.errors import ConflictError
from laurel.core.ids import new_id
from laurel.credentials.gateway import KeyPair
from laurel.credentials.models import anchors, erasure, weekly_views  # noqa: F401 (their tables belong to the metadata)
from laurel.credentials.models.achievements import Achievement as Achievement
from laurel.credentials.models.achievements import AchievementVersion as AchievementVersion
from laurel.credentials.models.points import PointActivity as PointActivity
from laurel.credentials.models.points import PointRenewal as PointRenewal
from laurel.credentials.models.renewals import FeeRenewal as FeeRenewal
from laurel.credentials.rules import bulk
from laurel.credentials.rules.bulk import BulkKind, BulkState, RowState
from laurel.credentials.rules.history import HistoryKind, Link
from laurel.credentials.rules.keys import KeyPurpose, KeyState, advance
from laurel.credentials.rules.name_changes import NEXT as NEXT_OF_NAME_CHANGE
from laurel.credentials.rules.name_changes import OPEN, NameChangeState
from laurel.credentials.rules.verdicts import NEXT, CredentialSource, CredentialState, RevocationReason
from laurel.credentials.rules.visibility import Visibility
from laurel.learning.models import Enrollment
from laurel.quizzes.models import Attempt


class VersionCause(StrEnum):
    """Why a document was signed. SIGNATURE_RENEWED: the same words as before, because the key that had signed them was compromised."""

    ISSUED = "issued"
    SIGNATURE_RENEWED = "signature renewed"
    CORRECTED = "corrected"
    REINSTATED = "reinstated"


IS_OPEN = f"state IN ({', '.join(repr(state.value) for state in OPEN)})"


class IssuerKey(Base):
    """One key pair of the issuer. The private half is sealed by the key vault under the name `did#fragment`."""

    __tablename__ = "issuer_keys"
    __table_args__ = (
        UniqueConstraint("did", "fragment"),
        Index(
            "ix_issuer_keys_one_active",
            "did",
            "purpose",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    did: Mapped[str] = mapped_column(String(300))
    fragment: Mapped[str] = mapped_column(String(40))
    purpose: Mapped[KeyPurpose] = mapped_column(text_enum(KeyPurpose))
    algorithm: Mapped[str] = mapped_column(String(20))
    public_key: Mapped[str] = mapped_column(String(1000))
    sealed_private_key: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
    state: Mapped[KeyState] = mapped_column(text_enum(KeyState))
    staged_at: Mapped[datetime]
    active_at: Mapped[datetime | None] = mapped_column(default=None)
    retired_at: Mapped[datetime | None] = mapped_column(default=None)
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)
    reason: Mapped[str] = mapped_column(String(300), default="")

    @property
    def method(self) -> str:
        """The full address that a proof names."""
        return f"{self.did}#{self.fragment}"

    @property
    def pair(self) -> KeyPair:
        """The key as its vault opens it."""
        return KeyPair(self.method, self.algorithm, self.public_key, self.sealed_private_key)

    def advance(self, wanted: KeyState, *, at: datetime, reason: str = "") -> None:
        """Go to the wanted state; raises ConflictError if that does not follow from the present one."""
        self.state = advance(self.state, wanted)
        self.reason = reason[:300] or self.reason
        if wanted is KeyState.ACTIVE:
            self.active_at = at
        elif wanted is KeyState.RETIRED:
            self.retired_at = at
        else:
            self.withdrawn_at = at


class StatusList(Base):
    """One published list of 131,072 bits, shared by all courses. `signed_json` is what is served; its bits are the entries' `set_at`."""

    __tablename__ = "status_lists"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    did: Mapped[str] = mapped_column(String(300), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    number: Mapped[int] = mapped_column(unique=True)
    length: Mapped[int]
    signed_json: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    key_id: Mapped[UUID] = mapped_column(ForeignKey(IssuerKey.id), index=True)
    signed_at: Mapped[datetime]
    valid_until: Mapped[datetime]
    changed_at: Mapped[datetime | None] = mapped_column(default=None)
    """The first change that is not published yet."""
    closed_at: Mapped[datetime | None] = mapped_column(default=None)

    def note_change(self, at: datetime) -> None:
        """Its bits changed; changes that follow before it is signed do not put that off.

        The database decides which is the first: what is in memory may be from before it was signed last.
        """
        self.changed_at = func.coalesce(StatusList.changed_at, literal(at, UtcDateTime()))


class StatusEntry(Base):
    """One index that was given out. Never given out again, also when its credential is erased; never unset once set."""

    __tablename__ = "status_entries"
    __table_args__ = (UniqueConstraint("list_id", "position"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    list_id: Mapped[UUID] = mapped_column(ForeignKey(StatusList.id))
    position: Mapped[int]
    set_at: Mapped[datetime | None] = mapped_column(default=None)


class Credential(Base):
    """That one person earned one achievement, once; what was signed is in its versions. An imported one has no attempt (0016)."""

    __tablename__ = "credentials"
    __table_args__ = (
        only_one("ix_credentials_one_for_each_enrollment", "enrollment_id", where="renewed_from_id IS NULL"),
        only_one("ix_credentials_one_renewal", "renewed_from_id", where="renewed_from_id IS NOT NULL AND state <> 'revoked'"),
        CheckConstraint("source <> 'exam' OR (attempt_id IS NOT NULL AND enrollment_id IS NOT NULL)", name="earned"),
    )

    # random, not ordered by time: the page's address gives nothing away
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    holder_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), index=True)
    holder_name: Mapped[str] = mapped_column(String(240))
    source: Mapped[CredentialSource] = mapped_column(text_enum(CredentialSource), default=CredentialSource.EXAM, server_default="exam")
    enrollment_id: Mapped[UUID | None] = mapped_column(ForeignKey(Enrollment.id), default=None)
    attempt_id: Mapped[UUID | None] = mapped_column(ForeignKey(Attempt.id), unique=True, default=None)
    achievement_version_id: Mapped[UUID] = mapped_column(ForeignKey(AchievementVersion.id), index=True)
    awarded_at: Mapped[datetime] = mapped_column(index=True)
    subject_id: Mapped[UUID] = mapped_column(default_factory=uuid4)
    state: Mapped[CredentialState] = mapped_column(text_enum(CredentialState), default=CredentialState.PENDING, index=True)
    current_n: Mapped[int] = mapped_column(default=0)
    issued_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
    revocation_reason: Mapped[RevocationReason | None] = mapped_column(text_enum(RevocationReason, length=60), default=None)
    revocation_note: Mapped[str] = mapped_column(Text, default="")
    renewed_from_id: Mapped[UUID | None] = mapped_column(ForeignKey("credentials.id"), index=True, default=None)
    visibility: Mapped[Visibility] = mapped_column(text_enum(Visibility), default=Visibility.UNLISTED, server_default="unlisted")
    score_consented_at: Mapped[datetime | None] = mapped_column(default=None)
    """When its holder agreed that it says the score of its exam; None: it says none."""
    on_hold_at: Mapped[datetime | None] = mapped_column(default=None)
    hold_note: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Why it is on hold, or what was found when it was; for holder and staff."""
    address_code: Mapped[str | None] = mapped_column(String(20), default=None)
    """What its addresses carry since a change of name; files from before do not have it (docs/decisions/0021)."""
    old_links_closed_at: Mapped[datetime | None] = mapped_column(default=None)
    """Since when an address without that code shows nothing. None: every address leads to it."""
    former_name_since: Mapped[datetime | None] = mapped_column(default=None)
    """Since when its holder has another name than the one on it. It had ended by then, and nobody can sign it anew."""

    @property
    def address_token(self) -> str | None:
        """The code that its addresses need; None where they need none."""
        return self.address_code if self.old_links_closed_at is not None else None

    @property
    def shown_name(self) -> str:
        """The name on it, for pages of its holder and of staff; a former one is said nowhere."""
        return self.holder_name if self.former_name_since is None else "A former name"

    def advance(self, wanted: CredentialState) -> None:
        """Go to the wanted state; raises ConflictError if that does not follow from the present one."""
        if wanted not in NEXT[self.state]:
            raise ConflictError(f"A credential that is {self.state} cannot become {wanted}.")
        self.state = wanted


class CredentialVersion(Base):
    """One signed document of a credential, byte for byte as it is served. Never changed; `signed_json` is empty once it was forgotten.

    Documents that differ in their signature alone share one place on a status list.
    """

    __tablename__ = "credential_versions"
    __table_args__ = (UniqueConstraint("credential_id", "n"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    credential_id: Mapped[UUID] = mapped_column(ForeignKey(Credential.id))
    n: Mapped[int]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    signed_json: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    key_id: Mapped[UUID] = mapped_column(ForeignKey(IssuerKey.id), index=True)
    status_entry_id: Mapped[UUID] = mapped_column(ForeignKey(StatusEntry.id), index=True)
    signed_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None] = mapped_column(default=None)
    settled_sha256: Mapped[str | None] = mapped_column(String(64), default=None)
    """Set when its words were forgotten, for a former name or a score that was taken off: by this a file of it is known (0021)."""
    cause: Mapped[VersionCause] = mapped_column(text_enum(VersionCause), default=VersionCause.ISSUED, server_default="issued")
    note: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Why it was corrected, for holder and staff. Not in the chain of events: that must not keep what a person may have erased."""


class CredentialEvent(Base):
    """One link of the chain of all that happened to credentials and keys. It outlives credentials that are erased.

    The database itself refuses to change or delete one.
    """

    __tablename__ = "credential_events"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    position: Mapped[int] = mapped_column(unique=True)
    kind: Mapped[HistoryKind] = mapped_column(text_enum(HistoryKind))
    at: Mapped[datetime]
    credential_id: Mapped[UUID | None] = mapped_column(index=True)
    version_n: Mapped[int | None]
    key_id: Mapped[UUID | None] = mapped_column(ForeignKey(IssuerKey.id), index=True)
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id), index=True)
    reason: Mapped[str] = mapped_column(String(300))
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    @property
    def link(self) -> Link:
        """The entry as it is hashed."""
        return Link(
            position=self.position,
            kind=self.kind,
            at=self.at,
            credential_id=self.credential_id,
            version_n=self.version_n,
            key_id=self.key_id,
            actor_id=self.actor_id,
            reason=self.reason,
            document_sha256=self.document_sha256,
            previous_hash=self.previous_hash,
        )


class BulkJob(Base):
    """One act on many credentials: first a dry run, then confirmed by hand, then done batch by batch. `terms` is what staff chose."""

    __tablename__ = "bulk_jobs"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[BulkKind] = mapped_column(text_enum(BulkKind))
    title: Mapped[str] = mapped_column(String(200))
    terms: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    actor_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), index=True)
    state: Mapped[BulkState] = mapped_column(text_enum(BulkState), default=BulkState.DRAFT, index=True)
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    moved_at: Mapped[datetime | None] = mapped_column(default=None)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    error: Mapped[str] = mapped_column(Text, default="")
    """Why the last batch could not be done; it is tried again by itself."""

    def advance(self, wanted: BulkState) -> None:
        """Go to the wanted state; raises ConflictError if that does not follow from the present one."""
        if wanted not in bulk.NEXT[self.state]:
            raise ConflictError(bulk.OVER.get(self.state))
        self.state = wanted

    def tell(self, row: "BulkRow") -> tuple[str, str]:
        """(what became of the row, why)"""
        word = bulk.outcome(row.state, job=self.state)
        stopped = "The job was stopped." if self.confirmed_at else "The dry run was thrown away."
        return word, stopped if word == bulk.NOT_DONE else row.message


class BulkRow(Base):
    """One credential of a bulk job: to be made, or to be revoked. `n` is its line in the file, or its place in the list."""

    __tablename__ = "bulk_rows"
    __table_args__ = (UniqueConstraint("job_id", "n"), Index("ix_bulk_rows_job_id_state_n", "job_id", "state", "n"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    job_id: Mapped[UUID] = mapped_column(ForeignKey(BulkJob.id))
    n: Mapped[int]
    state: Mapped[RowState] = mapped_column(text_enum(RowState))
    email: Mapped[str] = mapped_column(String(320), default="")
    name: Mapped[str] = mapped_column(String(240), default="")
    course: Mapped[str] = mapped_column(String(200), default="")
    awarded_at: Mapped[datetime | None] = mapped_column(default=None)
    message: Mapped[str] = mapped_column(String(300), default="")
    credential_id: Mapped[UUID | None] = mapped_column(ForeignKey(Credential.id), index=True, default=None)


class ShareLink(Base):
    """A link by which its holder shows a private certificate until `ends_at`. Never deleted: it says who could see what, and when."""

    __tablename__ = "share_links"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    credential_id: Mapped[UUID] = mapped_column(ForeignKey(Credential.id), index=True)
    label: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)

    def is_good(self, now: datetime) -> bool:
        return self.withdrawn_at is None and now < self.ends_at


class ExpiryNotice(Base):
    """That a holder was told, so many days before the end, that a certificate ends. Once for each end and stage.

    `told_at` is None for a stage that was passed over: it had begun when the certificate was signed.
    """

    __tablename__ = "expiry_notices"
    __table_args__ = (UniqueConstraint("credential_id", "ends_at", "days"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    credential_id: Mapped[UUID] = mapped_column(ForeignKey(Credential.id))
    ends_at: Mapped[datetime]
    days: Mapped[int]
    told_at: Mapped[datetime | None]


class NameChange(Base):
    """That a person wants another name on their certificates. The former name is kept for as long as it can come back, no longer."""

    __tablename__ = "name_changes"
    __table_args__ = (only_one("ix_name_changes_one_open", "person_id", where=IS_OPEN),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey(User.id), index=True)
    new_name: Mapped[str] = mapped_column(String(120))
    words: Mapped[str] = mapped_column(Text)
    state: Mapped[NameChangeState] = mapped_column(text_enum(NameChangeState), index=True)
    is_automatic: Mapped[bool]
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id), index=True, default=None)
    refusal: Mapped[str] = mapped_column(Text, default="")
    applied_at: Mapped[datetime | None] = mapped_column(default=None)
    former_account_name: Mapped[str | None] = mapped_column(String(120), default=None)
    former_certificate_name: Mapped[str | None] = mapped_column(String(120), default=None)
    old_links_lead_on: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the person chose that links and QR codes from before lead to the certificates with the new name."""

    def advance(self, wanted: NameChangeState) -> None:
        """Go to the wanted state; raises ConflictError if that does not follow from the present one."""
        if wanted not in NEXT_OF_NAME_CHANGE[self.state]:
            raise ConflictError(f"Nothing was done: this change of name is {self.state} by now. Load its page again.")
        self.state = wanted


class RenamedCredential(Base):
    """One certificate that a change of name corrected, and the name it had, for as long as that can come back."""

    __tablename__ = "renamed_credentials"

    change_id: Mapped[UUID] = mapped_column(ForeignKey(NameChange.id), primary_key=True)
    credential_id: Mapped[UUID] = mapped_column(ForeignKey(Credential.id), primary_key=True, index=True)
    former_name: Mapped[str | None] = mapped_column(String(240), default=None)
    former_code: Mapped[str | None] = mapped_column(String(20), default=None)
    former_closed_at: Mapped[datetime | None] = mapped_column(default=None)
    """What its addresses needed before: they need it again if the change is taken back."""
