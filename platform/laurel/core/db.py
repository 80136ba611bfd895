"""The database: the declarative base, our column types, and engines set up so that an acknowledged write is on disk."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, cast, dataclass_transform
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Enum,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Uuid,
    create_engine,
    event,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, Session, mapped_column, relationship, sessionmaker
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from laurel.core import clock
from laurel.core.writers import PATIENCE_MS, queue_writers

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC: `timestamptz` on PostgreSQL, naive UTC text on SQLite, always aware in Python."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment needs its time zone.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal that comes back as it went in: NUMERIC(20, 10) on PostgreSQL, its digits as text on SQLite."""

    impl = Numeric(20, 10)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(String(40) if dialect.name == "sqlite" else Numeric(20, 10))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        if value is None or dialect.name != "sqlite":
            return value
        return format(value, "f")

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


JsonValue = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""A JSON document: JSONB on PostgreSQL. Treat what is read from it as frozen; assign a new value to change it."""

Minor = BigInteger().with_variant(Integer(), "sqlite")
"""An amount of money in minor units."""


def text_enum(kind: type[StrEnum], *, length: int = 30) -> Enum:
    """A status as its readable text, checked by SQLAlchemy, cheap to extend in a migration."""
    return Enum(kind, native_enum=False, create_constraint=False, length=length, values_callable=lambda e: [m.value for m in e])


@dataclass_transform(kw_only_default=True, field_specifiers=(mapped_column, relationship))  # what type checkers miss of kw_only
class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """Every table. Rows are dataclasses made with keywords; relationships never load by surprise."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        Decimal: ExactDecimal(),
        UUID: Uuid(),
        dict[str, Any]: JsonValue,
        list[Any]: JsonValue,
        list[str]: JsonValue,
        list[int]: JsonValue,
    }


def only_one(name: str, *columns: str, where: str) -> Index:
    """A unique index over the rows that `where` selects, on both databases."""
    return Index(name, *columns, unique=True, postgresql_where=text(where), sqlite_where=text(where))


def table_of(model: type[DeclarativeBase]) -> Table:
    """The table of a model, for the few statements that run so often that building objects would be most of their work."""
    return cast(Table, model.__table__)


class Database:
    """One engine and its sessions. `connect` may be called again: a test gives every case a database of its own."""

    engine: Engine

    def __init__(self, url: str, **options: Any) -> None:
        self.sessions: sessionmaker[Session] = sessionmaker(expire_on_commit=False)
        self.connect(url, **options)

    def connect(self, url: str, **options: Any) -> None:
        """Use the database at `url` from now on; connections to the one before are closed."""
        if hasattr(self, "engine"):
            self.engine.dispose()
        self.engine = make_engine(url, **options)
        self.sessions.configure(bind=self.engine)
        self._bound = {writes: self.engine.execution_options(laurel_writes=writes) for writes in (True, False)}

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def session(self, *, writes: bool) -> Session:
        """A session; on SQLite one that `writes` takes the write lock when it begins, so it never fails half-way."""
        return self.sessions(bind=self._bound[writes])


def make_engine(
    url: str,
    *,
    application: str = "laurel-web",
    statement_timeout_ms: int = 5000,
    pool_size: int = 8,
    pool_timeout: float = 2,
    patience_ms: int = PATIENCE_MS,
) -> Engine:
    """An engine whose commits are durable and whose waits end: see the settings in docs/decisions/0002."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed, patience_ms)
    return _postgresql_engine(parsed, application, statement_timeout_ms, pool_size, pool_timeout)


def _sqlite_engine(url: URL, patience_ms: int) -> Engine:
    engine = create_engine(url, connect_args={"timeout": PATIENCE_MS / 1000, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={PATIENCE_MS}", "foreign_keys=ON", "trusted_schema=OFF"):
            connection.execute(f"PRAGMA {pragma}")
        connection.create_function("lower", 1, _lower, deterministic=True)

    queue_writers(engine, patience_ms=patience_ms)
    return engine


def _lower(value: object) -> object:
    """Small letters of every script, as PostgreSQL makes them: SQLite itself knows those of English."""
    return value.lower() if isinstance(value, str) else value


def _postgresql_engine(url: URL, application: str, statement_timeout_ms: int, pool_size: int, pool_timeout: float) -> Engine:
    import psycopg  # the embedded database needs no driver
    from psycopg.pq import ExecStatus

    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=pool_timeout,
        pool_recycle=1800,
        connect_args=postgresql_options(application=application, statement_timeout_ms=statement_timeout_ms),
    )

    @event.listens_for(engine, "connect")
    def note(_connection: Any, record: Any) -> None:
        record.info["is_new"] = True

    @event.listens_for(engine, "checkout")
    def begin(connection: Any, record: Any, _proxy: Any) -> None:
        """Begin the transaction as the connection leaves the pool: if it is dead, this finds out, as `pool_pre_ping` would, and
        the pool is filled anew before anything was said on it. The BEGIN that would have come next is saved (decision 0012)."""
        is_new = record.info.pop("is_new", False)
        if connection.pgconn.exec_(b"BEGIN").status != ExecStatus.COMMAND_OK:
            raise psycopg.OperationalError("the server hung up at once") if is_new else InvalidatePoolError

    return engine


class _DatabaseClock(FunctionElement[datetime]):
    type = UtcDateTime()
    inherit_cache = True


@compiles(_DatabaseClock)
def _ask_the_clock(_element: _DatabaseClock, _compiler: Any, **_options: Any) -> str:
    return "clock_timestamp()"


@compiles(_DatabaseClock, "sqlite")
def _leave_the_clock_to_us(_element: _DatabaseClock, _compiler: Any, **_options: Any) -> str:
    return "NULL"


DATABASE_CLOCK: ColumnElement[datetime] = _DatabaseClock()
"""The database's clock as a column of a statement that asks for other things, too. `moment_of` reads its value."""


def moment_of(clock_column: datetime | None) -> datetime:
    """The moment that DATABASE_CLOCK told. SQLite is in-process: its clock is ours, and the column is empty."""
    return clock.now() if clock_column is None else clock_column


def postgresql_options(*, application: str, statement_timeout_ms: int = 5000) -> dict[str, Any]:
    """What libpq is told about every connection of ours, so that none waits for ever: not for a lock, not for a server that is gone."""
    limits = {
        "statement_timeout": str(statement_timeout_ms),
        "lock_timeout": "2000",
        "idle_in_transaction_session_timeout": "5000",
        "TimeZone": "UTC",
    }
    return {
        "connect_timeout": 3,
        "application_name": application,
        "keepalives": 1,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 4000,
        "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
    }


def database_now(session: Session) -> datetime:
    """The moment by the database's clock, which alone decides deadlines."""
    if session.get_bind().dialect.name == "sqlite":
        return clock.now()
    return moment_of(session.connection().execute(_CLOCK).scalar_one())


_CLOCK = select(DATABASE_CLOCK)


def check_durability(engine: Engine) -> list[str]:
    """What is wrong with the database's settings for keeping acknowledged writes; empty if nothing is."""
    if engine.dialect.name == "sqlite":
        return []
    with engine.connect() as connection:
        found = {
            name: connection.execute(text(f"SHOW {name}")).scalar_one() for name in ("synchronous_commit", "fsync", "full_page_writes")
        }
    return [f"{name} is {value}; it must be on" for name, value in found.items() if value != "on"]
