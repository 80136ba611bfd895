"""The request's one database session, and the block that commits it."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, current_app, g, request
from sqlalchemy.orm import Session
from werkzeug.local import LocalProxy

from laurel.core.db import Database
from laurel.web.outages import unless_away

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def database() -> Database:
    """The application's database."""
    found: Database = current_app.extensions["laurel_database"]
    return found


def current_session() -> Session:
    """The session of this request. Requests that may write take SQLite's write lock when they first touch it."""
    if "database_session" not in g:
        view = current_app.view_functions.get(request.endpoint or "")
        only_reads = request.method in SAFE_METHODS or getattr(view, "reads_on_post", False)
        writes = not only_reads or getattr(view, "writes_on_get", False)
        g.database_session = database().session(writes=writes)
    session: Session = g.database_session
    return session


session_proxy: Session = LocalProxy(current_session)  # type: ignore[assignment]
"""`current_session()` for libraries that want an object."""


@contextmanager
def recognition() -> Iterator[Session]:
    """A session for finding out who is there, before it is known whether they may do anything.

    It is the request's own, but for a request to SQLite that may write: that would take the write lock before it is needed, and
    everybody else would wait for it.
    """
    if "database_session" in g or not database().is_sqlite or request.method in SAFE_METHODS:
        yield current_session()
        return
    with database().session(writes=False) as session:
        yield session


@contextmanager
def transaction() -> Iterator[Session]:
    """Commit the request's session if the block ends well, roll it back if it raises."""
    session = current_session()
    try:
        yield session
        g.browser_session.note_use(session)
        g.has_committed = True  # from here on a connection that breaks does not tell
        session.commit()
    except BaseException:
        end_transaction()
        raise


def may_be_done() -> bool:
    """Whether what the request is about may be in the database by now, whatever became of its answer."""
    return "has_committed" in g


@contextmanager
def separate_transaction() -> Iterator[Session]:
    """A writing transaction beside a request that only reads: for what the passing of time made due, whoever looks first."""
    end_transaction()
    with database().session(writes=True) as session:
        yield session
        session.commit()


def end_transaction() -> None:
    """Let go of the database before talking to the outside: whatever was not committed is undone, also by a connection that is lost."""
    if "database_session" in g:
        with unless_away():
            g.database_session.rollback()


def init_app(app: Flask, database: Database) -> None:
    """Give the app its database and close each request's session at its end."""
    app.extensions["laurel_database"] = database

    @app.teardown_request
    def close_session(_error: BaseException | None = None) -> None:
        session: Session | None = g.pop("database_session", None)
        if session is not None:
            with unless_away():  # the answer stands
                session.close()
