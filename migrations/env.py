"""Alembic's entry: the tables as the models declare them, on the connection that the caller hands over."""

from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON, BigInteger

from laurel.core.db import Base, ExactDecimal, UtcDateTime
from laurel.models import import_all

import_all()


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | bool:
    """Write our own column types so that a migration does not import the application."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, ExactDecimal):
        return "EXACT_DECIMAL"
    if isinstance(item, JSON):
        return "JSON_VALUE"
    if isinstance(item, BigInteger) and "sqlite" in item._variant_mapping:
        return "MINOR"
    return False


def run() -> None:
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render_item,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=False,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
