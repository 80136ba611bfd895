"""What keeps credentials from being signed or checked, or what was begun from its end, in words for staff, before anybody else notices."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy.orm import Session

from laurel.core.dates import day, moment
from laurel.core.mail import queue_mail
from laurel.credentials.gateway import KeyVault
from laurel.credentials.models import IssuerKey
from laurel.credentials.queries import count_pending
from laurel.credentials.queries.keys import (
    count_to_be_signed_again,
    find_first_of_lists,
    list_keys,
)
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.key_acts import successor_is_due
from laurel.credentials.rules.keys import STAGING, KeyPurpose, KeyState
from laurel.credentials.rules.status_list import RENEW_BEFORE
from laurel.credentials.services.anchoring import find_chain_trouble
from laurel.credentials.services.issuers import list_issuers
from laurel.credentials.services.keys import find_lost_keys
from laurel.credentials.services.stuck import find_stuck

GRACE = timedelta(hours=12)
"""How far behind its time the signing of a list may be before staff hear of it; the list itself lasts 60 hours more."""
UNPUBLISHED = timedelta(minutes=15)
"""For how long a revocation may wait for its list: changes are gathered to the next mark of five minutes."""
WHAT = {KeyPurpose.DATA_INTEGRITY: "certificates", KeyPurpose.JWT: "tokens"}


def find_trouble(session: Session, house: Issuer, keys: KeyVault, *, now: datetime) -> list[str]:
    """One sentence for each thing that a person must look after, of the house and of every organization; empty if all is well."""
    signing = [said for issuer in list_issuers(session, house) for said in _named(issuer, _trouble_of(session, issuer, keys, now))]
    return [*signing, *find_chain_trouble(session, now=now), *find_stuck(session, now=now)]


def find_reminders(session: Session, house: Issuer, *, now: datetime) -> list[str]:
    """One sentence for each key in use that is almost a year old: what its successor needs next."""
    return [said for issuer in list_issuers(session, house) for said in _named(issuer, _reminders_of(session, issuer, now))]


def _named(issuer: Issuer, sentences: list[str]) -> list[str]:
    """Sentences about an organization begin with its name."""
    return [f"{issuer.name}: {sentence}" if issuer.slug else sentence for sentence in sentences]


def _trouble_of(session: Session, issuer: Issuer, keys: KeyVault, now: datetime) -> list[str]:
    return [*_key_trouble(session, issuer, keys), *_renewal_trouble(session, issuer, now), *_list_trouble(session, issuer, now)]


def _reminders_of(session: Session, issuer: Issuer, now: datetime) -> list[str]:
    keys = list_keys(session, issuer.did)
    old = [key for key in keys if key.state is KeyState.ACTIVE and successor_is_due(active_at=key.active_at or key.staged_at, now=now)]
    return [_reminder(key, next((one for one in keys if _may_follow(one, key)), None)) for key in old]


def _may_follow(key: IssuerKey, active: IssuerKey) -> bool:
    return key.state is KeyState.STAGED and key.purpose is active.purpose


def _reminder(key: IssuerKey, successor: IssuerKey | None) -> str:
    age = f"The key {key.fragment} has signed {WHAT[key.purpose]} since {day(key.active_at or key.staged_at)}"
    if successor is None:
        return f"{age}, and no successor is staged. Keys are changed every year."
    return f"{age}. Its successor {successor.fragment} may be activated from {moment(successor.staged_at + STAGING)} on."


def tell_staff(session: Session, issuer: Issuer, troubles: Sequence[str], reminders: Sequence[str], *, now: datetime) -> None:
    """Mail the issuer's address what needs a person: what is new at once, then once a day. What only comes nearer, once a week."""
    if troubles or reminders:
        which = sha256("\n".join(re.sub(r"\d+", "", trouble) for trouble in troubles).encode()).hexdigest()[:16]
        key = f"signing-trouble:{now:%Y-%m-%d}:{which}" if troubles else f"signing-reminder:{now:%G-%V}"
        words = [*troubles, *reminders]
        queue_mail(session, "signing_trouble", key=key, recipient=issuer.email, now=now, troubles=words, is_urgent=bool(troubles))


def _key_trouble(session: Session, issuer: Issuer, keys: KeyVault) -> list[str]:
    lost = [
        f"The key {key.fragment} does not open: KEY_ENCRYPTION_KEY is missing or another one."
        for key in find_lost_keys(session, issuer, keys)
    ]
    states = [(key.purpose, key.state) for key in list_keys(session, issuer.did)]
    once = {purpose for purpose, _state in states}
    missing = [f"No key is active that signs {WHAT[one]}." for one in KeyPurpose if one in once and (one, KeyState.ACTIVE) not in states]
    troubles = [*lost, *missing]
    pending = count_pending(session, issuer.slug)
    if troubles and pending:
        troubles.append(f"{pending} {'certificate waits' if pending == 1 else 'certificates wait'} for being signed. Nothing is lost.")
    return troubles


def _renewal_trouble(session: Session, issuer: Issuer, now: datetime) -> list[str]:
    waiting = count_to_be_signed_again(session, issuer.did, now=now)
    if not waiting:
        return []
    return [f"{waiting} {'certificate' if waiting == 1 else 'certificates'} of a compromised key still to be signed again."]


def _list_trouble(session: Session, issuer: Issuer, now: datetime) -> list[str]:
    changed_at, end = find_first_of_lists(session, issuer.did)
    if changed_at is not None and now - changed_at >= UNPUBLISHED:
        return [f"A revocation of {moment(changed_at)} is not published: its status list could not be signed."]
    if end is None or end - now >= RENEW_BEFORE - GRACE:
        return []
    return [f"A status list was not signed again. From {moment(end)} on verifiers cannot say whether a certificate was revoked."]
