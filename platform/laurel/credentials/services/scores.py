"""A holder agrees that their certificate says the exam's score, or takes that back. Unless they say so, it says none (0024)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.core.bus import publish
from laurel.core.errors import ConflictError
from laurel.credentials.events import ScoreConsentChanged
from laurel.credentials.gateway import KeyVault
from laurel.credentials.models import Credential
from laurel.credentials.queries.holding import lock_credential_of
from laurel.credentials.queries.scores import find_exam_record
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.scores import write_percent
from laurel.credentials.rules.verdicts import CredentialState
from laurel.credentials.services.correcting import supersede, write_down
from laurel.credentials.services.forgetting import forget_scores

WHAT = "the exam’s score"
"""What the chain of events says of it; who wished it is the holder, and is not named there."""
ADDED = "The score was added at the holder’s wish."
TAKEN_OFF = "The score was taken off at the holder’s wish."


class NoScoreError(ConflictError):
    """Nothing was measured here, or the program does not give scores."""

    message = "There is no exam score that this certificate could say."


class OtherScoreError(ConflictError):
    """What they agreed to is not what would be signed."""

    message = "The score is another one by now. Look at it as it is before you agree."


def show_score(
    session: Session, holder_id: UUID, credential_id: UUID, *, seen: str, issuer: Issuer, keys: KeyVault, now: datetime
) -> Credential:
    """Let the certificate say the score that its holder has `seen`: it is corrected, or signed with it if it still waits for that.

    Said twice, it changes nothing. Raises NoScoreError, OtherScoreError, NotFoundError for somebody else's, or what a
    correction raises.
    """
    credential = lock_credential_of(session, holder_id, credential_id)
    if credential.score_consented_at is not None:
        return credential
    record = find_exam_record(session, credential)
    if record is None:
        raise NoScoreError
    if seen != write_percent(record.score):
        raise OtherScoreError
    credential.score_consented_at = now
    return _sign_anew(session, credential, reason=ADDED, issuer=issuer, keys=keys, now=now)


def hide_score(session: Session, holder_id: UUID, credential_id: UUID, *, issuer: Issuer, keys: KeyVault, now: datetime) -> Credential:
    """Let the certificate say no score any more, and keep none in what was signed before. Said twice, it changes nothing."""
    credential = lock_credential_of(session, holder_id, credential_id)
    if credential.score_consented_at is None:
        return credential
    credential.score_consented_at = None
    _sign_anew(session, credential, reason=TAKEN_OFF, issuer=issuer, keys=keys, now=now)
    forget_scores(session, credential.id)
    return credential


def _sign_anew(session: Session, credential: Credential, *, reason: str, issuer: Issuer, keys: KeyVault, now: datetime) -> Credential:
    shows = credential.score_consented_at is not None
    if credential.state is not CredentialState.PENDING:
        version = supersede(session, credential, reason=reason, issuer=issuer, keys=keys, now=now)
        session.flush()
        write_down(session, credential, version, what=WHAT, actor_id=None, tells_holder=True, now=now)
    session.flush()
    told = ScoreConsentChanged(occurred_at=now, credential_id=credential.id, holder_id=credential.holder_id, shows=shows)
    publish(session, told, actor_id=credential.holder_id)
    return credential
