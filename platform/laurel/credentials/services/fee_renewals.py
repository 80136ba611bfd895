"""Renewing for a fee: the holder asks what it costs, the shop sells it, and the new certificate follows its money from then on.

Whatever is told of the money, and in whatever order, `follow_fee` looks at where it stands now and brings the certificate there.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.accounts.queries import lock_user
from laurel.commerce.models import RenewalFee
from laurel.commerce.queries import lock_fee
from laurel.commerce.rules import EntitlementStatus
from laurel.commerce.services import open_permit, return_fee, use_fee
from laurel.core.errors import UnavailableError
from laurel.credentials.gateway import KeyVault
from laurel.credentials.models import Credential, FeeRenewal
from laurel.credentials.queries import get_credential, renewing
from laurel.credentials.queries.holding import lock_credential_of
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.reinstating import TOO_SOON
from laurel.credentials.rules.verdicts import CredentialSource, CredentialState, RevocationReason
from laurel.credentials.services.holds import put_on_hold, release
from laurel.credentials.services.issuing import issue, revoke
from laurel.credentials.services.other_ways import add_renewal, lock_renewable, tell_of_renewal
from laurel.credentials.services.reinstating import reinstate, why_not
from laurel.credentials.services.renewing import RenewalRefusedError

PAUSED = "The bank is deciding about the payment of its renewal. Until then it does not count."
RESUMED = "The payment of its renewal stays with us."
ENDED = "The payment of its renewal went back."


def open_fee(session: Session, *, holder_id: UUID, credential_id: UUID, now: datetime) -> UUID:
    """Let the holder buy the renewal of their certificate; the permit by which the shop sells it. Raises RenewalRefusedError, or
    NotFoundError for somebody else's."""
    lock_user(session, holder_id)
    lock_credential_of(session, holder_id, credential_id)
    way = renewing.get_way(session, get_credential(session, credential_id), now=now)
    closes_at = way.renewal.closes_at
    if not way.renewal.standing.is_open or not way.renewal.paths.fee or not way.renewal.lengthens or closes_at is None:
        raise RenewalRefusedError
    permit = open_permit(session, user_id=holder_id, course_id=way.course_id, about_id=credential_id, closes_at=closes_at, now=now)
    return permit.id


def follow_fee(session: Session, order_line_id: UUID, *, issuer: Issuer, keys: KeyVault, env: str, now: datetime) -> None:
    """Bring what a fee renews to where its money stands: made, on hold, revoked. Told twice, it changes nothing.

    A fee that came when there was nothing to renew any more goes back by itself.
    """
    fee, permit = lock_fee(session, order_line_id)
    lock_user(session, fee.user_id)  # then the person, before any certificate, as a change of name does
    made = renewing.find_of_fee(session, order_line_id)
    if fee.status is EntitlementStatus.ACTIVE:
        if fee.used_at is None:
            if not _award(session, fee, permit.about_id, now=fee.paid_at or now):
                return_fee(session, fee, env=env, now=now)
        elif made is not None:  # else it was erased: nothing makes it again
            _resume(session, *made, issuer=issuer, keys=keys, now=now)
    elif made is not None and fee.status is EntitlementStatus.SUSPENDED:
        _pause(session, *made, now=now)
    elif made is not None:
        _end(session, *made, now=now)


def _award(session: Session, fee: RenewalFee, about_id: UUID | None, *, now: datetime) -> bool:
    """Write down the new certificate, as passing the exam would; False if there is nothing that can be renewed."""
    found = lock_renewable(session, about_id, now=now)
    if found is None:
        return False
    old, version = found
    new = add_renewal(session, old, version, source=CredentialSource.FEE, now=now)
    session.add(FeeRenewal(credential_id=new.id, order_line_id=fee.order_line_id))
    use_fee(session, fee, used_at=now)
    tell_of_renewal(session, old, new, now=now)
    return True


def _resume(session: Session, made: FeeRenewal, credential: Credential, *, issuer: Issuer, keys: KeyVault, now: datetime) -> None:
    """The money is ours: what was on hold counts again, what waited is signed, what had ended with its fee is reinstated.

    Unless something stands against that by now, such as another renewal: then it stays as it is.
    """
    if credential.state is CredentialState.PENDING:
        issue(session, credential.id, issuer=issuer, keys=keys, now=now)
    elif credential.state is CredentialState.REVOKED:
        obstacle = why_not(session, credential.id, now=now)
        if made.ended_at == credential.revoked_at and obstacle == TOO_SOON:
            raise UnavailableError(TOO_SOON)  # the worker tries again
        if made.ended_at == credential.revoked_at and obstacle is None:
            made.ended_at = None
            reinstate(session, credential.id, reason=RESUMED, actor_id=None, issuer=issuer, keys=keys, now=now)
    elif made.held_at is not None:
        if made.held_at == credential.on_hold_at:  # else it is a later one, of staff
            release(session, credential.id, note=RESUMED, actor_id=None, now=now)
        made.held_at = None


def _pause(session: Session, made: FeeRenewal, credential: Credential, *, now: datetime) -> None:
    """A bank is deciding: it does not count until then. One that staff hold, they hold."""
    if credential.state is CredentialState.ISSUED and credential.on_hold_at is None:
        made.held_at = now
        put_on_hold(session, credential.id, note=PAUSED, actor_id=None, now=now)


def _end(session: Session, made: FeeRenewal, credential: Credential, *, now: datetime) -> None:
    """The money is gone, and the certificate with it, signed or not. One that others had revoked before, they have revoked."""
    if credential.state is not CredentialState.REVOKED:
        made.held_at, made.ended_at = None, now
        revoke(session, credential.id, reason=RevocationReason.REQUIREMENTS_WITHDRAWN, note=ENDED, actor_id=None, now=now)
