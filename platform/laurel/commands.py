"""The command line: `laurel --help`."""

import click

from laurel.certifying_commands import check_issuer, credentials, keys, refusals
from laurel.core.db import Database
from laurel.migrating import migrate_database
from laurel.settings import SettingsError, read_settings


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Laurel: a certification learning platform."""


@main.command()
def migrate() -> None:
    """Bring the database to the schema that this version needs."""
    migrate_database(read_settings().database_url)


@main.command()
@click.option("--password", default=None, help="Password of the demo accounts; without it nobody can sign in to them.")
def seed(password: str | None) -> None:
    """Write the seed content; what is already there stays."""
    from laurel.seed import seed_database

    settings = read_settings()
    for left in seed_database(settings, Database(settings.database_url, statement_timeout_ms=60000), password=password):
        click.echo(left)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=2, show_default=True)
@click.option("--exit-with-stdin", is_flag=True, help="End when the process that started this one is gone.")
def serve(host: str, port: int, workers: int, exit_with_stdin: bool) -> None:
    """Serve the site with gunicorn."""
    from laurel import serving

    serving.serve(host=host, port=port, workers=workers, exit_with_stdin=exit_with_stdin)


@main.command()
@click.option("--exit-with-stdin", is_flag=True, help="End when the process that started this one is gone.")
def worker(exit_with_stdin: bool) -> None:
    """Run what happens afterwards: deliveries, mails, exams whose time is over."""
    with refusals():
        check_issuer()
    from laurel import serving
    from laurel.app import connect
    from laurel.ports import make_ports
    from laurel.timetable import run_worker
    from laurel.worker import Chores

    serving.set_up_logging()
    if exit_with_stdin:
        serving.stop_when_stdin_closes()
    settings = read_settings()
    ports = make_ports(settings)
    connect(settings, ports)
    database = Database(settings.database_url, application="laurel-worker", statement_timeout_ms=60000)
    run_worker(settings, Chores(settings, database, ports))


@main.group()
def payments() -> None:
    """Look after payments: compare the books with Stripe's, examine the set-up."""


@payments.command()
@click.option("--deep", is_flag=True, help="Also compare the last three days object by object, as happens every night.")
def reconcile(deep: bool) -> None:
    """Compare our books with Stripe's and repair what is behind. Exit code 1: something differs, or Stripe could not be asked."""
    from laurel.bookkeeping import reconcile_now, tell_run

    run = reconcile_now(read_settings(), is_deep=deep)
    if run is None:
        raise click.ClickException("Another comparison is running. Try again in a minute.")
    click.echo(tell_run(run))
    if run.differences or run.error:
        raise SystemExit(1)


@payments.command()
def doctor() -> None:
    """Examine how payments are set up and say what is wrong. Exit code 1: payments do not work, or not safely."""
    from laurel.bookkeeping import examine_now, tell_findings

    try:
        settings = read_settings()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    findings = examine_now(settings)
    click.echo(tell_findings(findings))
    if any(finding.is_failure for finding in findings):
        raise SystemExit(1)


main.add_command(keys)
main.add_command(credentials)


@main.command()
@click.option("--port", default=8000, show_default=True)
def demo(port: int) -> None:
    """Run everything on this machine: the site with its seed content, a payment sandbox, a worker."""
    from laurel.demo import run

    try:
        run(port)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
