"""Receipts and credit notes as PDF, typeset with Typst."""

import json
import logging
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from laurel.commerce.rules.receipts import Sheet
from laurel.core.errors import ConflictError
from laurel.core.typesetting import UnsettableError, set_pdf

log = logging.getLogger("laurel.commerce")
TEMPLATE = Path(__file__).with_name("receipt.typ")


class UnprintableReceiptError(ConflictError):
    """The PDF could not be set: a name may be written in letters that none of our fonts has. Trying again does not help."""

    message = "This receipt has characters that the fonts of our PDF lack. Print its page instead: it says the same."


def render_receipt(sheet: Sheet, *, logo: str, dated: datetime) -> bytes:
    """An archival, accessible PDF; `logo` is a drawing as SVG. The same receipt is the same file. Raises UnprintableReceiptError."""
    try:
        return set_pdf(TEMPLATE.read_bytes(), inputs={"sheet": json.dumps(asdict(sheet)), "logo": logo}, dated=dated)
    except UnsettableError as error:
        log.warning("%s %s cannot be set: %s", sheet.title, sheet.number, error)
        raise UnprintableReceiptError from None
