"""A worker that does its job in one transaction and notes that it is done in another: `… two_transactions FILE`."""

import sqlite3
import sys
import time

STEP = 0.01
"""What a real job does between the two."""


def work(file: str) -> None:
    connection = sqlite3.connect(file, timeout=5, isolation_level=None)
    while True:
        found = connection.execute("SELECT id FROM jobs WHERE NOT is_done ORDER BY id LIMIT 1").fetchone()
        if found is None:
            return
        connection.execute("INSERT INTO effects VALUES (?)", found)
        time.sleep(STEP)
        connection.execute("UPDATE jobs SET is_done = 1 WHERE id = ?", found)


if __name__ == "__main__":
    work(sys.argv[1])
