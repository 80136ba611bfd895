"""From a completed course to a signed credential: the intent first, then the signature with its storage."""

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.accounts.queries import lock_user
from laurel.accounts.services import keep_certificate_name
from laurel.commerce.services import close_permits
from laurel.core.bus import publish
from laurel.core.dates import day
from laurel.core.errors import UnavailableError
from laurel.credentials import queries
from laurel.credentials.events import CredentialAwarded, CredentialIssued, CredentialRevoked
from laurel.credentials.gateway import KeyVault
from laurel.credentials.models import Achievement, AchievementVersion, Credential, CredentialVersion, StatusEntry, StatusList
from laurel.credentials.openbadges_gateway import sign_credential
from laurel.credentials.queries.erasure import is_award_erased
from laurel.credentials.queries.renewing import find_earned_by
from laurel.credentials.queries.scores import find_exam_record
from laurel.credentials.rules.document import CredentialFacts, HolderFacts, build_document
from laurel.credentials.rules.gate import UnsignableError
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.moments import whole_second
from laurel.credentials.rules.notes import check_note
from laurel.credentials.rules.numbers import RANDOM_BITS, number_of
from laurel.credentials.rules.text import sanitize_text
from laurel.credentials.rules.verdicts import CredentialSource, CredentialState, RevocationReason
from laurel.credentials.services import history
from laurel.credentials.services.issuers import Signatory, issuer_for, open_signatory
from laurel.credentials.services.status_lists import reserve_entry
from laurel.learning.queries import get_enrollment
from laurel.quizzes.services import close_rounds

TRIES = 20
SALT_BYTES = 8


def award(session: Session, *, enrollment_id: UUID, holder_id: UUID, course_id: UUID, attempt_id: UUID, now: datetime) -> Credential | None:
    """Write down that the credential is due; it stays visible as pending until it is signed.

    Once for each enrollment and each attempt, however often it is told. None if nothing can be earned in the course, if what was
    earned by this attempt has been erased, or if it is a renewal: that is no first certificate (`services.renewing`).
    """
    found = queries.find_credential_for(session, enrollment_id=enrollment_id, attempt_id=attempt_id)
    if found is not None:
        return found
    if is_award_erased(session, attempt_id) or find_earned_by(session, holder_id, attempt_id) is not None:
        return None
    achievement = queries.find_achievement_of_course(session, course_id)
    if achievement is None:
        return None
    for _try in range(TRIES):
        try:
            credential = add_pending(session, achievement, enrollment_id=enrollment_id, holder_id=holder_id, attempt_id=attempt_id, now=now)
        except IntegrityError:  # awarded at this very moment by somebody else, or one number in 2⁵⁵ met its twin
            found = queries.find_credential_for(session, enrollment_id=enrollment_id, attempt_id=attempt_id)
            if found is not None:
                return found
            continue
        publish(session, CredentialAwarded(occurred_at=credential.awarded_at, credential_id=credential.id, holder_id=holder_id))
        return credential
    raise UnavailableError


def add_pending(
    session: Session,
    achievement: AchievementVersion,
    *,
    enrollment_id: UUID | None,
    holder_id: UUID,
    attempt_id: UUID | None,
    renewed_from_id: UUID | None = None,
    source: CredentialSource = CredentialSource.EXAM,
    now: datetime,
) -> Credential:
    """Write down one credential that is due, in the holder's present name, or in that of the one which it renews. Nobody is told yet.

    What it renews cannot be bought anew.
    """
    holder = lock_user(session, holder_id)  # a change of their name that is being applied is waited for
    old = session.get(Credential, renewed_from_id) if renewed_from_id is not None else None
    name = old.holder_name if old is not None and old.former_name_since is None else sanitize_text(holder.name_on_certificates)
    keep_certificate_name(holder, name)
    with session.begin_nested():
        credential = Credential(
            number=number_of(secrets.randbits(RANDOM_BITS)),
            holder_id=holder_id,
            holder_name=name,
            enrollment_id=enrollment_id,
            attempt_id=attempt_id,
            achievement_version_id=achievement.id,
            awarded_at=whole_second(now),
            renewed_from_id=renewed_from_id,
            source=source,
        )
        session.add(credential)
        session.flush()
    if renewed_from_id is not None:
        close_permits(session, about_id=renewed_from_id, now=now)
    return credential


def issue(
    session: Session,
    credential_id: UUID,
    *,
    issuer: Issuer,
    keys: KeyVault,
    now: datetime,
    actor_id: UUID | None = None,
    reason: str = "",
    tells_holder: bool = True,
) -> Credential:
    """Sign what was awarded and store it: index, document, state and audit entry together, or none of them. `issuer` is the house.

    Told twice, it changes nothing; while a bank decides about the holder's payment, it stays pending. Raises UnsignableError,
    UnfitIssuerError or what the vault raises.
    """
    credential = queries.lock_credential(session, credential_id)
    if credential.state is not CredentialState.PENDING or queries.is_held(session, credential):
        return credential
    achievement = what_it_certifies(session, credential, now=now)
    history.hold_chain(session)
    signatory = open_signatory(session, issuer_for(session, issuer, achievement.organization_id), keys, now=now)
    status_list, entry = reserve_entry(session, signatory, now=now)
    ends = end_of(session, credential, achievement)
    facts = gather(session, credential, achievement, status_list, entry, valid_from=credential.awarded_at, valid_until=ends)
    version = sign_version(credential, facts, signatory, entry, now=now)
    session.add(version)
    credential.advance(CredentialState.ISSUED)
    credential.current_n, credential.issued_at = version.n, now
    session.flush()
    _tell(session, credential, version, actor_id=actor_id, reason=reason, tells_holder=tells_holder, now=now)
    return credential


def what_it_certifies(session: Session, credential: Credential, *, now: datetime) -> AchievementVersion:
    """The version that it was awarded of; where all of that have ended before it could be signed, the program's present one.

    Raises UnsignableError if that has ended, too: it waits for the program to say something new, and staff see why.
    """
    awarded = session.get_one(AchievementVersion, credential.achievement_version_id)
    if not awarded.validity.is_over(now):
        return awarded
    latest = and_(Achievement.id == AchievementVersion.achievement_id, Achievement.latest_n == AchievementVersion.n)
    present = session.scalars(select(AchievementVersion).join(Achievement, latest).where(Achievement.id == awarded.achievement_id)).one()
    if present.valid_until is not None and present.validity.is_over(now):
        raise UnsignableError("validity", f"all certificates of this program ended on {day(present.valid_until)}. Give it another day.")
    credential.achievement_version_id = present.id
    return present


def _tell(
    session: Session,
    credential: Credential,
    version: CredentialVersion,
    *,
    actor_id: UUID | None,
    reason: str,
    tells_holder: bool,
    now: datetime,
) -> None:
    history.record(
        session,
        HistoryKind.ISSUED,
        at=now,
        credential_id=credential.id,
        version_n=version.n,
        key_id=version.key_id,
        actor_id=actor_id,
        reason=reason,
        document_sha256=version.sha256,
    )
    told = CredentialIssued(occurred_at=now, credential_id=credential.id, holder_id=credential.holder_id, tells_holder=tells_holder)
    publish(session, told, actor_id=actor_id)


def end_of(session: Session, credential: Credential, achievement: AchievementVersion) -> datetime | None:
    """When it ends: a renewal counts from the end of what it renews, if that is later than its award."""
    former = None
    if credential.renewed_from_id is not None:
        old = session.get_one(Credential, credential.renewed_from_id)
        former = queries.get_version(session, old.id, old.current_n).valid_until
    return achievement.validity.end(awarded_at=credential.awarded_at, former_end=former)


def revoke(
    session: Session,
    credential_id: UUID,
    *,
    reason: RevocationReason,
    note: str,
    actor_id: UUID | None,
    now: datetime,
    tells_holder: bool = True,
) -> Credential:
    """Revoke it: our pages say so at once, the status list when it is signed next. What was not signed yet is never signed.

    `note` is for holder and staff; raises InvalidInputError without one.
    """
    words = check_note(note)
    credential = queries.lock_credential(session, credential_id)
    if credential.state is CredentialState.REVOKED:
        return credential
    credential.advance(CredentialState.REVOKED)
    credential.revoked_at, credential.revocation_reason, credential.revocation_note = now, reason, words
    history.hold_chain(session)
    for _version, _key, entry, status_list in queries.list_versions(session, credential_id):
        entry.set_at = entry.set_at or now
        status_list.note_change(now)
    session.flush()
    close_rounds(session, opened_for=credential.id, now=now)  # what does not count any more is not renewed
    close_permits(session, about_id=credential.id, now=now)
    history.record(session, HistoryKind.REVOKED, at=now, credential_id=credential.id, actor_id=actor_id, reason=reason)
    told = CredentialRevoked(occurred_at=now, credential_id=credential.id, holder_id=credential.holder_id, tells_holder=tells_holder)
    publish(session, told, actor_id=actor_id)
    return credential


def gather(
    session: Session,
    credential: Credential,
    achievement: AchievementVersion,
    status_list: StatusList,
    entry: StatusEntry,
    *,
    valid_from: datetime,
    valid_until: datetime | None,
) -> CredentialFacts:
    """Everything that the next version of the credential says."""
    holder = session.get_one(User, credential.holder_id)
    began_at = get_enrollment(session, credential.enrollment_id).enrolled_at if credential.enrollment_id else None
    return CredentialFacts(
        credential_id=credential.id,
        number=credential.number,
        achievement=achievement.facts,
        holder=HolderFacts(
            subject_id=credential.subject_id,
            name=credential.holder_name if achievement.names_holder else None,
            email=holder.email if holder.confirmed_at is not None else None,
            salt=secrets.token_hex(SALT_BYTES),
        ),
        awarded_at=credential.awarded_at,
        valid_from=valid_from,
        valid_until=valid_until,
        started_at=min(began_at, credential.awarded_at) if began_at else None,
        exam=find_exam_record(session, credential) if credential.score_consented_at is not None else None,
        status_list=status_list.number,
        status_index=entry.position,
    )


def sign_version(
    credential: Credential, facts: CredentialFacts, signatory: Signatory, entry: StatusEntry, *, now: datetime
) -> CredentialVersion:
    """The next version of the credential, signed and not yet stored."""
    document = build_document(signatory.issuer, facts)
    text = sign_credential(document, signatory.signer, created=now, allows_http=signatory.issuer.allows_http)
    return CredentialVersion(
        credential_id=credential.id,
        n=credential.current_n + 1,
        valid_from=facts.valid_from,
        valid_until=facts.valid_until,
        signed_json=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        key_id=signatory.key.id,
        status_entry_id=entry.id,
        signed_at=now,
    )
