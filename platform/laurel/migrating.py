"""Alembic without an ini file."""

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from laurel.core.db import make_engine
from laurel.settings import root

LOCK = 5_140_823
"""The advisory lock that one migration holds, so that two started at once run one after the other."""


def alembic_config() -> Config:
    """The configuration; give it the connection to use as `attributes["connection"]`."""
    config = Config()
    config.set_main_option("script_location", str(root() / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def migrate_database(url: str) -> None:
    """Bring the database at `url` to the head of the migrations; safe to call twice at once."""
    engine = make_engine(url, application="laurel-migrations", statement_timeout_ms=0)
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            connection.execute(text("SET LOCAL lock_timeout = '500ms'"))
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()
