"""Acts on many credentials at once: their states, and the file that says what to issue."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from laurel.core.errors import InvalidInputError
from laurel.credentials.rules.correcting import check_new_name
from laurel.credentials.rules.text import UNSIGNABLE

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 10_000
MAX_CELL = 1000
BATCH = 5
"""Rows in one transaction. The end of the chain of events is held for as long: few enough that nobody's save or issue waits long."""
COLUMNS = ("email", "name", "course", "awarded")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
EARLIEST = date(1990, 1, 1)
DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})\Z", re.ASCII)


class BulkKind(StrEnum):
    ISSUE = "issue"
    REVOKE = "revoke"


class BulkState(StrEnum):
    """DRAFT: a dry run that nobody confirmed. STOPPED: nothing more is done; what was done stays."""

    DRAFT = "checked"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


class RowState(StrEnum):
    """WRONG: never tried. SKIPPED: left out on purpose. FAILED: tried, and refused."""

    WRONG = "wrong"
    SKIPPED = "skipped"
    READY = "ready"
    DONE = "done"
    FAILED = "failed"


class Duplicates(StrEnum):
    """What happens with rows whose person holds the certificate already."""

    SKIP = "skip"
    REFUSE = "refuse"


NEXT: dict[BulkState, frozenset[BulkState]] = {
    BulkState.DRAFT: frozenset({BulkState.RUNNING, BulkState.STOPPED}),
    BulkState.RUNNING: frozenset({BulkState.DONE, BulkState.STOPPED}),
    BulkState.DONE: frozenset(),
    BulkState.STOPPED: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """One line of the file. `error` says what is wrong with it by itself; the rest is as far as it could be read."""

    n: int
    email: str
    name: str
    course: str
    awarded_at: datetime | None
    error: str


def read_table(data: bytes, headers: Mapping[str, str]) -> list[ImportRow]:
    """The rows of a CSV file whose first line names its columns: `headers` says what each of COLUMNS is called there.

    Commas, semicolons or tabs. Raises InvalidInputError, with the field of the form, for a file that cannot be read at all.
    """
    lines = _lines(_decode(data))
    found = next(lines, None)
    if found is None:
        raise InvalidInputError("This file is empty. Its first line names the columns.", field="file")
    places = _places([cell.strip() for cell in found[1]], headers)
    width = len(found[1])
    rows = [_read_row(n, cells, places, width) for n, cells in lines if any(cell.strip() for cell in cells)]
    if not rows:
        raise InvalidInputError("This file has a line of headers and no rows below it.", field="file")
    if len(rows) > MAX_ROWS:
        raise InvalidInputError(f"This file has {len(rows):,} rows. Send at most {MAX_ROWS:,} at once.", field="file")
    return _refuse_twins(rows)


def harmless(cell: str) -> str:
    """The cell for a CSV that people open in a spreadsheet: what it would take for a formula begins with an apostrophe."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _decode(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise InvalidInputError("This file is larger than 5 MB.", field="file")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidInputError("This file is in UTF-16. Save it as CSV in UTF-8.", field="file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidInputError(f"Line {line} is not in UTF-8. Save the file as CSV in UTF-8.", field="file") from None


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """(number of its first line, cells) of each record."""
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for cells in reader:
            yield begins, cells
            begins = reader.line_num + 1
    except csv.Error:
        words = f"From line {begins} on this is no CSV: a quotation mark is missing or too many, or a field has no end."
        raise InvalidInputError(words, field="file") from None


def _places(found: Sequence[str], headers: Mapping[str, str]) -> dict[str, int]:
    """Where each of COLUMNS stands."""
    lowered = [cell.casefold() for cell in found]
    places = {}
    for column in COLUMNS:
        wanted = headers[column].strip().casefold()
        if lowered.count(wanted) != 1:
            how = "twice" if wanted in lowered else "not"
            listed = ", ".join(UNSIGNABLE.sub("", cell)[:40] for cell in found[:20])
            raise InvalidInputError(f"“{headers[column]}” is {how} among the headers of the file: {listed}.", field=column)
        places[column] = lowered.index(wanted)
    return places


def _read_row(n: int, cells: Sequence[str], places: Mapping[str, int], width: int) -> ImportRow:
    if len(cells) != width:
        return ImportRow(n=n, email="", name="", course="", awarded_at=None, error=f"It has {len(cells)} fields; the headers are {width}.")
    raw = {column: cells[place].strip() for column, place in places.items()}
    shown = {column: UNSIGNABLE.sub("�", text)[:120] for column, text in raw.items()}
    error, awarded_at = _check_cells(raw), None
    try:
        awarded_at = _read_day(raw["awarded"])
        check_new_name(raw["name"])
    except InvalidInputError as refused:
        error = error or refused.message
    return ImportRow(n=n, email=shown["email"], name=shown["name"], course=shown["course"], awarded_at=awarded_at, error=error)


def _check_cells(raw: Mapping[str, str]) -> str:
    for column, text in raw.items():
        if not text:
            return f"The field “{column}” is empty."
        if len(text) > MAX_CELL:
            return f"The field “{column}” has {len(text):,} characters."
        if UNSIGNABLE.search(text) or any(mark in text for mark in "\r\n\t"):
            return f"The field “{column}” has a character that cannot be signed, such as NUL, a line break or a mark of direction."
        if text.startswith(FORMULA):
            return f"The field “{column}” begins with {text[0]}, as a formula does."
    return ""


def _read_day(text: str) -> datetime:
    """The day at midnight in UTC."""
    found = DAY.match(text)
    try:
        day = date(*map(int, found.groups())) if found else None
    except ValueError:
        day = None
    if day is None or day < EARLIEST:
        raise InvalidInputError("Write the day of the award as 2026-11-20.")
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _refuse_twins(rows: Sequence[ImportRow]) -> list[ImportRow]:
    """The same rows; who stands twice in the file for one course is wrong the second time."""
    first: dict[tuple[str, str], int] = {}
    checked = []
    for row in rows:
        n = first.setdefault((row.email.casefold(), row.course.casefold()), row.n)
        is_twin = n != row.n and not row.error
        twin = ImportRow(
            n=row.n,
            email=row.email,
            name=row.name,
            course=row.course,
            awarded_at=row.awarded_at,
            error=f"Line {n} is for the same person and course.",
        )
        checked.append(twin if is_twin else row)
    return checked
