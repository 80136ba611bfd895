"""The real thing on real sockets: the sandbox in a process of its own, our site on a threaded server, a buyer's browser."""

import json
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import requests
from flask import Flask
from werkzeug.serving import make_server

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0
GOOD_CARD = "4242 4242 4242 4242"
DECLINED_CARD = "4000 0000 0000 0002"


def direct() -> requests.Session:
    """A client that asks no proxy: everything here is on this machine."""
    found = requests.Session()
    found.trust_env = False
    return found


class Sandbox:
    """`python -m stripesim` and its control API."""

    def __init__(self, folder: Path, public_url: str) -> None:
        self.folder = folder
        self.record = folder / "record"
        command = [sys.executable, "-m", "stripesim", "--port", "0", "--db", str(folder / "sim.db"), "--exit-with-stdin"]
        command += ["--secret-file", str(folder / "sandbox.json"), "--record", str(self.record)]
        command += ["--webhook-url", f"{public_url}/stripe/webhook", "--public-url", public_url]
        self.process = subprocess.Popen(
            command, env={"PYTHONPATH": str(ROOT / "platform")}, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.keys = self._wait_for_keys()
        self._http = direct()
        self._http.headers["Authorization"] = f"Bearer {self.keys['secret_key']}"

    def _wait_for_keys(self) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            if (self.folder / "sandbox.json").exists():
                found: dict[str, Any] = json.loads((self.folder / "sandbox.json").read_text())
                return found
            time.sleep(0.02)
        self.stop()
        raise AssertionError("The sandbox did not start.")

    def tell(self, path: str, **asked: Any) -> None:
        """Use the control API: `tell("delivery", mode="off")`."""
        answer = self._http.post(f"{self.keys['api_base']}/_sim/{path}", json=asked, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text

    def heal(self) -> None:
        self._http.delete(f"{self.keys['api_base']}/_sim/faults", timeout=PATIENCE)

    def sessions(self) -> list[dict[str, Any]]:
        """All checkout sessions in the sandbox, the latest first."""
        answer = self._http.get(f"{self.keys['api_base']}/v1/checkout/sessions", timeout=PATIENCE)
        found: list[dict[str, Any]] = answer.json()["data"]
        return found

    def asked(self, path: str) -> list[dict[str, Any]]:
        """The POST requests to a path, as the sandbox recorded them."""
        lines = [json.loads(line) for line in (self.record / "requests.jsonl").read_text().splitlines()]
        return [line for line in lines if line["method"] == "POST" and line["path"] == path]

    def stop(self) -> None:
        """End the process, at once: nobody needs what it holds any more. May be called twice."""
        self.process.kill()
        self.process.wait(PATIENCE)
        if self.process.stdin is not None:
            self.process.stdin.close()
        if hasattr(self, "_http"):
            self._http.close()


class Site:
    """Our application on a threaded server. The socket is there before the application, so that its address is known."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread: threading.Thread | None = None

    def serve(self, app: Flask) -> None:
        host, port = self.listener.getsockname()
        self.server = make_server(host, port, app, threaded=True, fd=self.listener.fileno())
        self.server.daemon_threads = False  # `stop` waits for the requests that are under way
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def stop(self) -> None:
        """Serve no more; may be called twice."""
        if self.thread is not None:
            self.server.shutdown()
            self.thread.join()
            self.server.server_close()
            self.thread = None
        self.listener.close()


class Browser:
    """A browser without scripts that does not follow redirects by itself."""

    def __init__(self, site: str) -> None:
        self.site = site
        self._http = direct()

    def set_cookie(self, name: str, value: str, **_ignored: Any) -> None:
        """What `sign_in` uses to sign a person in."""
        self._http.cookies.set(name, value)

    def get(self, address: str) -> requests.Response:
        return self._http.get(self._full(address), allow_redirects=False, timeout=PATIENCE)

    def post(self, address: str, **form: str) -> requests.Response:
        headers = {"Origin": self.site}
        return self._http.post(self._full(address), data=form, headers=headers, allow_redirects=False, timeout=PATIENCE)

    def press(self, page: requests.Response, action: str, **form: str) -> requests.Response:
        """Send the form of `page` that goes to `action`, with its fields as they stand; nothing is ticked."""
        inside = page.text.split(f'action="{action}"')[1].split("</form>")[0]
        fields = [field for field in re.findall(r"<input[^>]*>", inside) if not re.search(r'type="(checkbox|radio)"', field)]
        filled = {_attribute(field, "name"): _attribute(field, "value") for field in fields}
        return self.post(action, **{**filled, **form})

    def pay(self, address: str, card: str = GOOD_CARD) -> requests.Response:
        """Fill in the sandbox's payment page and press Pay."""
        return self.post(
            address,
            email="ada@example.com",
            number=card,
            expiry="12 / 34",
            cvc="123",
            name="Ada Lovelace",
            country="US",
            action="pay",
        )

    def close(self) -> None:
        self._http.close()

    def _full(self, address: str) -> str:
        return address if address.startswith("http") else self.site + address


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf' {name}="([^"]*)"', tag)
    return found.group(1) if found else ""
