"""What must be true of every credential, said again from the outside: `laurel credentials audit` compares it with what is stored."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from laurel.credentials.rules.auditing_chain import Told, compare_told
from laurel.credentials.rules.keys import TRUSTED, KeyState
from laurel.credentials.rules.moments import timestamp
from laurel.credentials.rules.shown import as_object
from laurel.credentials.rules.verdicts import CredentialSource, CredentialState


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as it must be: which credential, list or part of the history, and what is wrong with it."""

    subject: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned:
    """The attempt that earned a credential, as it stands today."""

    learner_id: UUID
    is_passed: bool
    is_voided: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """The fee that a renewal was paid with, as it stands today. `is_gone`: it went back, or a bank took it."""

    payer_id: UUID
    is_gone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """The points, in hundredths, that renewed a certificate; `bound`: of the activities that are there, None if they were erased."""

    needed: int
    counted: int
    bound: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """The certificate that another one renews. `is_meant`: what earned the other was to renew this one; `new_end`: what follows.

    `is_past_gap`: what the other renewed was erased, and this one is before that; nobody knows any more which end follows.
    """

    holder_id: UUID
    is_meant: bool
    new_end: datetime | None
    is_past_gap: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedFacts:
    """One signed document with all that is stored about it, and what was found out about its bytes."""

    n: int
    text: str
    digest_fits: bool
    proof_holds: bool
    in_history: bool
    key_method: str
    key_state: KeyState
    valid_until: datetime | None
    entry_id: UUID
    entry_is_set: bool
    entry_is_shared: bool
    list_url: str
    position: int
    is_forgotten: bool = False
    """Its words were forgotten, for a name or a score in them: of its bytes the SHA-256 alone is left, which the history knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialFacts:
    """One credential with everything that it rests on. `versions` in their order."""

    number: str
    url: str
    issuer: str
    """The DID of whoever it is awarded by."""
    state: CredentialState
    holder_id: UUID
    source: CredentialSource = CredentialSource.EXAM
    enrolled_id: UUID | None
    is_vouched_for: bool = False
    fee: Fee | None = None
    points: Points | None = None
    current_n: int
    earned: Earned | None
    renewed: Renewed | None = None
    versions: Sequence[SignedFacts]
    told: Sequence[Told] = ()
    """What the history decided about it, in order."""
    unsigned: Sequence[str] = ()
    """What is shown of it and not said by its current document (`rules.shown`)."""
    score_faults: Sequence[str] = ()
    """How its current document differs from what the exam came to, or from what its holder agreed to (`rules.scores`)."""


def compare(found: CredentialFacts, *, now: datetime) -> list[Difference]:
    """What is wrong with a credential; empty if nothing is."""
    details = [*_award(found), *_renewal(found), *_numbering(found), *_unsigned(found), *found.score_faults]
    details += compare_told(found.told, state=found.state, stored=[version.n for version in found.versions])
    for version in found.versions:
        said = (*_signature(found, version, now), *(() if version.is_forgotten else _words(found, version)))
        details += [f"version {version.n}: {detail}" for detail in said]
        details += [f"version {version.n}: {detail}" for detail in _status(found, version)]
    return [Difference(subject=found.number, detail=detail) for detail in details]


def compare_list(*, number: int, published: Iterable[int], stored: Iterable[int], is_current: bool) -> list[Difference]:
    """What a status list says beside what it must say. Bits that are missing are no difference while it waits for being signed."""
    shown, due = set(published), set(stored)
    details = [f"entry {position} is revoked in it and nowhere else" for position in sorted(shown - due)]
    if is_current:
        details += [f"entry {position} was revoked and is not in it" for position in sorted(due - shown)]
    return [Difference(subject=f"status list {number}", detail=detail) for detail in details]


def _award(found: CredentialFacts) -> Iterator[str]:
    if found.source is CredentialSource.IMPORT:
        if not found.is_vouched_for:
            yield "it was imported, and no import names it"
        return
    other_way = {CredentialSource.FEE: _fee, CredentialSource.POINTS: _points}.get(found.source)
    if other_way is not None:
        yield from other_way(found)
        return
    earned = found.earned
    if earned is None:
        yield "the attempt that earned it does not exist"
        return
    if earned.learner_id != found.holder_id:
        yield "the attempt that earned it is somebody else’s"
    if found.enrolled_id != found.holder_id:
        yield "the enrollment that it completes is somebody else’s"
    if found.state is CredentialState.REVOKED:
        return
    if not earned.is_passed:
        yield "the attempt that earned it is not passed"
    if earned.is_voided:
        yield "the attempt that earned it was voided"


def _fee(found: CredentialFacts) -> Iterator[str]:
    if found.fee is None:
        yield "it was renewed for a fee, and nobody has paid one"
    elif found.fee.payer_id != found.holder_id:
        yield "the fee that renewed it is somebody else’s"
    elif found.fee.is_gone and found.state is not CredentialState.REVOKED:
        yield "the fee that renewed it went back, and it was not revoked"


def _points(found: CredentialFacts) -> Iterator[str]:
    counted = found.points
    if counted is None:
        yield "it was renewed by points, and nothing says by how many"
    elif counted.counted < counted.needed:
        yield "it was renewed by fewer points than were needed"
    elif counted.bound is not None and counted.bound != counted.counted:
        yield "the activities that renewed it have other points than it was renewed by"


def _renewal(found: CredentialFacts) -> Iterator[str]:
    renewed = found.renewed
    if renewed is None:
        return
    if renewed.holder_id != found.holder_id:
        yield "what it renews is somebody else’s"
    if not renewed.is_meant:
        earned = {CredentialSource.FEE: "fee", CredentialSource.POINTS: "activities"}.get(found.source, "attempt")
        yield f"the {earned} that earned it {'were' if found.source is CredentialSource.POINTS else 'was'} not made to renew what it renews"
    for version in found.versions:
        if not renewed.is_past_gap and version.valid_until != renewed.new_end:
            yield f"version {version.n}: it ends at {version.valid_until}, and {renewed.new_end} follows from what it renews"


def _numbering(found: CredentialFacts) -> Iterator[str]:
    numbers = [version.n for version in found.versions]
    if numbers != list(range(1, found.current_n + 1)):
        yield f"it has the versions {numbers}, and {found.current_n} is said to be the current one"
    must_be_signed, may_be_signed = found.state is CredentialState.ISSUED, found.state is not CredentialState.PENDING
    if (must_be_signed and not numbers) or (numbers and not may_be_signed):  # one may be revoked before it is signed
        yield f"it is {found.state} and has {len(numbers)} signed documents"


def _unsigned(found: CredentialFacts) -> Iterator[str]:
    for name in found.unsigned:
        yield f"the {name} that is shown is not the one that was signed"


def _signature(found: CredentialFacts, version: SignedFacts, now: datetime) -> Iterator[str]:
    if not version.digest_fits:
        yield "its bytes are not those of its SHA-256"
    if not version.in_history:
        yield "the history knows no document with its SHA-256"
    if not version.proof_holds:
        yield f"its proof does not hold under {version.key_method}"
    if version.is_forgotten and version.n == found.current_n:
        yield "its words were forgotten, and it is the current one"
    has_ended = version.valid_until is not None and version.valid_until <= now
    is_in_force = version.n == found.current_n and found.state is CredentialState.ISSUED and not has_ended
    if is_in_force and version.key_state not in TRUSTED:
        yield f"{version.key_method} is {version.key_state}, and it was not signed again"


def _words(found: CredentialFacts, version: SignedFacts) -> Iterator[str]:
    document = as_object(version.text)
    until = timestamp(version.valid_until) if version.valid_until else None
    for name, said, stored in (
        ("id", document.get("id"), found.url),
        ("issuer", _inside(document, "issuer", "id"), found.issuer),
        ("number", _inside(document, "credentialSubject", "licenseNumber"), found.number),
        ("end", document.get("validUntil"), until),
        ("key", _inside(document, "proof", "verificationMethod"), version.key_method),
        ("status list", _inside(document, "credentialStatus", "statusListCredential"), version.list_url),
        ("status index", _inside(document, "credentialStatus", "statusListIndex"), str(version.position)),
    ):
        if said != stored:
            yield f"its {name} is {said}, and {stored} is stored"
    if version.key_method.partition("#")[0] != found.issuer:
        yield f"it was signed with {version.key_method}, which is not a key of {found.issuer}"


def _status(found: CredentialFacts, version: SignedFacts) -> Iterator[str]:
    in_force = {other.entry_id for other in found.versions if other.n == found.current_n}
    must_be_set = found.state is CredentialState.REVOKED or version.entry_id not in in_force
    if version.entry_is_set and not must_be_set:
        yield "its status entry is set, and it was not revoked"
    if must_be_set and not version.entry_is_set:
        yield "it was revoked or superseded, and its status entry is not set"
    if version.entry_is_shared:
        yield "its status entry belongs to another credential, too"


def _inside(document: dict[str, Any], member: str, name: str) -> Any:
    inner = document.get(member)
    return inner.get(name) if isinstance(inner, dict) else None
