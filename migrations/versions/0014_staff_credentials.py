"""Credentials in the hands of staff: why a version was corrected, credentials without an attempt, and acts on many at once."""

import re

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
    """Refused while a credential without an attempt exists: it has no place in the tables from before."""
    op.drop_table('bulk_rows')
    op.drop_table('bulk_jobs')
    _let_be_empty(False)
    if op.get_bind().dialect.name == 'postgresql':
        op.drop_column('credentials', 'source')
    else:
        _rebuild({f", source VARCHAR(30) DEFAULT 'exam' NOT NULL CONSTRAINT ck_credentials_earned CHECK ({EARNED})": ''})
    with op.batch_alter_table('credential_versions') as batch_op:
        batch_op.drop_column('note')


def _let_be_empty(may_be: bool) -> None:
    """Let a credential be without attempt and enrollment, or no longer."""
    bind = op.get_bind()
    if not may_be and bind.execute(sa.text('SELECT 1 FROM credentials WHERE attempt_id IS NULL OR enrollment_id IS NULL LIMIT 1')).first():
        raise RuntimeError('There are credentials without an attempt. They have no place in the tables from before.')
    if bind.dialect.name == 'postgresql':
        for column in LINKS:
            op.alter_column('credentials', column, existing_type=sa.Uuid(), nullable=may_be)
    elif may_be:
        _rebuild({f'{column} CHAR(32) NOT NULL': f'{column} CHAR(32)' for column in LINKS})
    else:
        _rebuild({f'{column} CHAR(32)': f'{column} CHAR(32) NOT NULL' for column in LINKS})


def _rebuild(changes: dict[str, str]) -> None:
    """The table credentials anew with another text, its rows and its indexes: https://www.sqlite.org/lang_altertable.html#otheralter.

    Other tables point at it, so foreign keys must be off, as whoever migrates sees to: only then does dropping it delete nothing
    but itself, and what points at its name points at the new one.
    """
    bind = op.get_bind()
    if bind.execute(sa.text('PRAGMA foreign_keys')).scalar_one() and bind.execute(sa.text('SELECT 1 FROM credentials LIMIT 1')).first():
        raise RuntimeError('Foreign keys are on. Migrate without them, in one transaction, and check them afterwards.')
    told = sa.text("SELECT sql FROM sqlite_schema WHERE tbl_name = 'credentials' AND type = :type AND sql IS NOT NULL ORDER BY name")
    text = bind.execute(told, {'type': 'table'}).scalar_one()
    indexes = bind.execute(told, {'type': 'index'}).scalars().all()
    for old, new in changes.items():
        if text.count(old) != 1:
            raise RuntimeError(f'The table credentials does not say {old!r} once.')
        text = text.replace(old, new)
    bind.exec_driver_sql(re.sub(r'^CREATE TABLE "?credentials"?', 'CREATE TABLE new_credentials', text, count=1))
    columns = ', '.join(row.name for row in bind.execute(sa.text("SELECT name FROM pragma_table_info('new_credentials')")))
    for statement in (
        f'INSERT INTO new_credentials ({columns}) SELECT {columns} FROM credentials',
        'DROP TABLE credentials',
        'ALTER TABLE new_credentials RENAME TO credentials',
        *indexes,
    ):
        bind.exec_driver_sql(statement)
