"""Acts on keys by staff: alone, or asked for by one and agreed to by another (specs/trust.md, the two-person rule)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.approvals import services as approvals
from laurel.approvals.models import Approval
from laurel.approvals.queries import Request, get_request, list_waiting
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.core.mail import queue_mail
from laurel.credentials.gateway import KeyVault
from laurel.credentials.models import IssuerKey
from laurel.credentials.queries.keys import find_active_key, get_key, lock_keys
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.key_acts import TAKES_TWO, ActKind, KeyAct, Verb, kind_of
from laurel.credentials.services import history, keys
from laurel.credentials.services.issuers import get_issuer_of_key

ACTION = "signing key"
MAY = "keys:write"
"""What both people must be able to do, when they ask and when it is done."""


class ChangedKeyError(ConflictError):
    """The key is not what it was when the act was looked at."""

    message = "This key has changed in the meantime. Nothing was done; look at it as it is now."


def plan(session: Session, house: Issuer, key_id: UUID, verb: Verb, *, reason: str, now: datetime) -> KeyAct:
    """The act as it would be done now. Raises InvalidInputError without a reason, ConflictError or TooEarlyError if it cannot be."""
    if not reason.strip():
        raise InvalidInputError("Say why. It is kept in the history for good.", field="reason")
    key = get_key(session, get_issuer_of_key(session, house, key_id).did, key_id)
    has_active = find_active_key(session, key.did, key.purpose) is not None
    kind = kind_of(verb, key.state, staged_at=key.staged_at, has_active=has_active, now=now)
    return KeyAct(key_id=key.id, method=key.method, state=key.state, kind=kind, reason=reason.strip())


def propose(session: Session, house: Issuer, act: KeyAct, *, actor_id: UUID, now: datetime) -> Approval:
    """Ask for a second person. The house's address hears of it: who reads it there knows whom to ask."""
    facts = act.to_json()
    approval = approvals.ask(session, action=ACTION, about_id=act.key_id, facts=facts, asked_by_id=actor_id, capability=MAY, now=now)
    queue_mail(
        session,
        "key_request",
        key=f"key-request:{approval.id}",
        recipient=house.email,
        now=now,
        act=act.kind.value,
        method=act.method,
        reason=act.reason,
        approval_id=approval.id,
        ends_at=approval.ends_at,
    )
    return approval


def why_not(session: Session, asker: User, act: KeyAct) -> str:
    """Why nobody can agree to a request any more, in a sentence; empty if somebody can. It is looked at again when somebody does."""
    key = session.get_one(IssuerKey, act.key_id)
    if not asker.may(MAY):
        return f"{asker.name} may not ask for this any more: their role or their account has changed since."
    if key.state is not act.state:
        return (
            f"{key.fragment} has changed in the meantime: it was {act.state.value} when this was asked for, and is {key.state.value} now."
        )
    return ""


def list_open(session: Session, *, now: datetime) -> list[tuple[Request, KeyAct]]:
    """What waits for a second person and can still be done, the oldest first."""
    waiting = ((one, KeyAct.from_json(one.approval.facts)) for one in list_waiting(session, action=ACTION, now=now))
    return [(one, act) for one, act in waiting if not why_not(session, one.asker, act)]


def agree(session: Session, house: Issuer, vault: KeyVault, approval_id: UUID, *, seen: str, person_id: UUID, now: datetime) -> KeyAct:
    """Agree to a request as it was `seen`, and do it. Raises what agreeing or the act raises: then neither has happened."""
    get_request(session, approval_id, action=ACTION)
    approval = approvals.agree(session, approval_id, seen=seen, person_id=person_id, capability=MAY, now=now)
    act = KeyAct.from_json(approval.facts)
    lock_keys(session, get_issuer_of_key(session, house, act.key_id).did)  # before the chain: `services.history` says why
    reason = f"{act.method.rpartition('#')[2]}: {act.kind.value}"
    history.record(session, HistoryKind.KEY_ACT_AGREED, at=now, key_id=act.key_id, actor_id=person_id, reason=reason)
    _perform(session, house, vault, act, actor_id=approval.asked_by_id, now=now)
    return act


def do_alone(session: Session, house: Issuer, vault: KeyVault, act: KeyAct, *, actor_id: UUID, now: datetime) -> None:
    """Do it at once. That an act which takes two was done by one is written down."""
    _perform(session, house, vault, act, actor_id=actor_id, now=now)
    if act.kind in TAKES_TWO:
        approvals.waive(session, action=ACTION, about_id=act.key_id, facts=act.to_json(), person_id=actor_id, now=now)


def _perform(session: Session, house: Issuer, vault: KeyVault, act: KeyAct, *, actor_id: UUID, now: datetime) -> IssuerKey:
    issuer = get_issuer_of_key(session, house, act.key_id)
    lock_keys(session, issuer.did)
    key = get_key(session, issuer.did, act.key_id)
    if key.state is not act.state:
        raise ChangedKeyError
    if act.kind is ActKind.COMPROMISE:
        return keys.compromise(session, issuer, key.fragment, reason=act.reason, actor_id=actor_id, now=now)
    if act.kind in {ActKind.RETIRE, ActKind.GIVE_UP}:
        is_lost = act.kind is ActKind.GIVE_UP
        return keys.retire(session, issuer, key.fragment, reason=act.reason, actor_id=actor_id, now=now, is_lost=is_lost)
    is_emergency = act.kind is ActKind.ACTIVATE_NOW
    return keys.activate(session, issuer, vault, key.fragment, reason=act.reason, actor_id=actor_id, now=now, is_emergency=is_emergency)
