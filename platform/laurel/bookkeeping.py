"""Looking after payments from the command line: `laurel payments reconcile` and `laurel payments doctor`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from laurel.app import connect
from laurel.commerce.models import ReconcileRun
from laurel.commerce.services.doctor import Finding, examine, examine_books
from laurel.core.db import Database, database_now
from laurel.ports import make_ports
from laurel.settings import Settings
from laurel.worker import Chores


def reconcile_now(settings: Settings, *, is_deep: bool) -> ReconcileRun | None:
    """One comparison with Stripe; None if another one is running."""
    ports = make_ports(settings)
    connect(settings, ports)
    with _database(settings) as database:
        return Chores(settings, database, ports).reconcile(is_deep=is_deep, started_by="command line")


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    database = Database(settings.database_url, application="laurel-payments", statement_timeout_ms=60000)
    try:
        yield database
    finally:
        database.engine.dispose()


def tell_run(run: ReconcileRun) -> str:
    """The run as a table for a terminal."""
    differences = run.differences or []
    lines = [f"{name.replace('_', ' '):24} {count:>8}" for name, count in (run.counts or {}).items()]
    lines += [f"differs: {found['rule']:20} {found['ref']:24} {found['detail']}" for found in differences]
    if run.error:
        lines.append(f"not everything could be compared: {run.error}")
    return "\n".join([*lines, f"{len(differences)} {'difference' if len(differences) == 1 else 'differences'}"])


def examine_now(settings: Settings) -> list[Finding]:
    """How payments are set up, at Stripe and in our own database."""
    with _database(settings) as database, database.session(writes=False) as session:
        books = examine_books(session, now=database_now(session))
    return [*examine(settings, make_ports(settings).payments), *books]


def tell_findings(findings: Sequence[Finding]) -> str:
    """The findings line by line; what fails says what to do."""
    return "\n".join(f"{finding.verdict:4}  {finding.text}" for finding in findings)
