"""Sessions that live in the database. The cookie is only a random token; the row's id is its SHA-256."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any, cast
from uuid import UUID

from flask import Flask, Request, Response, g, request
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy import ColumnElement, ForeignKey, Row, Select, String, and_, bindparam, delete, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import Session as DatabaseSession
from werkzeug.datastructures import CallbackDict

from laurel.core.db import DATABASE_CLOCK, Base, database_now, moment_of, table_of
from laurel.settings import Settings
from laurel.web.outages import unless_away
from laurel.web.session import recognition, separate_transaction

ANONYMOUS = timedelta(hours=12), timedelta(days=1)
TOUCH = timedelta(minutes=1)


class BrowserSession(Base):
    """One browser's session. It ends when it idles too long, at its absolute end, or when it is deleted."""

    __tablename__ = "browser_sessions"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True, default=None)
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    idle_seconds: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(index=True)
    keep_until: Mapped[datetime | None] = mapped_column(default=None)
    address_prefix: Mapped[str] = mapped_column(String(60), default="")
    browser: Mapped[str] = mapped_column(String(120), default="")

    def is_over(self, now: datetime) -> bool:
        """Whether it ended; a running exam (`keep_until`) outlives the idle limit."""
        return _is_over(self, now)


def _is_over(kept: BrowserSession | Row[Any], now: datetime) -> bool:
    if kept.keep_until is not None and now < kept.keep_until:
        return False
    return bool(now >= kept.ends_at or now >= kept.last_seen_at + timedelta(seconds=kept.idle_seconds))


class LazySession(SessionMixin):
    """Looks like Flask's session and touches the database only when someone reads or writes it.

    `row` is what is kept of it, and of the person whose it is, in one statement with the database's clock.
    """

    def __init__(self, token: str | None, statement: Select[*tuple[Any, ...]]) -> None:
        self.token = token
        self.statement = statement
        self.accessed = False
        self.modified = False
        self.renew = False
        self.limits: tuple[timedelta, timedelta] | None = None
        self.row: Row[Any] | None = None
        self.loaded_at: datetime | None = None
        self.is_noted = False
        self._data: CallbackDict[str, Any] | None = None

    @property
    def data(self) -> CallbackDict[str, Any]:
        self.accessed = True
        if self._data is None:
            self._data = CallbackDict(self._load(), on_update=lambda _data: setattr(self, "modified", True))
        return self._data

    def _load(self) -> dict[str, Any]:
        if self.token is None:
            return {}
        with recognition() as session:
            row = session.connection().execute(self.statement, {"session_id": row_id(self.token)}).one_or_none()
        if row is None or _is_over(row, now := moment_of(row.read_at)):
            self.token = None
            return {}
        self.row, self.loaded_at = row, now
        return cast(dict[str, Any], row.data)

    @property
    def use_is_due(self) -> bool:
        """Whether it is a minute since it was noted that this session is in use."""
        return self.row is not None and self.loaded_at is not None and self.loaded_at - self.row.last_seen_at >= TOUCH and not self.is_noted

    def note_use(self, session: DatabaseSession) -> None:
        """Note, once a minute, that this session is in use: with whatever else is about to be committed, if there is something."""
        if self.use_is_due and not self.modified and self.row is not None:
            session.execute(update(BrowserSession).where(BrowserSession.id == self.row.id).values(last_seen_at=self.loaded_at))
            self.is_noted = True

    def leave_as_it_was(self) -> None:
        """Keep nothing of what this request changed in it."""
        self.modified = False
        self.is_noted = True

    def regenerate(self, *, idle: timedelta, absolute: timedelta) -> None:
        """Give the session a new id and new limits at the end of this request: at sign-in and whenever rights change."""
        self.renew, self.modified, self.limits = True, True, (idle, absolute)

    def __getitem__(self, key: str) -> Any:
        return self.data[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.data[key] = value

    def __delitem__(self, key: str) -> None:
        del self.data[key]

    def __iter__(self) -> Any:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)


def row_id(token: str) -> str:
    """The id under which the session of a cookie's token is kept: the token itself is never stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def address_prefix(address: str | None) -> str:
    """The /24 of an IPv4 address, the /48 of an IPv6 one: enough to recognize a network, not a person."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return ""
    found = getattr(found, "ipv4_mapped", None) or found
    return str(ip_network((found, 24 if found.version == 4 else 48), strict=False))


class DatabaseSessions(SessionInterface):
    """Flask's door to `browser_sessions`."""

    def __init__(self, settings: Settings, person: Sequence[ColumnElement[Any]]) -> None:
        self.cookie = "__Host-laurel" if settings.is_https else "laurel_demo"
        self.secure = settings.is_https
        kept = table_of(BrowserSession)
        columns = (kept.c[name] for name in ("id", "data", "created_at", "last_seen_at", "idle_seconds", "ends_at", "keep_until"))
        people = Base.metadata.tables["users"]
        self.statement = (
            select(*columns, DATABASE_CLOCK.label("read_at"), *person)
            .select_from(kept.outerjoin(people, people.c.id == kept.c.user_id))
            .where(kept.c.id == bindparam("session_id"))
        )

    def open_session(self, app: Flask, request: Request) -> LazySession:
        g.browser_session = LazySession(request.cookies.get(self.cookie), self.statement)
        return cast(LazySession, g.browser_session)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not isinstance(session, LazySession) or not session.accessed:
            return
        response.vary.add("Cookie")
        if session.modified:
            with separate_transaction() as database:  # what a view did not commit is not ours to commit
                self._write(database, session, response, database_now(database))
        elif session.use_is_due:
            self._touch(session)

    def _touch(self, session: LazySession) -> None:
        """Note that the session is in use. A busy database does not spoil the answer for that."""
        with unless_away(), separate_transaction() as database:
            session.note_use(database)

    def _write(self, database: DatabaseSession, session: LazySession, response: Response, now: datetime) -> None:
        user_id = session.get("_laurel_user")
        if not session.data:
            if session.token is not None:
                database.execute(delete(BrowserSession).where(BrowserSession.id == row_id(session.token)))
            response.delete_cookie(self.cookie, path="/", secure=self.secure, httponly=True, samesite="Lax")
            return
        if session.row is not None and not session.renew:
            changed = update(BrowserSession).where(BrowserSession.id == session.row.id)
            database.execute(changed.values(data=dict(session.data), last_seen_at=now, user_id=UUID(user_id) if user_id else None))
            return
        if session.token is not None:
            database.execute(delete(BrowserSession).where(BrowserSession.id == row_id(session.token)))
        token = secrets.token_urlsafe(32)
        idle, absolute = session.limits or ANONYMOUS
        database.add(
            BrowserSession(
                id=row_id(token),
                user_id=UUID(user_id) if user_id else None,
                data=dict(session.data),
                created_at=now,
                last_seen_at=now,
                idle_seconds=int(idle.total_seconds()),
                ends_at=now + absolute,
                address_prefix=address_prefix(request.remote_addr),
                browser=(request.user_agent.string or "")[:120],
            )
        )
        age = int(absolute.total_seconds())
        response.set_cookie(self.cookie, token, max_age=age, path="/", secure=self.secure, httponly=True, samesite="Lax")


def list_sessions_of(session: DatabaseSession, user_id: UUID) -> list[BrowserSession]:
    """A person's own sessions, the latest used first."""
    return list(session.scalars(select(BrowserSession).filter_by(user_id=user_id).order_by(BrowserSession.last_seen_at.desc())))


def end_sessions_of(session: DatabaseSession, user_id: UUID, *, except_id: str | None = None) -> int:
    """End a person's sessions, all or all but one; returns how many ended."""
    ended = delete(BrowserSession).where(BrowserSession.user_id == user_id)
    if except_id is not None:
        ended = ended.where(BrowserSession.id != except_id)
    return session.execute(ended).rowcount  # type: ignore[attr-defined,no-any-return]


def end_session(session: DatabaseSession, session_id: str) -> None:
    """End one session."""
    session.execute(delete(BrowserSession).where(BrowserSession.id == session_id))


def keep_session_until(session: DatabaseSession, session_id: str, until: datetime) -> None:
    """A running exam keeps its browser session alive until `until`, whatever the idle limit says."""
    session.execute(update(BrowserSession).where(BrowserSession.id == session_id).values(keep_until=until))


def delete_ended_sessions(session: DatabaseSession, *, now: datetime) -> int:
    """Clear away sessions past their absolute end, and strangers' that idle; returns how many."""
    idle = and_(BrowserSession.user_id.is_(None), BrowserSession.last_seen_at < now - ANONYMOUS[0])
    ended = delete(BrowserSession).where(or_(BrowserSession.ends_at < now, idle))
    return session.execute(ended).rowcount  # type: ignore[attr-defined,no-any-return]


def init_app(app: Flask, settings: Settings, person: Sequence[ColumnElement[Any]]) -> None:
    """Keep sessions in the database. `person` are the columns of `users` that tell who is there: they are read with the session."""
    app.session_interface = DatabaseSessions(settings, person)
