"""What is read on paper."""

import pypdfium2


def words_of(pdf: bytes) -> str:
    """The words on the first page of a PDF, with one space where a line ends."""
    document = pypdfium2.PdfDocument(pdf)
    return " ".join(document[0].get_textpage().get_text_bounded().split())
