"""Reading the lines of an Excel workbook with `openpyxl`, held to small limits: the file comes from elsewhere.

Of the first sheet that is shown the values are read, and nothing is computed: a formula is a fault of its cell.
"""

import io
import logging
import warnings
import zipfile
from collections.abc import Iterator
from datetime import datetime, time
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from laurel.core.errors import InvalidInputError
from laurel.credentials.rules.bulk import MAX_ROWS
from laurel.credentials.rules.bulk_table import FaultyCell, Line

MAX_UNPACKED = 20 * 1024 * 1024
"""Ten thousand rows of four columns unpack to about 3 MB."""
MAX_PARTS = 500
MAX_COLUMNS = 200
LAST_LINE = 2 * MAX_ROWS
"""Lines that are empty are passed over, but not for ever."""
UNREADABLE = "This is no Excel workbook that can be read. Save it as .xlsx again, or as CSV."
DECLARES = tuple(words.encode(code) for words in ("<!DOCTYPE", "<!ENTITY") for code in ("ascii", "utf-16-le", "utf-16-be"))

log = logging.getLogger("laurel.credentials")


def is_workbook(data: bytes) -> bool:
    """Whether this is meant to be an Excel workbook: a ZIP, or what Excel wrote before 2007 and writes for a password."""
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0"))


def list_lines(data: bytes) -> list[Line]:
    """(number, cells) of each line that holds something, the headers first. Raises InvalidInputError, with its field, for a file that
    cannot be read."""
    if data.startswith(b"\xd0\xcf"):
        raise _refused("This workbook has a password, or is of the old kind. Save it as .xlsx without a password, or as CSV.")
    try:
        _check_archive(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and dates that are none: what cannot be read is said by its cell
            return list(_read(data))
    except InvalidInputError:
        raise
    except Exception as error:  # whatever a broken file makes of a parser
        log.info("A workbook could not be read: %s", type(error).__name__)
        raise _refused(UNREADABLE) from None


def _refused(words: str) -> InvalidInputError:
    return InvalidInputError(words, field="file")


def _check_archive(data: bytes) -> None:
    """Refuse what unpacks to more than any list of people, and XML that declares anything: no workbook does."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise _refused("This workbook unpacks to far more than a list of people. Copy the rows into a new one.")
        for part in parts:
            content = archive.read(part)  # never more than `file_size`
            if any(words in content for words in DECLARES):
                raise _refused(UNREADABLE)


def _read(data: bytes) -> Iterator[Line]:
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    try:
        sheet = next((found for found in book.worksheets if found.sheet_state == "visible"), None)
        if sheet is None:
            raise _refused("This workbook has no sheet that is shown.")
        sheet.reset_dimensions()  # what the file says about its size is not believed
        for n, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS + 1), start=1):
            if n > LAST_LINE:
                raise _refused(
                    f"This sheet goes on below line {LAST_LINE:,}. Delete the lines below the list, and send at most {MAX_ROWS:,}."
                )
            cells = [_text(cell, n, place) for place, cell in enumerate(row, start=1)]
            width = max((place for place, cell in enumerate(cells, start=1) if cell), default=0)
            if width > MAX_COLUMNS:
                raise _refused(f"Line {n} has more than {MAX_COLUMNS} columns.")
            if width:
                yield n, cells[:width]
    finally:
        book.close()


def _text(cell: Any, n: int, place: int) -> str:
    """The cell as it would stand in a CSV file, or what is wrong with it."""
    if cell.value is None:
        return ""
    trouble = {"f": "is a formula. Put its value there.", "e": "has an error in Excel."}.get(cell.data_type)
    return FaultyCell("?", why=f"Cell {get_column_letter(place)}{n} {trouble}") if trouble else _written(cell.value)


def _written(value: object) -> str:
    """A day as `2026-11-20`, a whole number without a point."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}" if value.time() == time() else str(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
