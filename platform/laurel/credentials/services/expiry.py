"""Holders hear that a certificate ends: 90, 30 and 7 days before, and on the day; each once."""

import logging
from datetime import datetime

from sqlalchemy.orm import Session

from laurel.core.errors import InvalidInputError
from laurel.core.mail import queue_mail
from laurel.credentials.models import ExpiryNotice
from laurel.credentials.queries import holding
from laurel.credentials.queries.holding import Ending
from laurel.credentials.queries.renewing import map_renewals_of
from laurel.credentials.rules import linkedin
from laurel.credentials.rules.expiry import STAGES, ends_between, is_news
from laurel.credentials.rules.renewing import Renewal

log = logging.getLogger("laurel.credentials")


def tell_of_expiry(session: Session, *, now: datetime, limit: int = 200) -> int:
    """Write the mails that are due, at most so many of each stage; returns how many certificates were looked at.

    A stage that was missed because nobody ran this is not made up for: the holder hears of the present one.
    """
    seen = 0
    for days in STAGES:
        after, until = ends_between(days, now)
        endings = holding.list_ending(session, days, after=after, until=until, limit=limit)
        renewals = map_renewals_of(session, {ending.credential.id: ending.ends_at for ending in endings}, now=now)
        for ending in endings:
            seen += 1
            is_told = is_news(days, signed_at=ending.credential.issued_at or now, ends_at=ending.ends_at)
            is_told = is_told and _write(session, days, ending, renewals[ending.credential.id], now=now)
            told_at = now if is_told else None
            session.add(ExpiryNotice(credential_id=ending.credential.id, ends_at=ending.ends_at, days=days, told_at=told_at))
    session.flush()
    return seen


def _write(session: Session, days: int, ending: Ending, renewal: Renewal, *, now: datetime) -> bool:
    """False if the holder's address is none: that keeps the mails of the others from nobody."""
    try:
        _queue(session, days, ending, renewal, now=now)
    except InvalidInputError:
        log.exception("The holder of credential %s has no address that mail could go to", ending.credential.id)
        return False
    return True


def _queue(session: Session, days: int, ending: Ending, renewal: Renewal, *, now: datetime) -> None:
    credential = ending.credential
    queue_mail(
        session,
        "credential_ends",
        key=f"credential-ends:{credential.id}:{ending.ends_at:%Y%m%d%H%M%S}:{days}",
        recipient=ending.holder.email,
        now=now,
        holder_name=credential.holder_name if credential.former_name_since is None else ending.holder.name_on_certificates,
        achievement_name=ending.achievement.name,
        credential_id=credential.id,
        number=credential.number,
        ends_at=ending.ends_at,
        days=days,
        renewal=renewal,
        linkedin_url=linkedin.ENTRIES,
    )
