"""What cannot be printed is said at once, wherever the words of a certificate are chosen or shown, and not by the button at the end."""

from laurel.core.typefaces import can_be_set

WITHOUT_PDF = "There will be no PDF: our fonts lack a letter of this name. Page, badge and signed file have it."


def has_pdf(*words: str) -> bool:
    """Whether a certificate with these words can be printed; they say whose it is and what it certifies."""
    return all(can_be_set(some) for some in words)
