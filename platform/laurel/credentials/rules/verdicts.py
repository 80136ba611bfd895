"""What can be said about a credential, in the same words on every page."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CredentialState(StrEnum):
    """Where a credential stands. PENDING: awarded, and not yet signed."""

    PENDING = "pending"
    ISSUED = "issued"
    REVOKED = "revoked"


class CredentialSource(StrEnum):
    """How it was earned. IMPORT: elsewhere or earlier; staff answer for it, and there is no attempt here.

    FEE: as a renewal that was paid for, without an exam. POINTS: as a renewal by CPD points.
    """

    EXAM = "exam"
    IMPORT = "import"
    FEE = "fee"
    POINTS = "points"

    @property
    def line(self) -> str:
        """What a certificate says between its holder's name and the name of the credential."""
        return "has passed the examination and holds the credential" if self is CredentialSource.EXAM else "holds the credential"


class RevocationReason(StrEnum):
    """Why a credential was revoked, as far as the public hears it."""

    ISSUED_IN_ERROR = "issued in error"
    REQUIREMENTS_WITHDRAWN = "requirements withdrawn"
    SUPERSEDED = "superseded by a corrected version"
    HOLDER_REQUEST = "at the holder’s request"


STAFF_REASONS = (RevocationReason.ISSUED_IN_ERROR, RevocationReason.REQUIREMENTS_WITHDRAWN, RevocationReason.HOLDER_REQUEST)
"""What staff choose from. A corrected certificate stays valid: only its older documents are superseded, and nobody says so by hand."""

# back from REVOKED by a new document alone: those that were revoked stay so (`services.reinstating`)
NEXT: dict[CredentialState, frozenset[CredentialState]] = {
    CredentialState.PENDING: frozenset({CredentialState.ISSUED, CredentialState.REVOKED}),
    CredentialState.ISSUED: frozenset({CredentialState.REVOKED}),
    CredentialState.REVOKED: frozenset({CredentialState.ISSUED}),
}


class Verdict(StrEnum):
    """The status word. Only VALID ever carries a green tick."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    NOT_YET_VALID = "not yet valid"
    SIGNATURE_INVALID = "signature invalid"
    NOT_ISSUED_HERE = "not issued here"
    TEMPORARILY_UNKNOWN = "temporarily unknown"
    PENDING = "being signed"
    ON_HOLD = "on hold"


@dataclass(frozen=True, slots=True)
class Check:
    """One of the four things that make a credential valid, and how it turned out; None if it was not checked."""

    question: str
    is_passed: bool | None
    answer: str

    @property
    def id(self) -> str:
        """The question as machines name it: `issued_here`."""
        return self.question.lower().replace(" ", "_")


NOT_ON_HOLD = Check("Not on hold", False, "We are looking into it and have not decided yet.")
"""Said of a credential only while it is on hold."""


WITHDRAWN = "It is in our register, but the key that signed it was withdrawn. What is still valid is being signed again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was found out about a signed credential at one moment."""

    is_ours: bool
    is_unaltered: bool
    is_revoked: bool
    valid_from: datetime
    valid_until: datetime | None
    checked_at: datetime
    is_on_hold: bool = False
    is_key_withdrawn: bool = False

    @property
    def verdict(self) -> Verdict:
        """The gravest thing that was found. Where only its key was withdrawn, our register still knows what has become of it: that it
        was revoked or has ended is said, and one that would be valid is signed again (`laurel keys compromise`)."""
        if not (self.is_ours and self.is_unaltered):
            return Verdict.SIGNATURE_INVALID
        if self.is_revoked:
            return Verdict.REVOKED
        if self.is_on_hold:
            return Verdict.ON_HOLD
        if self.has_ended:
            return Verdict.EXPIRED
        if self.checked_at < self.valid_from:
            return Verdict.NOT_YET_VALID
        return Verdict.TEMPORARILY_UNKNOWN if self.is_key_withdrawn else Verdict.VALID

    @property
    def has_ended(self) -> bool:
        return self.valid_until is not None and self.checked_at >= self.valid_until

    @property
    def _issued_here(self) -> Check:
        if self.is_ours and self.is_key_withdrawn:
            return Check("Issued here", False, WITHDRAWN)
        return Check("Issued here", self.is_ours, "Signed with a key that we publish." if self.is_ours else "Its key is not among ours.")

    @property
    def checks(self) -> tuple[Check, ...]:
        """Issued here, not altered, not revoked, in date; and not on hold, while it is."""
        in_date = self.valid_from <= self.checked_at and not self.has_ended
        ended = "The date until which it was valid has passed." if self.has_ended else "Its validity has not begun."
        lasting = "It does not expire." if self.valid_until is None else "Today lies between its two dates."
        return (
            self._issued_here,
            Check(
                "Not altered",
                self.is_unaltered,
                "The signature fits every word of it." if self.is_unaltered else "The signature does not fit its words.",
            ),
            Check("Not revoked", not self.is_revoked, "We have revoked it." if self.is_revoked else "It is not on our revocation list."),
            Check("In date", in_date, lasting if in_date else ended),
            *((NOT_ON_HOLD,) if self.is_on_hold and not self.is_revoked else ()),
        )
