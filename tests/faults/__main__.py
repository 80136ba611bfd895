"""`make faults`: every scenario, one line of JSON each, and the table at the end."""

import signal
import sys
import traceback
from pathlib import Path

from tests.faults.lab import FULL, SHORT, Lab
from tests.faults.scenarios import Scenario, install, load_all
from tests.faults.table import Row, line_of, markdown


def rows_of(one: Scenario, lab: Lab, *, short: bool) -> list[Row]:
    missing = one.missing()
    if missing:
        return [Row(code=one.code, what=one.what, not_run=f"needs {', '.join(missing)}")]
    try:
        return list(one.run(lab, SHORT if short else FULL))
    except Exception as error:
        traceback.print_exc()
        return [Row(code=one.code, what=one.what, problems=[f"{type(error).__name__}: {error}"])]


def main(arguments: list[str]) -> int:
    """Run the scenarios whose codes are given, or all. Exit status 1 if one is bad."""
    short = "--short" in arguments
    codes = [argument for argument in arguments if not argument.startswith("--")]
    wanted = [one for one in load_all() if not codes or one.code in codes]
    install(sorted({tool for one in wanted for tool in one.missing()}))
    rows: list[Row] = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    lab = Lab()
    try:
        for one in wanted:
            for row in rows_of(one, lab, short=short):
                rows.append(row)
                print(line_of(row), flush=True)
    finally:
        lab.close()
    report = Path("instance/faults")
    report.mkdir(parents=True, exist_ok=True)
    (report / "rows.jsonl").write_text("".join(row.to_json() + "\n" for row in rows))
    (report / "table.md").write_text(markdown(rows) + "\n")
    bad = [row for row in rows if row.problems]
    print(f"\n{len(rows)} rows, {len(bad)} bad. As JSON and Markdown in {report}.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
