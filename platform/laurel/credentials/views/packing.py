"""A ZIP file that is sent while it is packed."""

import io
import zipfile
from datetime import datetime

BEGINNING = (1980, 1, 1, 0, 0, 0)
"""The first moment that a ZIP can say, for files of which no other matters."""


class Outlet(io.RawIOBase):
    """What the ZIP writes, until it is sent."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self._waiting += memoryview(data)  # type: ignore[arg-type]
        return len(memoryview(data))  # type: ignore[arg-type]

    def take(self) -> bytes:
        """What was written since it was asked last."""
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


def write_file(archive: zipfile.ZipFile, name: str, content: bytes, *, at: datetime | None = None, compress: bool = True) -> None:
    """One file into the archive, readable by everybody who unpacks it."""
    entry = zipfile.ZipInfo(name, date_time=at.timetuple()[:6] if at else BEGINNING)
    entry.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)
