"""What was said, written down line by line, to be held against Stripe's OpenAPI document."""

import json
import threading
from pathlib import Path
from typing import Any

from werkzeug import Request

from stripesim.api.gate import masked
from stripesim.store import Doc

RECORDINGS = ("requests.jsonl", "responses.jsonl", "webhooks.jsonl")


class Recorder:
    """Appends to requests.jsonl, responses.jsonl and webhooks.jsonl; without a folder, to nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._folder, self._lock = folder, threading.Lock()
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def request(self, request: Request) -> None:
        headers = {name: _discreet(name, value) for name, value in request.headers.items()}
        line = {
            "method": request.method,
            "path": request.path,
            "query": request.query_string.decode("utf-8", "replace"),
            "body": request.get_data(as_text=True),
            "headers": headers,
        }
        self._append("requests.jsonl", line)

    def response(self, request: Request, *, status: int, body: Any) -> None:
        line = {
            "method": request.method,
            "path": request.path,
            "status": status,
            "response": body,
        }
        self._append("responses.jsonl", line)

    def webhook(self, event: Doc) -> None:
        self._append("webhooks.jsonl", event)

    def _append(self, name: str, line: Doc) -> None:
        if self._folder is None:
            return
        with self._lock, (self._folder / name).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _discreet(name: str, value: str) -> str:
    if name != "Authorization":
        return value
    scheme, _, key = value.partition(" ")
    return f"{scheme} {masked(key)}"
