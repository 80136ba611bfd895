"""Why something was done to a certificate: free text for its holder and for staff, which nobody may leave out."""

from laurel.core.errors import InvalidInputError
from laurel.credentials.rules.text import sanitize_text


def check_note(text: str, *, field: str = "note") -> str:
    """The words; raises InvalidInputError if nothing is said."""
    words = sanitize_text(text)
    if not any(letter.isalnum() for letter in words):
        raise InvalidInputError("Say why. The holder and your colleagues read it.", field=field)
    return words
