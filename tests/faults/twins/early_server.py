"""A web server that says "saved" first and writes a moment later: `python -m tests.faults.twins.early_server PORT`.

Everything else is as in ours: gunicorn, two processes, the same service, the same database.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from threading import Thread
from typing import Any
from uuid import UUID

from gunicorn.app.base import BaseApplication

from laurel.core.db import Database, database_now
from laurel.models import import_all
from laurel.quizzes import services
from laurel.quizzes.models import Attempt
from laurel.quizzes.rules.saving import SaveRequest, read_request

DELAY = 0.4
Waiting = SimpleQueue[tuple[UUID, SaveRequest]]


def write_behind(database: Database, waiting: Waiting) -> None:
    """Every now and then, store what was acknowledged."""
    while True:
        time.sleep(DELAY)
        while not waiting.empty():
            attempt_id, wanted = waiting.get()
            with database.session(writes=True) as session:
                learner_id = session.get_one(Attempt, attempt_id).learner_id
                moment = database_now(session)
                services.save_answers(
                    session, attempt_id=attempt_id, learner_id=learner_id, items=wanted.items, lease=wanted.lease, now=moment
                )
                session.commit()


def make_twin() -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    import_all()
    waiting: Waiting = SimpleQueue()
    Thread(target=write_behind, args=(Database(os.environ["DATABASE_URL"]), waiting), daemon=True).start()

    def twin(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        said: dict[str, Any] = {"boot": os.environ["LAUREL_BOOT_ID"]}
        if environ["REQUEST_METHOD"] == "PATCH":
            wanted = read_request(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            waiting.put((UUID(environ["PATH_INFO"].split("/")[2]), wanted))
            said = {"saved": [str(item.op_id) for item in wanted.items]}
        body = json.dumps(said).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return twin


class TwinServer(BaseApplication):  # type: ignore[misc]
    """gunicorn, set up as ours."""

    def load_config(self) -> None:
        options = {"bind": f"127.0.0.1:{sys.argv[1]}", "workers": 2, "worker_class": "gthread", "threads": 4}
        for name, value in {**options, "control_socket_disable": True, "loglevel": "warning"}.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return make_twin()


if __name__ == "__main__":
    TwinServer().run()
