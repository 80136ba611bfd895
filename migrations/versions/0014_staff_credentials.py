"""Credentials in the hands of staff: why a version was corrected, credentials without an attempt, and acts on many at once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON_VALUE = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql')
EARNED = "source <> 'exam' OR (attempt_id IS NOT NULL AND enrollment_id IS NOT NULL)"
LINKS = ('attempt_id', 'enrollment_id')


def upgrade() -> None:
    with op.batch_alter_table('credential_versions') as batch_op:
        batch_op.add_column(sa.Column('note', sa.Text(), nullable=False, server_default=''))
    op.execute(f"ALTER TABLE credentials ADD COLUMN source VARCHAR(30) DEFAULT 'exam' NOT NULL CONSTRAINT ck_credentials_earned CHECK ({EARNED})")
    _let_be_empty(True)
    op.create_table('bulk_jobs',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=30), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('terms', JSON_VALUE, nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('actor_id', sa.Uuid(), nullable=False),
    sa.Column('state', sa.String(length=30), nullable=False),
    sa.Column('confirmed_at', MOMENT, nullable=True),
    sa.Column('finished_at', MOMENT, nullable=True),
    sa.Column('error', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['users.id'], name=op.f('fk_bulk_jobs_actor_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bulk_jobs')),
    sa.UniqueConstraint('key', name=op.f('uq_bulk_jobs_key'))
    )
    op.create_index(op.f('ix_bulk_jobs_actor_id'), 'bulk_jobs', ['actor_id'], unique=False)
    op.create_index(op.f('ix_bulk_jobs_state'), 'bulk_jobs', ['state'], unique=False)
    op.create_table('bulk_rows',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('job_id', sa.Uuid(), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=30), nullable=False),
    sa.Column('email', sa.String(length=320), nullable=False),
    sa.Column('name', sa.String(length=240), nullable=False),
    sa.Column('course', sa.String(length=200), nullable=False),
    sa.Column('awarded_at', MOMENT, nullable=True),
    sa.Column('message', sa.String(length=300), nullable=False),
    sa.Column('credential_id', sa.Uuid(), nullable=True),
    sa.ForeignKeyConstraint(['credential_id'], ['credentials.id'], name=op.f('fk_bulk_rows_credential_id_credentials')),
    sa.ForeignKeyConstraint(['job_id'], ['bulk_jobs.id'], name=op.f('fk_bulk_rows_job_id_bulk_jobs')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bulk_rows')),
    sa.UniqueConstraint('job_id', 'n', name=op.f('uq_bulk_rows_job_id_n'))
    )
    op.create_index(op.f('ix_bulk_rows_credential_id'), 'bulk_rows', ['credential_id'], unique=False)
    op.create_index('ix_bulk_rows_job_id_state_n', 'bulk_rows', ['job_id', 'state', 'n'], unique=False)


def downgrade() -> None:
    """Refused by the database while a credential without an attempt exists: it has no place in the tables from before."""
    op.drop_table('bulk_rows')
    op.drop_table('bulk_jobs')
    _let_be_empty(False)
    if op.get_bind().dialect.name == 'postgresql':
        op.drop_column('credentials', 'source')
    else:
        _rewrite("source VARCHAR(30) DEFAULT 'exam' NOT NULL CONSTRAINT ck_credentials_earned CHECK (" + EARNED + ")", "source VARCHAR(30)")
        op.execute("ALTER TABLE credentials DROP COLUMN source")
    with op.batch_alter_table('credential_versions') as batch_op:
        batch_op.drop_column('note')


def _let_be_empty(may_be: bool) -> None:
    """Let a credential be without attempt and enrollment. SQLite cannot alter that; copying the table would drop what other tables
    point at. So its text is changed, as https://www.sqlite.org/lang_altertable.html#otheralter says for NOT NULL."""
    for column in LINKS:
        if op.get_bind().dialect.name == 'postgresql':
            op.alter_column('credentials', column, existing_type=sa.Uuid(), nullable=may_be)
        else:
            _rewrite(*((f"{column} CHAR(32) NOT NULL", f"{column} CHAR(32)") if may_be else (f"{column} CHAR(32)", f"{column} CHAR(32) NOT NULL")))


def _rewrite(old: str, new: str) -> None:
    bind = op.get_bind()
    sql = bind.execute(sa.text("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'credentials'")).scalar_one()
    if sql.count(old) != 1:
        raise RuntimeError(f"The table credentials does not say {old!r} once.")
    if "NOT NULL" in new and bind.execute(sa.text(f"SELECT 1 FROM credentials WHERE {new.split()[0]} IS NULL LIMIT 1")).first():
        raise RuntimeError("There are credentials without an attempt. They have no place in the tables from before.")
    version = bind.execute(sa.text("PRAGMA schema_version")).scalar_one()
    bind.execute(sa.text("PRAGMA writable_schema = ON"))
    bind.execute(
        sa.text("UPDATE sqlite_schema SET sql = :sql WHERE type = 'table' AND name = 'credentials'"), {"sql": sql.replace(old, new)}
    )
    bind.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    bind.execute(sa.text("PRAGMA writable_schema = RESET"))
