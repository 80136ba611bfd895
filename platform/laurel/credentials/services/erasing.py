"""Erasing a certificate: whose it was and what it said is deleted; that it was, and that it does not count, stays for good.

What stays, and why, is in docs/decisions/0019.
"""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import delete, or_, update
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.commerce.services import forget_permits
from laurel.core.bus import publish
from laurel.core.errors import InvalidInputError
from laurel.core.mail import forget_mails, queue_mail
from laurel.credentials import queries
from laurel.credentials.events import CredentialErased
from laurel.credentials.models import (
    AchievementVersion,
    BulkRow,
    Credential,
    ExpiryNotice,
    FeeRenewal,
    PointActivity,
    PointRenewal,
    RenamedCredential,
    ShareLink,
)
from laurel.credentials.models.erasure import ErasedAward, ErasedCredential
from laurel.credentials.models.weekly_views import WeeklyViews
from laurel.credentials.queries import holding
from laurel.credentials.queries.erasure import find_end_of_line, list_renewals
from laurel.credentials.rules.erasure import ErasureReason, number_sha256
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.numbers import parse_number
from laurel.credentials.rules.verdicts import CredentialState
from laurel.credentials.services import history
from laurel.quizzes.services import close_rounds

GONE_WITH_IT = (ExpiryNotice, FeeRenewal, PointActivity, PointRenewal, RenamedCredential, ShareLink, WeeklyViews)
"""What is about one certificate and about nothing else, besides its documents."""


def erase_own(session: Session, holder_id: UUID, credential_id: UUID, *, typed: str, now: datetime) -> None:
    """The holder wants it gone, and typed its number."""
    queries.lock_all_of(session, holder_id)  # what renewed it is linked anew
    credential = holding.lock_credential_of(session, holder_id, credential_id)
    _check_typed(credential, typed)
    _erase(session, credential, reason=ErasureReason.HOLDER_REQUEST, actor_id=None, now=now)


def erase(session: Session, credential_id: UUID, *, reason: ErasureReason, typed: str, actor_id: UUID, now: datetime) -> None:
    """Staff erase it, and typed its number. Raises InvalidInputError if that is another one, ErasedError if it was erased before."""
    queries.lock_all_of(session, queries.get_credential(session, credential_id).credential.holder_id)
    credential = queries.lock_credential(session, credential_id)
    _check_typed(credential, typed)
    _erase(session, credential, reason=reason, actor_id=actor_id, now=now)


def _check_typed(credential: Credential, typed: str) -> None:
    try:
        is_meant = parse_number(typed) == credential.number
    except InvalidInputError:
        is_meant = False
    if not is_meant:
        raise InvalidInputError(f"Type the number {credential.number}.", field="typed")


def _erase(session: Session, credential: Credential, *, reason: ErasureReason, actor_id: UUID | None, now: datetime) -> None:
    """Who erased it is kept if it was staff: of its holder nothing stays that this would name."""
    credential_id, attempt_id, number = credential.id, credential.attempt_id, credential.number
    _tell_holder(session, credential, reason, now=now)
    history.hold_chain(session)
    close_rounds(session, opened_for=credential_id, now=now)
    forget_permits(session, about_id=credential_id, now=now)
    _relink_renewals(session, credential)
    _delete_documents(session, credential_id, now=now)
    for table in GONE_WITH_IT:
        session.execute(delete(table).where(table.credential_id == credential_id))
    # what had renewed to it has counted, and does not count again
    session.execute(update(PointActivity).where(PointActivity.renewal_id == credential_id).values(renewal_id=None))
    _clear_bulk_rows(session, credential_id, number)
    forget_mails(session, credential_id)
    session.delete(credential)
    session.flush()
    session.add(ErasedCredential(credential_id=credential_id, number_sha256=number_sha256(number), reason=reason, erased_at=now))
    if attempt_id is not None:
        session.add(ErasedAward(attempt_id=attempt_id))
    session.flush()
    history.record(session, HistoryKind.ERASED, at=now, credential_id=credential_id, actor_id=actor_id, reason=reason)
    publish(session, CredentialErased(occurred_at=now, credential_id=credential_id, reason=reason), actor_id=actor_id)


def _delete_documents(session: Session, credential_id: UUID, *, now: datetime) -> None:
    """The signed texts go; their places on status lists stay taken, and are set from now on."""
    for version, _key, entry, status_list in queries.list_versions(session, credential_id):
        if entry.set_at is None:
            entry.set_at = now
            status_list.note_change(now)
        session.delete(version)
    session.flush()


def _relink_renewals(session: Session, credential: Credential) -> None:
    """What renewed it renews what it had renewed; if that was nothing, one of them becomes the first, and the others follow that one.

    The database allows one first one to an enrollment, and one renewal that counts to each: one that counts goes to the end of the line.
    """
    former_id, renewals = credential.renewed_from_id, list_renewals(session, credential.id)
    if not renewals:
        return
    aside = {"renewed_from_id": credential.id, "state": CredentialState.REVOKED}  # in nobody's way until it is deleted
    session.execute(update(Credential).where(Credential.id == credential.id).values(aside))
    for renewal_id, counts in renewals:
        after_id = find_end_of_line(session, former_id) if counts and former_id is not None else former_id
        session.execute(update(Credential).where(Credential.id == renewal_id).values(renewed_from_id=after_id))
        former_id = former_id or renewal_id


def _clear_bulk_rows(session: Session, credential_id: UUID, number: str) -> None:
    """Lines of imports and lists that name it keep their place and their outcome, and nothing of the person."""
    about = or_(BulkRow.credential_id == credential_id, BulkRow.message.contains(number))
    session.execute(update(BulkRow).where(about).values(credential_id=None, email="", name="", course="", message=""))


def _tell_holder(session: Session, credential: Credential, reason: ErasureReason, *, now: datetime) -> None:
    """One last mail. Nothing in it, nor its key, says which certificate of which address that was."""
    holder = session.get_one(User, credential.holder_id)
    achievement = session.get_one(AchievementVersion, credential.achievement_version_id)
    queue_mail(
        session,
        "credential_erased",
        key=f"credential-erased:{uuid4()}",
        recipient=holder.email,
        now=now,
        account_name=holder.name,
        achievement_name=achievement.name,
        reason=reason,
    )
