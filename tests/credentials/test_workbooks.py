"""Certificates to issue from an Excel workbook: the same rows as from CSV, days as days, and no harm from the file."""

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from laurel.core.errors import InvalidInputError
from laurel.credentials import openpyxl_gateway
from laurel.credentials.rules.bulk_table import COLUMNS, MAX_BYTES, ImportRow, read_table
from laurel.credentials.rules.duplicates import Duplicates
from laurel.credentials.services.reading import read_file

HEADERS = dict.fromkeys(COLUMNS, "")
ADA = ["ada@example.com", "Ada Lovelace", "ai-prompts", date(2026, 11, 20)]
BOB = ["bob@example.com", "Bob", "ai-prompts", "2026-11-21"]


def save(book: Workbook) -> bytes:
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def fill(*rows: Sequence[Any], change: Callable[[Workbook, Worksheet], object] | None = None) -> bytes:
    """A workbook with headers and these rows."""
    book = Workbook()
    sheet = book.active
    for row in (COLUMNS, *rows):
        sheet.append(list(row))
    if change is not None:
        change(book, sheet)
    return save(book)


def read(data: bytes) -> list[ImportRow]:
    return read_file(data, HEADERS, Duplicates.SKIP)


def test_a_workbook_says_the_same_as_a_csv_file() -> None:
    text = "email,name,course,awarded\nada@example.com,Ada Lovelace,ai-prompts,2026-11-20\nbob@example.com,Bob,ai-prompts,2026-11-21\n"

    assert read(fill(ADA, BOB)) == read_table(text.encode(), HEADERS)


@pytest.mark.parametrize(
    ("cell", "error"),
    [
        (datetime(2026, 11, 20), ""),  # noqa: DTZ001 (a workbook knows no zones)
        (datetime(2026, 11, 20, 9, 30), "Write the day"),  # noqa: DTZ001
        (46346, "Write the day"),
        (None, "is empty"),
        ("=TODAY()", "Cell D2 is a formula. Put its value there."),
        ("#N/A", "Cell D2 has an error in Excel."),
    ],
)
def test_what_a_cell_means(cell: object, error: str) -> None:
    (row,) = read(fill([*ADA[:3], cell]))

    assert error in row.error
    assert bool(row.error) == bool(error)


def test_a_formula_where_nothing_is_read_does_no_harm_and_empty_lines_keep_their_numbers() -> None:
    def change(_book: Workbook, sheet: Worksheet) -> None:
        sheet["E1"], sheet["E2"], sheet["A5"], sheet["B5"] = "note", "=1+1", "eve@example.com", "=A5"
        sheet["C5"], sheet["D5"] = "ai-prompts", date(2026, 1, 31)

    first, last = read(fill(ADA, change=change))

    assert (first.n, first.error) == (2, "")
    assert (last.n, last.error) == (5, "Cell B5 is a formula. Put its value there.")


def test_the_first_sheet_that_is_shown_is_read() -> None:
    def hide(book: Workbook, sheet: Worksheet) -> None:
        sheet.sheet_state = "hidden"
        shown = book.create_sheet("People")
        shown.append(list(COLUMNS))
        shown.append(BOB)

    assert [row.name for row in read(fill(ADA, change=hide))] == ["Bob"]


def far_below(_book: Workbook, sheet: Worksheet) -> None:
    sheet.cell(row=1_048_576, column=1, value="x")


def far_right(_book: Workbook, sheet: Worksheet) -> None:
    sheet.cell(row=2, column=201, value="x")


def repack(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            content = old.read(part)
            new.writestr(part, change(content) if part == name else content)
    return held.getvalue()


def bomb() -> bytes:
    """A small file that unpacks to 21 MB."""
    return repack(fill(ADA), "docProps/app.xml", lambda content: content + b" " * (21 * 1024 * 1024))


def laughs() -> bytes:
    declared = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    return repack(fill(ADA), "xl/worksheets/sheet1.xml", lambda content: declared + content)


def cut() -> bytes:
    return repack(fill(ADA), "xl/worksheets/sheet1.xml", lambda content: content[: len(content) // 2])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (fill, "no rows below"),
        (lambda: save(Workbook()), "empty"),
        (lambda: fill(ADA, change=far_below), "goes on below line 20,000"),
        (lambda: fill(ADA, change=far_right), "more than 200 columns"),
        (bomb, "unpacks to far more"),
        (laughs, "no Excel workbook"),
        (cut, "no Excel workbook"),
        (lambda: b"PK\x03\x04 and nothing more", "no Excel workbook"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "has a password"),
        (lambda: b"PK\x03\x04" + b"x" * MAX_BYTES, "larger than 5 MB"),
    ],
)
def test_a_file_that_cannot_be_read_or_means_harm_is_refused_as_a_whole(make: Callable[[], bytes], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words) as refused:
        read(make())

    assert refused.value.field == "file"


def test_many_parts_are_refused_before_any_is_unpacked() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for number in range(openpyxl_gateway.MAX_PARTS + 1):
            archive.writestr(f"{number}.xml", "")

    with pytest.raises(InvalidInputError, match="unpacks to far more"):
        read(held.getvalue())
