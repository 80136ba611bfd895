"""`python -m stripesim`: start the sandbox and serve until stopped."""

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from stripesim.sandbox import Settings
from stripesim.server import HOST, Server
from stripesim.store import StoreInUseError


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="stripesim: %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    settings = Settings(
        db=options.db,
        secret_file=options.secret_file,
        webhook_url=options.webhook_url,
        public_url=options.public_url.rstrip("/"),
        port=options.port,
        record=options.record,
    )
    try:
        server = Server(settings)
    except (StoreInUseError, OSError) as error:
        print(f"stripesim: {error}", file=sys.stderr)
        return 1
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: threading.Thread(target=server.stop).start())
    if options.exit_with_stdin:
        server.stop_with_stdin()
    print(f"stripesim: no real money at http://{HOST}:{server.port}", flush=True)
    server.run()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="stripesim", description="Stripe's HTTP API, offline.")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--db", type=Path, default=Path("instance/stripesim.db"))
    parser.add_argument("--secret-file", type=Path, default=Path("instance/sandbox.json"))
    parser.add_argument("--webhook-url", default="http://127.0.0.1:5000/stripe/webhook")
    parser.add_argument("--public-url", default="", help="where browsers find /sandbox/pay/…")
    parser.add_argument("--record", type=Path, help="write requests, answers and events here")
    parser.add_argument("--exit-with-stdin", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
