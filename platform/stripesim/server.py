"""The process: a socket on loopback, the sandbox behind it, and a clean end."""

import socket
import sys
import threading
from dataclasses import replace

from werkzeug.serving import BaseWSGIServer, make_server

from stripesim import secret_file, upkeep
from stripesim.app import create_app
from stripesim.sandbox import Sandbox, Settings

HOST = "127.0.0.1"
SWEEP_EVERY = 1.0


class Server:
    """A sandbox that listens. Everything is ready once the constructor returns."""

    def __init__(self, settings: Settings) -> None:
        with socket.create_server((HOST, settings.port)) as listener:
            self.port: int = listener.getsockname()[1]
            public_url = settings.public_url or f"http://{HOST}:{self.port}"
            self.sandbox = Sandbox(replace(settings, public_url=public_url))
            # Werkzeug listens on a copy of the socket, whose port is known before the sandbox is.
            self._wsgi: BaseWSGIServer = make_server(HOST, self.port, create_app(self.sandbox), threaded=True, fd=listener.fileno())
        self._stopping = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep, name="sweeper", daemon=True)
        secret_file.write(settings.secret_file, self.sandbox.secrets, port=self.port)

    def run(self) -> None:
        """Serve until `stop` is called from another thread."""
        self.sandbox.courier.start()
        self._sweeper.start()
        try:
            self._wsgi.serve_forever(poll_interval=0.05)
        finally:
            self._stopping.set()
            self._sweeper.join()
            self._wsgi.server_close()
            self.sandbox.close()

    def stop(self) -> None:
        self._wsgi.shutdown()

    def stop_with_stdin(self) -> None:
        """Stop when whoever started us is gone: their end of the pipe closes with them."""
        threading.Thread(target=self._watch_stdin, name="stdin", daemon=True).start()

    def _watch_stdin(self) -> None:
        while sys.stdin.buffer.read(4096):
            pass
        self.stop()

    def _sweep(self) -> None:
        """Let time do its work, also on what nobody looks at."""
        while not self._stopping.wait(SWEEP_EVERY):
            with self.sandbox.work() as work:
                upkeep.catch_up(work)
