"""What happened to credentials."""

from dataclasses import dataclass
from uuid import UUID

from laurel.core.events import Event


@dataclass(frozen=True, kw_only=True)
class CredentialAwarded(Event):
    """A learner earned a credential; it is not yet signed."""

    credential_id: UUID
    holder_id: UUID


@dataclass(frozen=True, kw_only=True)
class RenewalEarned(Event):
    """A learner passed an exam to renew a credential; the new one is not yet awarded."""

    credential_id: UUID
    holder_id: UUID
    attempt_id: UUID


@dataclass(frozen=True, kw_only=True)
class AboutHolder(Event):
    """Something that happened to a person's credential, of which they hear unless staff decide otherwise."""

    credential_id: UUID
    holder_id: UUID
    tells_holder: bool = True


@dataclass(frozen=True, kw_only=True)
class CredentialIssued(AboutHolder):
    """A credential is signed and public."""


@dataclass(frozen=True, kw_only=True)
class CredentialCorrected(AboutHolder):
    """A credential has a new signed document, and the one before does not count any more."""

    version_n: int


@dataclass(frozen=True, kw_only=True)
class CredentialRevoked(AboutHolder):
    """A credential does not count any more."""


@dataclass(frozen=True, kw_only=True)
class CredentialReinstated(AboutHolder):
    """A credential had been revoked by mistake and counts again, by a new signed document."""

    version_n: int


@dataclass(frozen=True, kw_only=True)
class ScoreConsentChanged(Event):
    """A holder agreed that their credential says the score of its exam, or took that back."""

    credential_id: UUID
    holder_id: UUID
    shows: bool


@dataclass(frozen=True, kw_only=True)
class CredentialHeld(AboutHolder):
    """Staff put a credential on hold: until they decide it is neither valid nor revoked."""


@dataclass(frozen=True, kw_only=True)
class CredentialReleased(AboutHolder):
    """Staff took a credential from hold: it counts as before."""


@dataclass(frozen=True, kw_only=True)
class ActivityEntered(Event):
    """A holder entered an activity for the points of a credential, or said of one that waits something else; `revision` counts that."""

    activity_id: UUID
    credential_id: UUID
    revision: int


@dataclass(frozen=True, kw_only=True)
class ActivityWithdrawn(Event):
    """A holder took back an activity before staff had decided about it."""

    activity_id: UUID
    credential_id: UUID


@dataclass(frozen=True, kw_only=True)
class ActivityDecided(AboutHolder):
    """Staff approved or refused an activity, or took their approval back; `decision` is the state that it came to."""

    activity_id: UUID
    decision: str


@dataclass(frozen=True, kw_only=True)
class CredentialErased(Event):
    """A credential is gone for good; whose it was is not said."""

    credential_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class SignatureRenewed(AboutHolder):
    """A credential was signed again, word for word, because the key that had signed it was compromised; `n` is the new version."""

    n: int


@dataclass(frozen=True, kw_only=True)
class OrganizationMade(Event):
    """There is one more that may certify in its own name."""

    organization_id: UUID
    slug: str


@dataclass(frozen=True, kw_only=True)
class OrganizationChanged(Event):
    """What its next credentials say of it is another thing."""

    organization_id: UUID


@dataclass(frozen=True, kw_only=True)
class ProgramChanged(Event):
    """From version `n` on an achievement's certificates say something else, or let their holders decide something else."""

    achievement_id: UUID
    n: int


@dataclass(frozen=True, kw_only=True)
class RenewalTermsChanged(Event):
    """From now on all certificates of an achievement are renewed by these terms, those that were issued before, too."""

    achievement_id: UUID
    window_days: int
    grace_days: int
    includes_attempts: bool
    by_exam: bool
    points: int


@dataclass(frozen=True, kw_only=True)
class IssuerOfAchievementChanged(Event):
    """From version `n` on an achievement is awarded in another name; without an organization, in the house's."""

    achievement_id: UUID
    n: int
    organization_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class BulkJobConfirmed(Event):
    """Somebody said, knowing how many, that credentials shall be issued or revoked. The event's actor is who did."""

    job_id: UUID
    kind: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class BulkJobPaused(Event):
    """Somebody said that it shall wait."""

    job_id: UUID


@dataclass(frozen=True, kw_only=True)
class BulkJobResumed(Event):
    """Somebody said that it shall go on."""

    job_id: UUID


@dataclass(frozen=True, kw_only=True)
class BulkFilesTaken(Event):
    """Somebody of the staff took the files of an import's certificates. Each certificate's own history says so, too."""

    job_id: UUID


@dataclass(frozen=True, kw_only=True)
class ListedFilesTaken(Event):
    """The same of the certificates on a list of the back office. What was searched for may be somebody's name: it is not kept."""

    certificates: int
    """How many there were to take: private ones are not."""
    state: str
    achievement_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class BulkJobStopped(Event):
    """Somebody said that the rest shall not be done."""

    job_id: UUID


@dataclass(frozen=True, kw_only=True)
class NameChangeEvent(Event):
    """Something that happened to a person's wish for another name. Names are not in it: what is logged stays, a former name must not."""

    change_id: UUID
    person_id: UUID


@dataclass(frozen=True, kw_only=True)
class NameChangeAsked(NameChangeEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class NameChangeApproved(NameChangeEvent):
    """By staff, or by itself because it is a slip of the pen. The certificates are not yet corrected."""


@dataclass(frozen=True, kw_only=True)
class NameChangeRefused(NameChangeEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class NameChangeWithdrawn(NameChangeEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class NameChangeApplied(NameChangeEvent):
    """All certificates of the person carry the new name."""


@dataclass(frozen=True, kw_only=True)
class NameReversalAsked(NameChangeEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class NameChangeReversed(NameChangeEvent):
    """All certificates of the person carry their former name again."""
