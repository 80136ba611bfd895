"""Text that every verifier reads alike."""

import re
import unicodedata
from typing import Any

# C0 controls but tab, line feed and carriage return; DEL and C1; bidirectional overrides and isolates; surrogates; noncharacters.
# Where they occur, JSON-LD processors disagree about the bytes that are signed (specs/credentials.md §4, S1).
UNSIGNABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
    + "]"
)
LINE_END = re.compile("\r+\n")


def sanitize_text(text: str) -> str:
    """The text in NFC, lines ended by \\n, without characters that could not be signed and without white space around it.

    Text that is so already stays as it is.
    """
    kept = LINE_END.sub("\n", UNSIGNABLE.sub("", text))  # in this order: what stood between the two may be gone
    return unicodedata.normalize("NFC", kept).strip()


def sanitize_tree(value: Any) -> Any:
    """The same JSON value with every string in it sanitized; keys are ours and stay."""
    if isinstance(value, str):
        return sanitize_text(value)
    if isinstance(value, list):
        return [sanitize_tree(entry) for entry in value]
    if isinstance(value, dict):
        return {key: sanitize_tree(entry) for key, entry in value.items()}
    return value
