"""Steps in the life of keys, for tests."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.credentials.models import IssuerKey
from laurel.credentials.rules.keys import KeyPurpose
from laurel.credentials.services import keys
from tests.factories.credentials import ISSUER
from tests.fakes import PlainVault

LONG_AGO = timedelta(hours=25)


def stage(session: Session, *, purpose: KeyPurpose = KeyPurpose.DATA_INTEGRITY, at: datetime | None = None) -> IssuerKey:
    """A key that was published long enough to be used, unless `at` says otherwise."""
    at = at or clock.now() - LONG_AGO
    return keys.stage(session, ISSUER, PlainVault(), purpose=purpose, reason="test", actor_id=None, now=at)


def activate(session: Session, key: IssuerKey, *, is_emergency: bool = False) -> IssuerKey:
    return keys.activate(
        session, ISSUER, PlainVault(), key.fragment, reason="test", actor_id=None, now=clock.now(), is_emergency=is_emergency
    )


def rotate(session: Session) -> IssuerKey:
    """The next key, in use."""
    return activate(session, stage(session))


def compromise(session: Session, fragment: str) -> IssuerKey:
    return keys.compromise(session, ISSUER, fragment, reason="a laptop was stolen", actor_id=None, now=clock.now())
