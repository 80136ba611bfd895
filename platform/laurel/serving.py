"""Running it: the web server, and the demo with everything it needs."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import structlog
from flask import Flask
from gunicorn.app.base import BaseApplication

from laurel.app import create_app
from laurel.core.db import Database, check_durability
from laurel.ports import make_ports
from laurel.settings import Settings, SettingsError, Stage, read_settings
from laurel.worker import ring_the_bell

THREADS = 4


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
    """The application of a web process. Refuses a database that would forget what it acknowledged."""
    settings = read_settings()
    database = Database(settings.database_url)
    problems = check_durability(database.engine)
    if problems and settings.stage is Stage.PRODUCTION:
        raise SettingsError("The database is not set up to keep what it acknowledges: " + "; ".join(problems))
    ring_the_bell(settings)
    return create_app(settings, database, make_ports(settings))


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


class Children:
    """Processes that live and die with this one: each ends when its standard input closes."""

    def __init__(self, log_folder: Path) -> None:
        self.log_folder = log_folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, arguments: list[str], environment: dict[str, str]) -> None:
        self.log_folder.mkdir(parents=True, exist_ok=True)
        with (self.log_folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(  # noqa: S603 (our own commands)
                arguments, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
            )

    def find_ended(self) -> str | None:
        return next((name for name, process in self.running.items() if process.poll() is not None), None)

    def stop(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(address: str, children: Children, *, seconds: float = 20) -> None:
    """Return when `address` answers; raise SettingsError if a child ends or the time is over before that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ended = children.find_ended()
        if ended is not None:
            raise SettingsError(f"{ended} did not start. See {children.log_folder / ended}.log")
        try:
            with urlopen(address, timeout=1) as answer:  # noqa: S310 (our own address)
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    raise SettingsError(f"{address} did not answer within {seconds:.0f} seconds.")


__all__ = ["Children", "Settings", "make_app", "serve", "set_up_logging", "stop_when_stdin_closes", "wait_for"]
