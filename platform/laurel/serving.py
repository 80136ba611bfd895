"""Running it: the web server, and the demo with everything it needs."""

import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import structlog
from flask import Flask
from gunicorn.app.base import BaseApplication

from laurel.app import create_app
from laurel.certifying_commands import check_issuer
from laurel.core.db import Database, check_durability
from laurel.core.starting import when_it_answers
from laurel.ports import make_ports
from laurel.pulse import Pulse
from laurel.quizzes.services import instance_name
from laurel.settings import Settings, SettingsError, Stage, read_settings
from laurel.timetable import ring_the_bell
from laurel.web.urgency import THREADS


def set_up_logging() -> None:
    """One JSON object a line on standard output; line breaks and escape codes in values cannot forge a line."""
    shared: list[Any] = [structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name, structlog.processors.TimeStamper(fmt="iso")]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)


def make_app() -> Flask:
    """The application of a web process, with its pulse.

    Refuses a database that would forget what it acknowledged, and packages that would sign otherwise.
    """
    check_issuer()
    settings = read_settings()
    database = Database(settings.database_url)
    when_it_answers(database, lambda: _get_ready(settings, database))
    app = create_app(settings, database, make_ports(settings))
    Pulse(Database(settings.database_url, application="laurel-pulse", pool_size=1), instance_name()).start()
    return app


def _get_ready(settings: Settings, database: Database) -> None:
    problems = check_durability(database.engine)
    if problems and settings.stage is Stage.PRODUCTION:
        raise SettingsError("The database is not set up to keep what it acknowledges: " + "; ".join(problems))
    ring_the_bell(settings)


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn, set up in code: threads, bounded waits, no control socket."""

    def __init__(self, bind: str, workers: int, options: dict[str, Any]) -> None:
        self.options = {
            "bind": bind,
            "workers": workers,
            "worker_class": "gthread",
            "threads": THREADS,
            "timeout": 30,
            "graceful_timeout": 30,
            "keepalive": 5,
            "forwarded_allow_ips": "127.0.0.1",
            "limit_request_fields": 60,
            "control_socket_disable": True,
            "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108 (gunicorn's heartbeat file)
            "loglevel": "warning",
            **options,
        }
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        set_up_logging()
        return make_app()


def serve(*, host: str, port: int, workers: int, exit_with_stdin: bool = False) -> None:
    """Serve until told to stop."""
    options: dict[str, Any] = {} if os.environ.get("LAUREL_STAGE") == "demo" else {"max_requests": 5000, "max_requests_jitter": 500}
    if exit_with_stdin:
        stop_when_stdin_closes()
    Server(f"{host}:{port}", workers, options).run()


def stop_when_stdin_closes() -> None:
    """End this process when the one that started it is gone, however it went."""

    def watch() -> None:
        while os.read(0, 1024):  # not sys.stdin: a forked worker would inherit its lock and hang at its end
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
