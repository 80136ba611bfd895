"""The file that says which certificates to issue, whichever program wrote it."""

from collections.abc import Mapping

from laurel.credentials import openpyxl_gateway
from laurel.credentials.rules.bulk_table import ImportRow, check_size, read_lines, read_table
from laurel.credentials.rules.duplicates import Duplicates


def read_file(data: bytes, headers: Mapping[str, str], duplicates: Duplicates) -> list[ImportRow]:
    """The rows of a CSV file or an Excel workbook: `rules.bulk_table.read_table` says of what."""
    if not openpyxl_gateway.is_workbook(data):
        return read_table(data, headers, duplicates)
    check_size(data)
    return read_lines(iter(openpyxl_gateway.list_lines(data)), headers, duplicates, is_ragged=True)
