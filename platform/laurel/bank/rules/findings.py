"""What speaks against putting a question to learners."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error keeps a question from becoming ready; a warning only says so."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found, in words for the author. `place` is the form field it belongs to, or ""."""

    severity: Severity
    message: str
    place: str = ""


def error(message: str, place: str = "") -> Finding:
    return Finding(Severity.ERROR, message, place)


def warning(message: str, place: str = "") -> Finding:
    return Finding(Severity.WARNING, message, place)
