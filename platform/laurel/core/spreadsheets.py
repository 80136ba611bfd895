"""Cells for a CSV that people open in a spreadsheet: data, never a formula."""

SIGNS = ("=", "+", "-", "@", "|", "＝", "＋", "－", "＠")
"""With one of these a formula begins, in full width too."""
PASSED_OVER = " \t\r\n\"'\ufeff\u200b\u200c\u200d\u2060\u00a0\u3000"
"""What a spreadsheet may pass over before the sign."""
BREAKS = ("\t", "\r", "\n")


def is_formula_like(cell: str) -> bool:
    """Whether some spreadsheet might take the cell for a formula."""
    return cell.startswith(BREAKS) or cell.lstrip(PASSED_OVER).startswith(SIGNS)


def harmless(cell: str) -> str:
    """The cell as text: what might be taken for a formula begins with an apostrophe. Write it with `csv.QUOTE_ALL`."""
    return f"'{cell}" if is_formula_like(cell) else cell
