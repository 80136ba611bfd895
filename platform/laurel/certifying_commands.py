"""`laurel keys …` and `laurel credentials …`: a part of the command line."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

import click

from laurel.core.errors import DomainError
from laurel.credentials.gateway import KeyVaultError
from laurel.credentials.rules.keys import KeyPurpose
from laurel.settings import SettingsError, read_settings

WAITING = "Until a key is active, certificates wait for being signed. Nothing is lost."


@click.group()
def keys() -> None:
    """Look after the keys that sign certificates (docs/keys.md)."""


@click.group()
def credentials() -> None:
    """Look after the certificates that were issued."""


def decided(command: Callable[..., None]) -> Callable[..., None]:
    """Options of every command that changes a key: the history keeps who wanted it, and why."""
    command = click.option("--org", metavar="SLUG", default="", help="An organization's key instead of the house's.")(command)
    command = click.option("--by", metavar="EMAIL", default=None, help="Who decided it, if they have an account.")(command)
    return click.option("--reason", required=True, help="Why; it is kept in the history.")(command)


@contextmanager
def refusals() -> Iterator[None]:
    """What must not be done is said in a sentence."""
    try:
        yield
    except (DomainError, KeyVaultError, SettingsError) as error:
        raise click.ClickException(str(error)) from None


def check_issuer() -> None:
    """Raise SettingsError where signing would not do what the standard says: then nothing is started. It takes some milliseconds."""
    from laurel.credentials.openbadges_gateway import UnfitIssuerError, check_fitness

    try:
        check_fitness()
    except UnfitIssuerError as error:
        raise SettingsError(f"{error} Install the packages that this version names (requirements/prod.txt).") from error


@keys.command(name="list")
def list_all() -> None:
    """Show all keys, and what is wrong with them."""
    from laurel.certifying import tell_keys

    with refusals():
        click.echo(tell_keys(read_settings()))


@keys.command()
@click.option("--purpose", type=click.Choice([purpose.value for purpose in KeyPurpose]), default=KeyPurpose.DATA_INTEGRITY.value)
@decided
def stage(purpose: str, reason: str, by: str | None, org: str) -> None:
    """Make a new key and publish it. It may be activated 24 hours later."""
    from laurel.certifying import stage_key

    with refusals():
        made = stage_key(read_settings(), purpose=KeyPurpose(purpose), reason=reason, by=by, org=org)
    click.echo(f"{made} is published. In 24 hours: laurel keys activate {made}")


@keys.command()
@click.argument("key")
@click.option("--emergency", is_flag=True, help="At once, without the 24 hours. Only where no key is active.")
@decided
def activate(key: str, emergency: bool, reason: str, by: str | None, org: str) -> None:
    """Sign with KEY from now on. The one in use so far is retired; what it signed stays valid."""
    from laurel.certifying import activate_key

    with refusals():
        activate_key(read_settings(), key, is_emergency=emergency, reason=reason, by=by, org=org)
    click.echo(f"{key} signs from now on.")


@keys.command()
@click.argument("key")
@click.option("--lost", is_flag=True, help="Also if it is in use, because its private half is lost.")
@decided
def retire(key: str, lost: bool, reason: str, by: str | None, org: str) -> None:
    """Use KEY no more. What it signed stays valid, so it stays published."""
    from laurel.certifying import retire_key

    with refusals():
        retire_key(read_settings(), key, is_lost=lost, reason=reason, by=by, org=org)
    click.echo(f"{key} is retired.{' ' + WAITING if lost else ''}")


@keys.command()
@click.argument("key")
@decided
@click.confirmation_option(prompt="Nothing that it signed counts any more. Certificates are signed again, tokens are not. Go on?")
def compromise(key: str, reason: str, by: str | None, org: str) -> None:
    """Somebody else may have KEY: withdraw it at once. The worker signs its certificates again, and mails the holders."""
    from laurel.certifying import compromise_key

    with refusals():
        purpose = compromise_key(read_settings(), key, reason=reason, by=by, org=org)
    if purpose is KeyPurpose.JWT:
        click.echo(
            f"{key} is withdrawn. Tokens that it signed do not count any more; a holder’s next download is signed with the active key."
        )
        click.echo(
            "If there is none: laurel keys stage --purpose jwt, then laurel keys activate --emergency. Until then there are no tokens."
        )
        return
    click.echo(f"{key} is withdrawn. The worker signs its certificates again with the active key.")
    click.echo(f"If there is none: laurel keys stage, then laurel keys activate --emergency. {WAITING}")


@credentials.command()
@click.option(
    "--anchors",
    type=click.File(errors="replace"),
    default=None,
    help="Also hold the history against anchors in this text, the worker’s log, say.",
)
def audit(anchors: IO[str] | None) -> None:
    """Check every certificate: its attempt, its bytes, its key, its status entry, its history. Exit code 1: something differs."""
    from laurel.certifying import audit_credentials

    with refusals():
        count, differences = audit_credentials(read_settings(), tell=click.echo, lines=anchors)
    click.echo(f"{count} {'certificate' if count == 1 else 'certificates'}")
    click.echo(f"{differences} {'difference' if differences == 1 else 'differences'}")
    if differences:
        raise SystemExit(1)


@credentials.command()
@click.option("--format", "form", type=click.Choice(["jsonl"]), default="jsonl", show_default=True, help="One JSON object a line.")
@click.option("--after", type=click.IntRange(min=0), default=0, help="Only the entries behind this one.")
@click.option(
    "--output", type=click.File("w", encoding="ascii", lazy=True), default="-", help="Into this file; otherwise they are printed."
)
def events(form: str, after: int, output: IO[str]) -> None:
    """Write down the chain of events: each line is what was hashed, and names the hash of the line before (docs/history.md)."""
    from laurel.certifying import export_events

    with refusals():
        count = export_events(read_settings(), after=after, write=output.write)
    click.echo(f"{count} {'entry' if count == 1 else 'entries'}", err=True)


@credentials.command()
def anchors() -> None:
    """Print the signed lines that say how far the chain of events went. Keep them where the database does not reach."""
    from laurel.certifying import tell_anchors

    with refusals():
        tell_anchors(read_settings(), tell=click.echo)
