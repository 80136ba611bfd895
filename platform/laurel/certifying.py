"""Looking after signing keys and credentials from the command line: `laurel keys …` and `laurel credentials …`."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.accounts.queries import find_user_by_email
from laurel.app import connect
from laurel.core.db import Database, database_now
from laurel.core.errors import NotFoundError
from laurel.credentials.gateway import KeyVault
from laurel.credentials.models import IssuerKey
from laurel.credentials.queries.chain import list_anchors
from laurel.credentials.queries.keys import list_keys
from laurel.credentials.rules.anchors import find_anchors
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.keys import STAGING, KeyPurpose, KeyState
from laurel.credentials.services import keys as services
from laurel.credentials.services.auditing import Audit
from laurel.credentials.services.chain_export import iterate_lines
from laurel.credentials.services.issuers import get_issuer, issuer_of, list_issuers
from laurel.credentials.services.trouble import find_reminders, find_trouble
from laurel.ports import make_ports
from laurel.settings import Settings
from laurel.worker import Chores

NO_ANCHOR = "There is no anchor in that text, so nothing was checked: each is one whole line, as `laurel credentials anchors` prints it."


@dataclass(frozen=True, slots=True)
class Act:
    """One change of the keys: its transaction, who signs here, and who decided it (None: not said)."""

    session: Session
    issuer: Issuer
    vault: KeyVault
    actor_id: UUID | None
    now: datetime


def stage_key(settings: Settings, *, purpose: KeyPurpose, reason: str, by: str | None, org: str) -> str:
    """The new key's name."""
    with _act(settings, by, org) as act:
        made = services.stage(act.session, act.issuer, act.vault, purpose=purpose, reason=reason, actor_id=act.actor_id, now=act.now)
        return made.fragment


def activate_key(settings: Settings, fragment: str, *, is_emergency: bool, reason: str, by: str | None, org: str) -> None:
    with _act(settings, by, org) as act:
        services.activate(
            act.session,
            act.issuer,
            act.vault,
            fragment,
            is_emergency=is_emergency,
            reason=reason,
            actor_id=act.actor_id,
            now=act.now,
        )


def retire_key(settings: Settings, fragment: str, *, is_lost: bool, reason: str, by: str | None, org: str) -> None:
    with _act(settings, by, org) as act:
        services.retire(act.session, act.issuer, fragment, reason=reason, actor_id=act.actor_id, now=act.now, is_lost=is_lost)


def compromise_key(settings: Settings, fragment: str, *, reason: str, by: str | None, org: str) -> KeyPurpose:
    """Returns what the key signed."""
    with _act(settings, by, org) as act:
        return services.compromise(act.session, act.issuer, fragment, reason=reason, actor_id=act.actor_id, now=act.now).purpose


def tell_keys(settings: Settings) -> str:
    """All keys of the house and of each organization as tables for a terminal, and what is wrong with them."""
    issuer = issuer_of(settings)
    with _chores(settings) as chores, chores.database.session(writes=False) as session:
        tables = [_table(session, one, chores.ports.keys) for one in list_issuers(session, issuer)]
        now = database_now(session)
        troubles = [*find_trouble(session, issuer, chores.ports.keys, now=now), *find_reminders(session, issuer, now=now)]
    return "\n".join(["\n\n".join(tables), *(f"! {trouble}" for trouble in troubles)])


def _table(session: Session, issuer: Issuer, vault: KeyVault) -> str:
    lost = {key.id for key in services.find_lost_keys(session, issuer, vault)}
    lines = (_line(key, is_lost=key.id in lost) for key in list_keys(session, issuer.did))
    return "\n".join([issuer.did, f"{'key':14} {'for':4} {'state':12} {'since':17} note", *lines])


def _line(key: IssuerKey, *, is_lost: bool) -> str:
    since = {
        KeyState.STAGED: key.staged_at,
        KeyState.ACTIVE: key.active_at,
        KeyState.RETIRED: key.retired_at,
        KeyState.EXPIRED: key.withdrawn_at,
        KeyState.COMPROMISED: key.withdrawn_at,
    }[key.state]
    ready = f"may be activated from {key.staged_at + STAGING:%Y-%m-%d %H:%M} on" if key.state is KeyState.STAGED else ""
    note = "; ".join(part for part in ("does not open" if is_lost else "", ready, key.reason) if part)
    return f"{key.fragment:14} {key.purpose:4} {key.state:12} {since or key.staged_at:%Y-%m-%d %H:%M}  {note}".rstrip()


def _find_actor(session: Session, email: str) -> UUID:
    person = find_user_by_email(session, email)
    if person is None:
        raise NotFoundError(f"Nobody has the address {email}.")
    return person.id


def audit_credentials(settings: Settings, *, tell: Callable[[str], None], lines: Iterable[str] | None = None) -> tuple[int, int]:
    """Check all credentials, telling each difference in a line; returns how many credentials there are, and how many differences.

    `lines`: text from elsewhere; every anchor in it is held against the chain of events. Raises NotFoundError if there is none in it.
    """
    anchors = list(find_anchors(lines or ()))
    if lines is not None and not anchors:
        raise NotFoundError(NO_ANCHOR)
    with _chores(settings) as chores:
        read = partial(chores.database.session, writes=False)
        audit = Audit(read=read, issuer=issuer_of(settings), now=chores.now(), anchors=anchors)
        count = 0
        for count, difference in enumerate(audit.differences(), start=1):  # noqa: B007 (how many there were is read afterwards)
            tell(f"differs: {difference.subject:24} {difference.detail}")
    return audit.credentials, count


def export_events(settings: Settings, *, after: int, write: Callable[[str], object]) -> int:
    """Write the chain of events from behind an entry on, a line for each; returns how many."""
    count = 0
    with _chores(settings) as chores:
        for count, line in enumerate(iterate_lines(partial(chores.database.session, writes=False), after=after), start=1):  # noqa: B007
            write(line)
    return count


def tell_anchors(settings: Settings, *, tell: Callable[[str], None]) -> None:
    """All anchors in order, a line for each."""
    after = 0
    with _chores(settings) as chores, chores.database.session(writes=False) as session:
        while page := list_anchors(session, after=after, limit=500):
            for anchor in page:
                tell(anchor.statement)
            after = page[-1].position


@contextmanager
def _act(settings: Settings, by: str | None, org: str) -> Iterator[Act]:
    with _chores(settings) as chores, chores.transaction() as session:
        actor_id = _find_actor(session, by) if by else None
        yield Act(session, get_issuer(session, issuer_of(settings), org), chores.ports.keys, actor_id, database_now(session))


@contextmanager
def _chores(settings: Settings) -> Iterator[Chores]:
    ports = make_ports(settings)
    connect(settings, ports)
    database = Database(settings.database_url, application="laurel-keys", statement_timeout_ms=60000)
    try:
        yield Chores(settings, database, ports)
    finally:
        database.engine.dispose()
