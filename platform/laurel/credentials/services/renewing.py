"""An exam that is passed again near the end of a certificate, or after it, earns a new one that is linked with the old."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.core.bus import publish
from laurel.credentials import queries
from laurel.credentials.events import CredentialAwarded
from laurel.credentials.models import AchievementVersion, Credential
from laurel.credentials.queries import holding
from laurel.credentials.queries.erasure import is_award_erased
from laurel.credentials.rules.expiry import may_renew
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.verdicts import CredentialState
from laurel.credentials.services import history
from laurel.credentials.services.issuing import add_pending


def renew(session: Session, *, holder_id: UUID, attempt_id: UUID, now: datetime) -> Credential | None:
    """Award the renewal that this passed attempt earned; None if there is nothing to renew, or not yet.

    It is seen by others as the old one is, and certifies what the course certifies today. Once for each old certificate.
    """
    if is_award_erased(session, attempt_id):
        return None
    found = holding.find_renewable(session, holder_id=holder_id, attempt_id=attempt_id)
    if found is None or found[0].enrollment_id is None or not may_renew(ends_at=found[1].valid_until, now=now):
        return None
    old = queries.lock_credential(session, found[0].id)
    if any(kin.renewed_from_id == old.id and kin.state is not CredentialState.REVOKED for kin in holding.list_renewals(session, old.id)):
        return None
    earned = session.get_one(AchievementVersion, old.achievement_version_id)
    present = holding.find_present_version(session, earned.achievement_id) or earned
    new = add_pending(
        session, present, enrollment_id=found[0].enrollment_id, holder_id=holder_id, attempt_id=attempt_id, renewed_from_id=old.id, now=now
    )
    new.visibility = old.visibility
    session.flush()
    history.record(session, HistoryKind.RENEWED, at=now, credential_id=old.id, reason=f"by {new.id}")
    publish(session, CredentialAwarded(occurred_at=new.awarded_at, credential_id=new.id, holder_id=holder_id))
    return new
