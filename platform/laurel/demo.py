"""The demo: everything on this machine, nothing real, and nothing left behind."""

import json
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

from sqlalchemy import text

from laurel.children import PATIENCE, Children, wait_for
from laurel.core.db import Database
from laurel.core.digests import digest_of
from laurel.migrating import migrate_database
from laurel.seed_files import FOLDER, read_people
from laurel.settings import Settings, SettingsError, read_settings

PASSWORD = "walk through the laurels"  # noqa: S105 (the demo prints it)
TEST_CARD = "4242 4242 4242 4242"


def run(port: int) -> None:
    """Run the demo until Ctrl-C; raises SettingsError if a part of it does not start or ends unexpectedly."""
    require_free(port)
    os.environ.setdefault("ISSUER_OFFICIAL", "Dr. Helen Marsh, Head of Certification")
    os.environ.update({"LAUREL_STAGE": "demo", "PUBLIC_URL": f"http://127.0.0.1:{port}"})
    settings = read_settings()
    children = Children(settings.instance / "logs")
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: stopped.set())
    try:
        _start(settings, children, port)
        print(banner(settings), flush=True)
        while not stopped.wait(0.5):
            ended = children.find_ended()
            if ended is not None:
                raise SettingsError(f"{ended} ended unexpectedly. See {children.log_folder / ended}.log")
    finally:
        children.stop()
    print("\nStopped. What you did is kept for the next start.")


def require_free(port: int) -> None:
    """Before anything is set up: raises SettingsError, with what to do, where the site could not be served on `port`."""
    if not 1 <= port <= 65535:
        raise SettingsError(f"{port} is no port: ports go from 1 to 65535. Try: make demo PORT=8123")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that was in use a moment ago is free
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            other = port + 1 if port < 65535 else 8123
            raise SettingsError(f"Port {port} cannot be used ({error.strerror}). Try: make demo PORT={other}") from None


def _start(settings: Settings, children: Children, port: int) -> None:
    """Start the sandbox, prepare the database meanwhile, then start the worker and the site."""
    keys = settings.instance / "sandbox.json"
    sandbox = ["stripesim", "--port", "0", "--db", str(settings.instance / "stripesim.db"), "--secret-file", str(keys)]
    sandbox += ["--webhook-url", f"{settings.public_url}/stripe/webhook", "--public-url", settings.public_url, "--exit-with-stdin"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    children.start("sandbox", [sys.executable, "-m", *sandbox], environment)
    migrate_database(settings.database_url)
    _seed_once(settings)
    environment |= _sandbox_settings(keys, children)
    children.start("worker", [sys.executable, "-m", "laurel", "worker", "--exit-with-stdin"], environment)
    web = ["serve", "--port", str(port), "--workers", "1", "--exit-with-stdin"]
    children.start("web", [sys.executable, "-m", "laurel", *web], environment)
    wait_for(f"{settings.public_url}/healthz", children)


def _seed_once(settings: Settings) -> None:
    """Write the seed content, unless exactly this content is there already: that saves a second start its slowest part."""
    stamp, digest = settings.instance / "seeded", digest_of(FOLDER)
    database = Database(settings.database_url)
    if stamp.exists() and stamp.read_text() == digest and _has_courses(database):
        return
    from laurel.seed import seed_database

    seed_database(settings, database, password=PASSWORD)
    database.engine.dispose()
    stamp.write_text(digest)


def _has_courses(database: Database) -> bool:
    """Whether this database was seeded: the stamp may be older than it."""
    with database.engine.connect() as connection:
        return connection.execute(text("SELECT 1 FROM courses LIMIT 1")).first() is not None


def _sandbox_settings(keys: Path, children: Children) -> dict[str, str]:
    """Where the sandbox that we started listens, and its keys, once it has written them."""
    pid = children.running["sandbox"].pid
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and children.find_ended() is None:
        if keys.exists() and (found := json.loads(keys.read_text()))["pid"] == pid:
            return {
                "STRIPE_SECRET_KEY": found["secret_key"],
                "STRIPE_WEBHOOK_SECRETS": found["webhook_secret"],
                "STRIPE_API_BASE": found["api_base"],
            }
        time.sleep(0.02)
    raise SettingsError(f"The payment sandbox did not start. See {children.log_folder / 'sandbox.log'}")


def banner(settings: Settings) -> str:
    """What a newcomer needs to know, with the address first."""
    people = "\n".join(f"    {person['email']:<24} {person['role']}" for person in read_people())
    return f"""
  Laurel is running at  {settings.public_url}
  Begin with an article: {settings.public_url}/articles/alibaba-trillion-parameter-model

  Demo accounts (password: {PASSWORD})
{people}

  Pay with the test card {TEST_CARD}, any future date, any CVC. No real money.
  Play the payment provider, as staff: {settings.public_url}/sandbox
  Mails are written to {_short(settings.instance / "mails")}, logs to {_short(settings.instance / "logs")}.
  Ctrl-C stops everything; the data is kept."""


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
