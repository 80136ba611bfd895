"""The migrations make what the models say, forwards and backwards, on both databases."""

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, select, text
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.core.db import Base, make_engine
from laurel.credentials.models import Credential, CredentialVersion
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.issuing import revoke
from laurel.migrating import migrate, migrate_database, open_for_migration
from tests.factories.credentials import make_credential
from tests.factories.organizations import make_acme, make_credential_of

VERSIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"


def test_the_models_equal_the_head_of_the_migrations(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    engine.dispose()

    assert differences == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_migration_that_has_to_wait_for_its_own_process_is_not_thrown_out(database_url: str) -> None:
    with open_for_migration(database_url) as connection:
        waits = connection.scalar(text("SHOW idle_in_transaction_session_timeout"))

    assert waits == "0"


def test_every_migration_goes_down_and_up_again(database_url: str) -> None:
    with open_for_migration(database_url) as connection:
        migrate(connection, "downgrade", "base")
        left = set(inspect(connection).get_table_names()) - {"alembic_version"}
    migrate_database(database_url)
    engine = make_engine(database_url)
    again = set(inspect(engine).get_table_names())
    engine.dispose()

    assert left == set()
    assert again >= set(Base.metadata.tables)


def rows_of(connection: Connection, table: str) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY id")).mappings()]  # noqa: S608 (our own tables' names)


def test_a_filled_database_goes_below_0014_and_up_again_and_keeps_its_certificates(database_url: str, session: Session) -> None:
    """On SQLite that rebuilds the table that holds them, while versions, links and rows of jobs point at it."""
    renewed, revoked = make_credential(session), make_credential(session)
    renewed.renewed_from_id = revoked.id  # it points at itself, too
    revoke(session, revoked.id, reason=RevocationReason.HOLDER_REQUEST, note="Why.", actor_id=None, now=clock.now())
    session.commit()
    with open_for_migration(database_url) as connection:
        before = {table: rows_of(connection, table) for table in ("credentials", "credential_versions", "credential_events")}
        indexes = sorted(index["name"] or "" for index in inspect(connection).get_indexes("credentials"))
        migrate(connection, "downgrade", "0013")
        below = rows_of(connection, "credentials")
        migrate(connection, "upgrade", "head")
        after = {table: rows_of(connection, table) for table in before}
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
        again = sorted(index["name"] or "" for index in inspect(connection).get_indexes("credentials"))

    assert after == before
    assert (len(below), "source" in below[0]) == (2, False)
    assert (differences, again) == ([], indexes)


def test_what_was_awarded_before_there_were_organizations_is_the_houses_and_what_is_an_organizations_is_not_forgotten(
    database_url: str, session: Session
) -> None:
    make_credential(session)
    session.commit()
    with open_for_migration(database_url) as connection:
        before = {table: rows_of(connection, table) for table in ("achievement_versions", "credentials")}
        migrate(connection, "downgrade", "0019")
        below = rows_of(connection, "achievement_versions")
        migrate(connection, "upgrade", "head")
        after = {table: rows_of(connection, table) for table in before}
    make_credential_of(session, make_acme(session))
    session.commit()

    with pytest.raises(RuntimeError, match="achievements of organizations"), open_for_migration(database_url) as connection:
        migrate(connection, "downgrade", "0019")

    assert (after, after["achievement_versions"][0]["organization_id"]) == (before, None)
    assert "organization_id" not in below[0]
    assert [{**whole, **row} for whole, row in zip(after["achievement_versions"], below, strict=True)] == before["achievement_versions"]
    with open_for_migration(database_url) as connection:
        assert [row["slug"] for row in rows_of(connection, "organizations")] == ["acme"]


TOLD_SINCE: list[tuple[str, str, str]] = [
    ("0025", "UPDATE credentials SET score_consented_at = awarded_at", "Holders have agreed to show a score"),
    ("0025", "UPDATE achievement_versions SET offers_score = :no", "A program gives no scores"),
    ("0027", "UPDATE achievement_versions SET code = 'WSP-101'", "Programs say their code"),
    ("0027", """UPDATE achievement_versions SET alignments = '[{"name": "Hazards"}]'""", "Programs say their code"),
    ("0027", "UPDATE achievement_versions SET names_holder = :no", "keeps names out of signed files"),
    ("0032", "UPDATE organizations SET official = 'Dr. Marsh'", "names who answers for it"),
    ("0034", "UPDATE organizations SET linkedin_id = '1337'", "digits at LinkedIn"),
    ("0035", "UPDATE achievements SET authored_at = created_at", "was written in the studio"),
]


@pytest.mark.parametrize(("below", "change", "words"), TOLD_SINCE)
def test_what_the_tables_from_before_cannot_keep_is_not_dropped(
    database_url: str, session: Session, below: str, change: str, words: str
) -> None:
    make_credential(session)
    make_acme(session)
    session.commit()
    with open_for_migration(database_url) as connection:
        connection.execute(text(change), {"no": False} if ":no" in change else {})
    with open_for_migration(database_url) as connection:
        before = {table: rows_of(connection, table) for table in ("achievement_versions", "credentials", "organizations")}

    with pytest.raises(RuntimeError, match=words), open_for_migration(database_url) as connection:
        migrate(connection, "downgrade", below)

    with open_for_migration(database_url) as connection:
        assert {table: rows_of(connection, table) for table in before} == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_table_that_others_point_at_is_not_rebuilt_with_foreign_keys_on(database_url: str, session: Session) -> None:
    make_credential(session)
    session.commit()
    with open_for_migration(database_url) as connection:
        migrate(connection, "downgrade", "0014")
    engine = make_engine(database_url)

    with pytest.raises(RuntimeError, match="Foreign keys are on"), engine.begin() as connection:
        migrate(connection, "downgrade", "0013")
    engine.dispose()

    assert session.scalar(text("SELECT count(*) FROM credential_versions")) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_migration_that_would_leave_a_reference_to_nothing_is_undone(database_url: str, session: Session) -> None:
    make_credential(session)
    session.commit()

    with pytest.raises(RuntimeError, match="Nothing was migrated"), open_for_migration(database_url) as connection:
        connection.execute(text("DELETE FROM credentials"))

    assert len(session.scalars(select(CredentialVersion)).all()) == 1
    assert len(session.scalars(select(Credential)).all()) == 1


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
