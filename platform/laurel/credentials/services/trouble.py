"""What keeps credentials from being signed or checked, in words for staff, before anybody else notices."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy.orm import Session

from laurel.core.mail import queue_mail
from laurel.credentials.gateway import KeyVault
from laurel.credentials.queries import count_pending
from laurel.credentials.queries.keys import (
    count_to_be_signed_again,
    find_active_key,
    find_first_change_of_lists,
    find_first_end_of_lists,
    has_key,
)
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.keys import KeyPurpose
from laurel.credentials.rules.status_list import RENEW_BEFORE
from laurel.credentials.services.keys import find_lost_keys

GRACE = timedelta(hours=12)
"""How far behind its time the signing of a list may be before staff hear of it; the list itself lasts 60 hours more."""
WHAT = {KeyPurpose.DATA_INTEGRITY: "certificates", KeyPurpose.JWT: "tokens"}


def find_trouble(session: Session, issuer: Issuer, keys: KeyVault, *, now: datetime) -> list[str]:
    """One sentence for each thing that a person must look after; empty if all is well."""
    return [*_key_trouble(session, issuer, keys), *_renewal_trouble(session, issuer, now), *_list_trouble(session, issuer, now)]


UNPUBLISHED = timedelta(minutes=15)
"""For how long a revocation may wait for its list: lists are signed every minute, and changes gathered for five."""


def tell_staff(session: Session, issuer: Issuer, troubles: Sequence[str], *, now: datetime) -> None:
    """Mail the troubles to the issuer's address, once a day while they last; one that is new, at once."""
    which = sha256("\n".join(re.sub(r"\d+", "", trouble) for trouble in troubles).encode()).hexdigest()[:16]
    key = f"signing-trouble:{now:%Y-%m-%d}:{which}"
    queue_mail(session, "signing_trouble", key=key, recipient=issuer.email, now=now, troubles=troubles)


def _key_trouble(session: Session, issuer: Issuer, keys: KeyVault) -> list[str]:
    lost = [
        f"The key {key.fragment} does not open: KEY_ENCRYPTION_KEY is missing or another one."
        for key in find_lost_keys(session, issuer, keys)
    ]
    missing = [
        f"No key is active that signs {WHAT[purpose]}."
        for purpose in KeyPurpose
        if has_key(session, issuer.did, purpose) and find_active_key(session, issuer.did, purpose) is None
    ]
    troubles = [*lost, *missing]
    pending = count_pending(session)
    if troubles and pending:
        troubles.append(f"{pending} {'certificate waits' if pending == 1 else 'certificates wait'} for being signed. Nothing is lost.")
    return troubles


def _renewal_trouble(session: Session, issuer: Issuer, now: datetime) -> list[str]:
    waiting = count_to_be_signed_again(session, issuer.did, now=now)
    if not waiting:
        return []
    return [f"{waiting} {'certificate' if waiting == 1 else 'certificates'} of a compromised key still to be signed again."]


def _list_trouble(session: Session, issuer: Issuer, now: datetime) -> list[str]:
    changed_at = find_first_change_of_lists(session, issuer.did)
    if changed_at is not None and now - changed_at >= UNPUBLISHED:
        return [f"A revocation of {changed_at:%Y-%m-%d %H:%M} UTC is not published: its status list could not be signed."]
    end = find_first_end_of_lists(session, issuer.did)
    if end is None or end - now >= RENEW_BEFORE - GRACE:
        return []
    return [f"A status list was not signed again. From {end:%Y-%m-%d %H:%M} UTC on verifiers cannot say whether a certificate was revoked."]
