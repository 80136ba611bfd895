"""What renewals without an exam have in common, for a fee or by points: whether there is something to renew, and the new certificate."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.core.bus import publish
from laurel.core.errors import NotFoundError
from laurel.credentials.events import CredentialAwarded
from laurel.credentials.models import AchievementVersion, Credential
from laurel.credentials.queries import get_version, is_held, lock_credential, renewing
from laurel.credentials.rules.erasure import ErasedError
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.renewing import lengthens
from laurel.credentials.rules.verdicts import CredentialSource, CredentialState
from laurel.credentials.services import history
from laurel.credentials.services.issuing import add_pending
from laurel.quizzes.services import close_rounds


def lock_renewable(session: Session, credential_id: UUID | None, *, now: datetime) -> tuple[Credential, AchievementVersion] | None:
    """The certificate and what it is renewed to, if it can be: it could when its holder set out, and much may have happened since.

    Whoever calls this holds the person.
    """
    if credential_id is None:
        return None
    try:
        old = lock_credential(session, credential_id)
    except (ErasedError, NotFoundError):
        return None
    is_sound = old.state is CredentialState.ISSUED and old.on_hold_at is None and not is_held(session, old)
    if not is_sound or renewing.is_renewed(session, old.id) or renewing.is_earned(session, old.id):
        return None
    earned = session.get_one(AchievementVersion, old.achievement_version_id)
    present = renewing.find_present_version(session, earned.achievement_id) or earned
    former_end = get_version(session, old.id, old.current_n).valid_until
    new_end = present.validity.end(awarded_at=now, former_end=former_end)
    return (old, present) if lengthens(new_end, former_end=former_end, now=now) else None


def add_renewal(session: Session, old: Credential, version: AchievementVersion, *, source: CredentialSource, now: datetime) -> Credential:
    """Write down the new certificate. Whoever calls this adds what stands behind it, then says so (`tell_of_renewal`)."""
    new = add_pending(
        session,
        version,
        enrollment_id=old.enrollment_id,
        holder_id=old.holder_id,
        attempt_id=None,
        renewed_from_id=old.id,
        source=source,
        now=now,
    )
    new.visibility = old.visibility
    return new


def tell_of_renewal(session: Session, old: Credential, new: Credential, *, now: datetime) -> None:
    """Nobody sits its exam to renew it any more, and the new one is signed next."""
    close_rounds(session, opened_for=old.id, now=now)
    history.record(session, HistoryKind.RENEWED, at=now, credential_id=old.id, reason=f"by {new.id}")
    publish(session, CredentialAwarded(occurred_at=new.awarded_at, credential_id=new.id, holder_id=new.holder_id))
