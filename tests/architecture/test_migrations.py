"""The migrations make what the models say, forwards and backwards, on both databases."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect

from laurel.core.db import Base, make_engine
from laurel.migrating import alembic_config, migrate_database

VERSIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"


def run(connection: Connection, action: str, revision: str) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    getattr(command, action)(config, revision)


def test_the_models_equal_the_head_of_the_migrations(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    engine.dispose()

    assert differences == []


def test_every_migration_goes_down_and_up_again(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.begin() as connection:
        run(connection, "downgrade", "base")
    left = set(inspect(engine).get_table_names()) - {"alembic_version"}
    engine.dispose()
    migrate_database(database_url)
    engine = make_engine(database_url)
    again = set(inspect(engine).get_table_names())
    engine.dispose()

    assert left == set()
    assert again >= set(Base.metadata.tables)


def test_migrating_twice_changes_nothing(database_url: str) -> None:
    migrate_database(database_url)


@pytest.mark.parametrize("path", sorted(VERSIONS.glob("*.py")), ids=lambda path: path.stem)
def test_a_migration_imports_no_model(path: Path) -> None:
    assert "laurel" not in path.read_text()


def test_every_foreign_key_is_the_start_of_an_index_or_never_looked_up(database_url: str) -> None:
    """A foreign key without an index makes deleting and joining slow; unique constraints and primary keys count."""
    engine = create_engine(database_url)
    inspector = inspect(engine)
    bare: list[str] = []
    for table in Base.metadata.sorted_tables:
        starts = [index["column_names"][0] for index in inspector.get_indexes(table.name)]
        starts += [constraint["column_names"][0] for constraint in inspector.get_unique_constraints(table.name)]
        starts += inspector.get_pk_constraint(table.name)["constrained_columns"][:1]
        columns = [key["constrained_columns"][0] for key in inspector.get_foreign_keys(table.name)]
        bare += [f"{table.name}.{column}" for column in columns if column not in starts]
    engine.dispose()

    assert sorted(bare) == []
