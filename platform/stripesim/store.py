"""Where the sandbox keeps its objects: one SQLite file, one process, one writer at a time."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Doc: TypeAlias = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    doc TEXT NOT NULL,
    private TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, seq);
CREATE INDEX IF NOT EXISTS objects_by_payment
    ON objects (kind, json_extract(doc, '$.payment_intent'));
CREATE INDEX IF NOT EXISTS objects_by_subject
    ON objects (kind, json_extract(doc, '$.data.object.id'));
CREATE TABLE IF NOT EXISTS idempotency (
    key TEXT PRIMARY KEY,
    endpoint TEXT NOT NULL,
    params_hash TEXT NOT NULL,
    status INTEGER,
    body TEXT,
    request_id TEXT NOT NULL,
    created INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL,
    endpoint TEXT NOT NULL DEFAULT '',
    flavor TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at REAL NOT NULL,
    last_status INTEGER,
    last_error TEXT
);
CREATE INDEX IF NOT EXISTS deliveries_by_due ON deliveries (state, next_at);
CREATE INDEX IF NOT EXISTS deliveries_by_event ON deliveries (event_id);
CREATE TABLE IF NOT EXISTS appointments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    verb TEXT NOT NULL,
    object_id TEXT NOT NULL,
    due_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS appointments_by_due ON appointments (due_at);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class StoreInUseError(Exception):
    """Another process holds the file."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison with a field of the document, `sign` being `=`, `<`, `IN` and the like."""

    path: str
    sign: str
    value: Any

    def sql(self) -> tuple[str, list[Any]]:
        values = list(self.value) if self.sign == "IN" else [self.value]
        marks = f"({', '.join('?' * len(values))})" if self.sign == "IN" else "?"
        return f"json_extract(doc, '$.{self.path}') {self.sign} {marks}", values


class Books:
    """The objects, as one transaction sees and changes them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def insert(self, doc: Doc, private: Doc | None = None) -> None:
        self.connection.execute(
            "INSERT INTO objects (id, kind, doc, private) VALUES (?, ?, ?, ?)",
            (doc["id"], doc["object"], json.dumps(doc), json.dumps(private or {})),
        )

    def update(self, doc: Doc) -> None:
        self.connection.execute("UPDATE objects SET doc = ? WHERE id = ?", (json.dumps(doc), doc["id"]))

    def update_private(self, object_id: str, private: Doc) -> None:
        self.connection.execute("UPDATE objects SET private = ? WHERE id = ?", (json.dumps(private), object_id))

    def retire(self, doc: Doc) -> None:
        """Delete an object for whoever looks for it; what already names it can still `get` it."""
        self.connection.execute("UPDATE objects SET kind = ? WHERE id = ?", (_retired(doc["object"]), doc["id"]))

    def find(self, kind: str, object_id: str) -> Doc | None:
        row = self.connection.execute("SELECT doc FROM objects WHERE id = ? AND kind = ?", (object_id, kind)).fetchone()
        return None if row is None else json.loads(row["doc"])

    def find_any(self, object_id: str) -> Doc | None:
        """The object, whatever it is."""
        row = self.connection.execute("SELECT doc FROM objects WHERE id = ?", (object_id,)).fetchone()
        return None if row is None else json.loads(row["doc"])

    def get(self, kind: str, object_id: str) -> Doc:
        """An object that must exist, since another one names it."""
        doc = self.find(kind, object_id) or self.find(_retired(kind), object_id)
        if doc is None:
            raise LookupError(f"There is no {kind} {object_id}.")
        return doc

    def private(self, object_id: str) -> Doc:
        """What the sandbox knows about the object and the API doesn't show."""
        row = self.connection.execute("SELECT private FROM objects WHERE id = ?", (object_id,)).fetchone()
        private: Doc = json.loads(row["private"])
        return private

    def position(self, kind: str, object_id: str) -> int | None:
        """The object's place in the order of creation."""
        row = self.connection.execute("SELECT seq FROM objects WHERE id = ? AND kind = ?", (object_id, kind)).fetchone()
        return None if row is None else int(row["seq"])

    def list(
        self,
        kind: str,
        conditions: Sequence[Condition] = (),
        *,
        limit: int = -1,
        before: int | None = None,
        after: int | None = None,
    ) -> list[Doc]:
        """The newest first; with `after`, the oldest of those that came later than it."""
        where = ["kind = ?"]
        values: list[Any] = [kind]
        for condition in conditions:
            text, operands = condition.sql()
            where.append(text)
            values.extend(operands)
        for sign, seq in (("<", before), (">", after)):
            if seq is not None:
                where.append(f"seq {sign} ?")
                values.append(seq)
        order = "ASC" if after is not None else "DESC"
        rows = self.connection.execute(
            f"SELECT doc FROM objects WHERE {' AND '.join(where)} ORDER BY seq {order} LIMIT ?",  # noqa: S608 (no value is pasted in)
            (*values, limit),
        ).fetchall()
        docs = [json.loads(row["doc"]) for row in rows]
        return docs[::-1] if after is not None else docs

    def count_kinds(self) -> dict[str, int]:
        """How many objects of each kind there are."""
        rows = self.connection.execute("SELECT kind, count(*) AS total FROM objects GROUP BY kind ORDER BY kind").fetchall()
        return {row["kind"]: row["total"] for row in rows}

    def schedule(self, verb: str, object_id: str, *, at: int) -> None:
        """Have something happen to the object later; `upkeep` knows the verbs."""
        self.connection.execute("INSERT INTO appointments (verb, object_id, due_at) VALUES (?, ?, ?)", (verb, object_id, at))

    def take_due(self, now: int) -> Sequence[tuple[str, str]]:
        """The (verb, object id) of the appointments whose time has come; they are over with that."""
        rows = self.connection.execute("SELECT verb, object_id FROM appointments WHERE due_at <= ? ORDER BY due_at, id", (now,)).fetchall()
        if rows:
            self.connection.execute("DELETE FROM appointments WHERE due_at <= ?", (now,))
        return [(row["verb"], row["object_id"]) for row in rows]

    def setting(self, name: str) -> Any:
        row = self.connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row["value"])

    def set_setting(self, name: str, value: Any) -> None:
        self.connection.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (name, json.dumps(value)))


class Store:
    """The file. It is held exclusively, so that two sandboxes never share their objects."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=0.2)
        self._connection.row_factory = sqlite3.Row
        try:
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.executescript(SCHEMA)
            _upgrade(self._connection)
        except sqlite3.OperationalError as error:
            self._connection.close()
            raise StoreInUseError(f"Another sandbox uses {path}.") from error

    @contextmanager
    def transaction(self) -> Iterator[Books]:
        """All of it happens, or none of it. Transactions do not nest."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield Books(self._connection)
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _retired(kind: str) -> str:
    return f"{kind} (deleted)"


def _upgrade(connection: sqlite3.Connection) -> None:
    """Add what a file of an older sandbox does not have yet."""
    columns = {row["name"] for row in connection.execute("PRAGMA table_info(deliveries)")}
    if "endpoint" not in columns:
        connection.execute("ALTER TABLE deliveries ADD COLUMN endpoint TEXT NOT NULL DEFAULT ''")
