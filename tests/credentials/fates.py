"""What becomes of a signed certificate so that it is not valid, each with the word that is said of it then."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.credentials.models import Credential, IssuerKey
from laurel.credentials.rules.keys import KeyState
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.holds import put_on_hold
from laurel.credentials.services.issuing import revoke
from tests.factories.accounts import make_user


def _revoke(session: Session, credential: Credential) -> None:
    revoke(session, credential.id, reason=RevocationReason.HOLDER_REQUEST, note="Why.", actor_id=None, now=clock.now())


def _hold(session: Session, credential: Credential) -> None:
    put_on_hold(session, credential.id, note="Why.", actor_id=make_user(session, roles=["admin"]).id, now=clock.now())


def _withdraw_key(session: Session, _credential: Credential) -> None:
    session.scalars(select(IssuerKey)).one().state = KeyState.COMPROMISED


def _nothing(_session: Session, _credential: Credential) -> None:
    """Time passes, or has not passed yet."""


@dataclass(frozen=True)
class Fate:
    """`happens`, and is looked at so much `later`."""

    word: str
    happens: Callable[[Session, Credential], None] = _nothing
    later: timedelta = timedelta()

    @contextmanager
    def of(self, session: Session, credential: Credential) -> Iterator[None]:
        self.happens(session, credential)
        session.commit()
        with time_machine.travel(clock.now() + self.later):
            yield


FATES = (
    Fate("Revoked", _revoke),
    Fate("On hold", _hold),
    Fate("Temporarily unknown", _withdraw_key),
    Fate("Expired", later=timedelta(days=370)),
    Fate("Not yet valid", later=timedelta(days=-1)),
)
VALID = Fate("Valid")
