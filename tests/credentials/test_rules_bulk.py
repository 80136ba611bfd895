"""Files of certificates: what can be read, and what is refused with the line or the field that it is about."""

import csv
import io
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laurel.core.errors import InvalidInputError
from laurel.credentials.rules.bulk import MAX_ROWS
from laurel.credentials.rules.bulk_table import COLUMNS, MAX_BYTES, ImportRow, UnknownHeadersError, read_table
from laurel.credentials.rules.duplicates import Duplicates

HEADERS = {column: column for column in COLUMNS}
HEAD = "email,name,course,awarded\n"
GOOD = "ada@example.com,Ada Lovelace,ai-prompts,2026-11-20\n"


def read(text: str | bytes, **headers: str) -> list[ImportRow]:
    return read_table(text.encode() if isinstance(text, str) else text, {**HEADERS, **headers})


@pytest.mark.parametrize(
    "text",
    [
        HEAD + GOOD,
        "\ufeff" + HEAD + GOOD,
        (HEAD + GOOD).replace("\n", "\r\n"),
        (HEAD + GOOD).replace(",", ";"),
        (HEAD + GOOD).replace(",", "\t"),
        HEAD.upper() + GOOD + "\n , ,,\n",
        HEAD + GOOD.replace("ai-prompts", "AI-Prompts"),
        'note,awarded,course,name,email\nignored,2026-11-20,ai-prompts,"Ada Lovelace",ada@example.com\n',
    ],
)
def test_a_good_file_is_read_however_it_was_saved(text: str) -> None:
    [row] = read(text)

    assert (row.email, row.name, row.course) == ("ada@example.com", "Ada Lovelace", "ai-prompts")
    assert (row.awarded_at, row.error) == (datetime(2026, 11, 20, tzinfo=UTC), "")


def test_columns_may_have_other_headers() -> None:
    [row] = read("E-Mail;Wer;Kurs;Am\n" + GOOD.replace(",", ";"), email="e-mail", name="Wer", course="Kurs", awarded="am")

    assert row.name == "Ada Lovelace"


@pytest.mark.parametrize(
    "head",
    ["E-Mail Address,Full Name,Course_Slug,Award date", "mail;name;COURSE;Issued on", "email,name,course,awarded,date,mail"],
)
def test_the_usual_names_of_columns_are_found_without_being_told(head: str) -> None:
    [row] = read(
        f"{head}\n{GOOD.replace(',', ';') if ';' in head else GOOD.strip() + ',x' * (head.count(',') - 3)}", **dict.fromkeys(COLUMNS, "")
    )

    assert (row.email, row.name, row.course, row.error) == ("ada@example.com", "Ada Lovelace", "ai-prompts", "")


def test_a_column_that_is_not_found_leaves_its_headers_to_choose_from() -> None:
    with pytest.raises(UnknownHeadersError) as refused:
        read("correo,nombre,course,awarded\n" + GOOD, **dict.fromkeys(COLUMNS, ""))

    assert (refused.value.field, refused.value.found) == ("email", ["correo", "nombre", "course", "awarded"])


def test_where_more_than_one_is_allowed_only_the_same_day_is_a_twin() -> None:
    text = HEAD + GOOD + GOOD.replace("2026-11-20", "2025-11-20") + GOOD

    assert [bool(row.error) for row in read_table(text.encode(), HEADERS, Duplicates.ALLOW)] == [False, False, True]
    assert [bool(row.error) for row in read(text)] == [False, True, True]


@pytest.mark.parametrize(
    ("data", "field", "words"),
    [
        (b"", "file", "empty"),
        (HEAD.encode(), "file", "no rows"),
        ((HEAD + GOOD).encode("utf-16"), "file", "UTF-16"),
        ((HEAD + GOOD).encode() + "Jos\u00e9".encode("latin-1"), "file", "Line 3 is not in UTF-8"),
        ((HEAD + GOOD + '"never closed,x\n').encode(), "file", "From line 3 on"),
        ((HEAD + GOOD + 'a"b"c",d,"e"f,g\n').encode(), "file", "From line 3 on"),
        ((HEAD + "x" * 200_000 + ",a,b,c\n").encode(), "file", "From line 2 on"),
        (b"x" * (MAX_BYTES + 1), "file", "5 MB"),
        (b"email,name,awarded\na,b,c\n", "course", "not among the headers"),
        (b"\x00" * 40 + b"\nx", "email", "of the file: none that can be read."),
        (b"email,email,name,course,awarded\na,a,b,c,d\n", "email", "more than once among the headers"),
        (b"%PDF-1.7\n\x00\x01binary\n", "email", "not among the headers"),
        (("email,name,course,awarded\n" + GOOD * (MAX_ROWS + 1)).encode(), "file", "at most 10,000"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data: bytes, field: str, words: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read(data)

    assert refused.value.field == field
    assert words in refused.value.message


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ada@example.com,Ada,ai,20.11.2026", "“20.11.2026” cannot be read as a day. Write the day of the award as 2026-11-20."),
        ("ada@example.com,Ada,ai,2026-02-30", "“2026-02-30” cannot be read as a day. Write the day of the award as 2026-11-20."),
        ("ada@example.com,Ada,ai,1066-10-14", "“1066-10-14” is before 1990. Write the day of the award as 2026-11-20."),
        (f"ada@example.com,Ada,ai,{'9' * 999}", f"“{'9' * 40}” cannot be read"),
        ("ada@example.com,=A1,ai,soon", "The field “name” begins with =, as a formula does. “soon” cannot be read as a day."),
        ("ada@example.com,Ada,ai,２０２６-11-20", "2026-11-20"),
        ("ada@example.com,,ai,2026-11-20", "“name” is empty"),
        ("ada@example.com,Ada,ai", "It has 3 fields"),
        ("ada@example.com,Ada,ai,2026-11-20,more", "It has 5 fields"),
        ("ada@example.com,Ada\x00,ai,2026-11-20", "cannot be signed"),
        ("ada@example.com,Ada\u202e,ai,2026-11-20", "cannot be signed"),
        ('ada@example.com,"Ada\nLovelace",ai,2026-11-20', "cannot be signed"),
        ('ada@example.com,"=HYPERLINK(""http://evil.example"")",ai,2026-11-20', "begins with ="),
        ("@sum,Ada,ai,2026-11-20", "begins with @"),
        (f"ada@example.com,{'x' * 1001},ai,2026-11-20", "has 1,001 characters"),
        (f"ada@example.com,{'x' * 121},ai,2026-11-20", "at most 120"),
    ],
)
def test_a_bad_row_is_told_by_its_line_and_spoils_no_other(line: str, words: str) -> None:
    first, bad, last = read(HEAD + GOOD + line + "\n" + GOOD.replace("ada@", "charles@"))

    assert (first.error, last.error) == ("", "")
    assert bad.n == 3
    assert words in bad.error


def test_lines_are_counted_as_an_editor_does() -> None:
    rows = read(HEAD + '"a\nb",x,y,z\n\n' + GOOD)

    assert [row.n for row in rows] == [2, 5]


def test_the_second_row_for_a_person_and_course_is_wrong() -> None:
    first, other, twin = read(HEAD + GOOD + GOOD.replace("ai-prompts", "baking") + GOOD.replace("ada@", "ADA@"))

    assert (first.error, other.error) == ("", "")
    assert "Line 2" in twin.error


@given(st.lists(st.tuples(*[st.text(max_size=20)] * 4), min_size=1, max_size=4))
@settings(max_examples=60)
def test_whatever_stands_in_a_well_formed_file_is_read_or_refused_in_words(cells: list[tuple[str, ...]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([COLUMNS, *cells])
    rows: list[ImportRow] = []
    with suppress(InvalidInputError):  # anything else would be a page of error 500
        rows = read(text.getvalue().encode("utf-8", "surrogatepass"))
    for row in rows:
        assert row.error or row.awarded_at is not None
        assert "\x00" not in row.email + row.name + row.course + row.error
