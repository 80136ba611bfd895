"""The file by which a shop finds its sandbox: where it listens, and the keys of this install."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Secrets:
    """The API key and the webhook signing secret; random, and the same for the life of an install."""

    secret_key: str
    webhook_secret: str


def load_or_make(path: Path) -> Secrets:
    if path.exists():
        kept = json.loads(path.read_text())
        return Secrets(kept["secret_key"], kept["webhook_secret"])
    return Secrets(
        secret_key=f"sk_test_sandbox_{secrets.token_hex(24)}",
        webhook_secret=f"whsec_{secrets.token_hex(24)}",
    )


def write(path: Path, kept: Secrets, *, port: int) -> None:
    """Replace the file at once, readable by its owner only."""
    content = {
        "port": port,
        "api_base": f"http://127.0.0.1:{port}",
        **asdict(kept),
        "pid": os.getpid(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
    draft.replace(path)
