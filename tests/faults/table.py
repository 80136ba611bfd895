"""The rows that a run gives, and the table that is printed of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Row:
    """One scenario on one database. `problems` is empty if all is well: for a control, if it went red as it must."""

    code: str
    what: str
    on: str = ""
    measured: Mapping[str, Any] = field(default_factory=dict)
    problems: Sequence[str] = ()
    is_control: bool = False
    not_run: str = ""

    @property
    def verdict(self) -> str:
        if self.not_run:
            return f"not run here: {self.not_run}"
        if self.problems:
            return "BAD: " + "; ".join(self.problems)
        return "red, as it must be" if self.is_control else "good"

    def to_json(self) -> str:
        return json.dumps(asdict(self), default=str)


def control(code: str, what: str, on: str = "", *, is_red: bool, **measured: Any) -> Row:
    """The row of a negative control: a known-bad setting or twin in which the loss must be seen."""
    problems = () if is_red else ("it stayed green: this check proves nothing",)
    return Row(code=code, what=what, on=on, measured=measured, problems=problems, is_control=True)


def line_of(row: Row) -> str:
    measured = "  ".join(f"{name} {value}" for name, value in row.measured.items())
    return f"{row.code:<5} {row.on:<10} {row.what}\n{'':<6}{measured}\n{'':<6}{row.verdict}".replace(f"\n{'':<6}\n", "\n")


def markdown(rows: Sequence[Row]) -> str:
    """The table of docs/faults.md."""
    head = "| # | on | what | measured | verdict |\n|---|---|---|---|---|\n"
    return head + "\n".join(
        f"| {row.code} | {row.on} | {row.what} | {', '.join(f'{k} {v}' for k, v in row.measured.items())} | {row.verdict} |" for row in rows
    )
