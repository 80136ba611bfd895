"""Cells of a CSV: whatever is in them, a spreadsheet shows it and computes nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laurel.core.spreadsheets import harmless

HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\nx",
    "＝1",
    "＋1",
    "－1",
    "＠A",
    '"=1',
    "|cmd",
    " =1",
    "\ufeff=1",
    "\u200b=1",
    "'=1",
]


@pytest.mark.parametrize("cell", HOSTILE)
def test_what_might_be_a_formula_becomes_text(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["Ada", "LRL-7Q4M", "2026-11-20", "a=b", "", "Åse", "O'Neill"])
def test_everything_else_stays_as_it_is(cell: str) -> None:
    assert harmless(cell) == cell


@given(st.text(max_size=30))
@settings(max_examples=60)
def test_no_cell_begins_as_a_formula_does(cell: str) -> None:
    assert harmless(cell)[:1] not in ("=", "+", "-", "@", "\t", "\r")
    assert harmless(cell).removeprefix("'") == cell.removeprefix("'")
