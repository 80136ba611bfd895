"""The file that says which certificates to issue: one row for each, its first line naming the columns. CSV, or what is as good."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from laurel.core.errors import InvalidInputError
from laurel.core.spreadsheets import is_formula_like
from laurel.credentials.rules.bulk import MAX_ROWS
from laurel.credentials.rules.correcting import check_new_name
from laurel.credentials.rules.duplicates import Duplicates
from laurel.credentials.rules.text import UNSIGNABLE

MAX_BYTES = 5 * 1024 * 1024
TOO_LARGE = "This file is larger than 5 MB. Send it in parts."
MAX_CELL = 1000
COLUMNS = ("email", "name", "course", "awarded")
USUAL = {
    "email": ("email address", "mail", "e mail", "e mail address"),
    "name": ("full name", "holder", "holder name", "learner", "recipient", "recipient name"),
    "course": ("course short name", "course slug", "slug"),
    "awarded": ("awarded on", "award date", "date", "day", "date of award", "issue date", "issued", "issued on"),
}
"""How each of COLUMNS is often called: found without being told, where its own name is not there."""
EARLIEST = date(1990, 1, 1)
DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})\Z", re.ASCII)


Line = tuple[int, list[str]]
"""A line's number, and its cells."""


class FaultyCell(str):
    """A cell that has no value to use; `why` is for whoever made the file."""

    why: str

    def __new__(cls, text: str, *, why: str) -> "FaultyCell":
        made = super().__new__(cls, text)
        made.why = why
        return made


class UnknownHeadersError(InvalidInputError):
    """A column could not be found. `found` are the headers that there are, to choose from."""

    def __init__(self, message: str, *, field: str, found: Sequence[str]) -> None:
        super().__init__(message, field=field)
        self.found = found


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """One line of the file. `error` says what is wrong with it by itself; the rest is as far as it could be read."""

    n: int
    email: str
    name: str
    course: str
    awarded_at: datetime | None
    error: str


def read_table(data: bytes, headers: Mapping[str, str], duplicates: Duplicates = Duplicates.SKIP) -> list[ImportRow]:
    """The rows of a CSV file whose first line names its columns: `headers` says what each of COLUMNS is called there, if not as usual.

    Commas, semicolons or tabs. Raises InvalidInputError, with the field of the form, for a file that cannot be read at all.
    """
    return read_lines(_lines(_decode(data)), headers, duplicates)


def read_lines(
    lines: Iterator[Line], headers: Mapping[str, str], duplicates: Duplicates = Duplicates.SKIP, *, is_ragged: bool = False
) -> list[ImportRow]:
    """The same of lines that were read already. `is_ragged`: a line ends with its last cell that is not empty."""
    found = next(lines, None)
    if found is None:
        raise InvalidInputError("This file is empty. Its first line names the columns.", field="file")
    places = _places([cell.strip() for cell in found[1]], headers)
    width = len(found[1])
    filled = ((n, cells + [""] * (width - len(cells)) if is_ragged else cells) for n, cells in lines if any(cell.strip() for cell in cells))
    rows = [_read_row(n, cells, places, width) for n, cells in filled]
    if not rows:
        raise InvalidInputError("This file has a line of headers and no rows below it.", field="file")
    if len(rows) > MAX_ROWS:
        raise InvalidInputError(f"This file has {len(rows):,} rows. Send at most {MAX_ROWS:,} at once.", field="file")
    return _refuse_twins(rows, days_apart=duplicates is Duplicates.ALLOW)


def check_size(data: bytes) -> None:
    """Raise InvalidInputError for a file that is too large."""
    if len(data) > MAX_BYTES:
        raise InvalidInputError(TOO_LARGE, field="file")


def _decode(data: bytes) -> str:
    check_size(data)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidInputError("This file is in UTF-16. Save it as CSV in UTF-8.", field="file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidInputError(f"Line {line} is not in UTF-8. Save the file as CSV in UTF-8.", field="file") from None


def _lines(text: str) -> Iterator[Line]:
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
    """Where each of COLUMNS stands: under the header that was named for it, or else under a usual one."""
    plain = [_plain(cell) for cell in found]
    return {column: _place(column, headers.get(column, "").strip(), found, plain) for column in COLUMNS}


def _place(column: str, named: str, found: Sequence[str], plain: Sequence[str]) -> int:
    places: list[int] = []
    for wanted in ({_plain(named)},) if named else ({column}, USUAL[column]):
        places = places or [at for at, cell in enumerate(plain) if cell in wanted]
    if len(places) == 1:
        return places[0]
    shown = [UNSIGNABLE.sub("", cell)[:40] for cell in found[:40] if cell]
    listed, how = ", ".join(shown[:20]) or "none that can be read", "more than once" if places else "not"
    found_out = f"“{named or column}” is {how} among the headers of the file: {listed}."
    words = f"{found_out} Write here what it is called, and choose the file again."
    raise UnknownHeadersError(words, field=column, found=shown)


def _plain(header: str) -> str:
    """A header as it is compared: small letters, and whatever stands between words is one space."""
    return " ".join(re.split(r"[\W_]+", header.casefold())).strip()


def _read_row(n: int, cells: Sequence[str], places: Mapping[str, int], width: int) -> ImportRow:
    if len(cells) != width:
        return ImportRow(n=n, email="", name="", course="", awarded_at=None, error=f"It has {len(cells)} fields; the headers are {width}.")
    raw = {column: cells[place].strip() for column, place in places.items()}
    raw["course"] = raw["course"].casefold()  # short names have no capitals; who types some means the same course
    shown = {column: UNSIGNABLE.sub("�", text)[:120] for column, text in raw.items()}
    found = [_fault(column, raw[column], cells[place]) for column, place in places.items()]
    try:
        awarded_at = _read_day(raw["awarded"])
    except InvalidInputError:
        awarded_at = None
    error = " ".join(fault for fault in found if fault)
    return ImportRow(n=n, email=shown["email"], name=shown["name"], course=shown["course"], awarded_at=awarded_at, error=error)


def _fault(column: str, text: str, cell: str) -> str:
    """What is wrong with one cell by itself, in a sentence; empty if nothing is. `text` is what the cell says."""
    if isinstance(cell, FaultyCell) or not text:
        return cell.why if isinstance(cell, FaultyCell) else f"The field “{column}” is empty."
    if len(text) > MAX_CELL:
        return f"The field “{column}” has {len(text):,} characters."
    if UNSIGNABLE.search(text) or any(mark in text for mark in "\r\n\t"):
        return f"The field “{column}” has a character that cannot be signed, such as NUL, a line break or a mark of direction."
    if is_formula_like(text):
        return f"The field “{column}” begins with {text[0]}, as a formula does."
    try:
        CHECKS.get(column, str)(text)
    except InvalidInputError as refused:
        return refused.message
    return ""


def _read_day(text: str) -> datetime:
    """The day at midnight in UTC."""
    found = DAY.match(text)
    try:
        day = date(*map(int, found.groups())) if found else None
    except ValueError:
        day = None
    if day is None or day < EARLIEST:
        why = "cannot be read as a day" if day is None else f"is before {EARLIEST.year}"
        raise InvalidInputError(f"“{text[:40]}” {why}. Write the day of the award as 2026-11-20.")
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


CHECKS: dict[str, Callable[[str], object]] = {"awarded": _read_day, "name": check_new_name}
"""What raises InvalidInputError for a column that has more rules than every cell."""


def _refuse_twins(rows: Sequence[ImportRow], *, days_apart: bool) -> list[ImportRow]:
    """The same rows; who stands twice in the file for one course is wrong the second time. With `days_apart` only for one day of it."""
    first: dict[tuple[str, str, datetime | None], int] = {}
    checked = []
    for row in rows:
        n = first.setdefault((row.email.casefold(), row.course, row.awarded_at if days_apart else None), row.n)
        is_twin = n != row.n and not row.error
        words = f"Line {n} is for the same person, course and day." if days_apart else f"Line {n} is for the same person and course."
        checked.append(replace(row, error=words) if is_twin else row)
    return checked
