"""Telling whether anything in a folder changed."""

import hashlib
from pathlib import Path


def digest_of(folder: Path) -> str:
    """A short digest over the names and contents of all files in `folder`."""
    total = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(str(file.relative_to(folder)).encode())
        total.update(file.read_bytes())
    return total.hexdigest()[:12]
