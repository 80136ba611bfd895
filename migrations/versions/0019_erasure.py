"""Certificates that were erased, and such as are on hold. The chain of events outlives the certificates that it speaks of."""

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0017'
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
LINK = 'fk_credential_events_credential_id_credentials'


def upgrade() -> None:
    op.create_table('erased_credentials',
    sa.Column('credential_id', sa.Uuid(), nullable=False),
    sa.Column('number_sha256', sa.String(64), nullable=False),
    sa.Column('reason', sa.String(60), nullable=False),
    sa.Column('erased_at', MOMENT, nullable=False),
    sa.PrimaryKeyConstraint('credential_id', name=op.f('pk_erased_credentials')),
    sa.UniqueConstraint('number_sha256', name=op.f('uq_erased_credentials_number_sha256'))
    )
    op.create_table('erased_awards',
    sa.Column('attempt_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempts.id'], name=op.f('fk_erased_awards_attempt_id_attempts')),
    sa.PrimaryKeyConstraint('attempt_id', name=op.f('pk_erased_awards'))
    )
    with op.batch_alter_table('credential_events') as batch_op:
        batch_op.drop_constraint(op.f(LINK), type_='foreignkey')
    with op.batch_alter_table('credentials') as batch_op:
        batch_op.add_column(sa.Column('on_hold_at', MOMENT, nullable=True))
        batch_op.add_column(sa.Column('hold_note', sa.Text(), nullable=False, server_default=''))


def downgrade() -> None:
    """Refused while something was erased: the tables from before would say that it never existed, or award it again."""
    if op.get_bind().execute(sa.text("SELECT 1 FROM erased_credentials LIMIT 1")).first():
        raise RuntimeError("Certificates were erased. The tables from before cannot say so.")
    for column in ('hold_note', 'on_hold_at'):
        op.execute(f"ALTER TABLE credentials DROP COLUMN {column}")  # no batch: it copies the table, and other tables point at it
    with op.batch_alter_table('credential_events') as batch_op:
        batch_op.create_foreign_key(op.f(LINK), 'credentials', ['credential_id'], ['id'])
    op.drop_table('erased_awards')
    op.drop_table('erased_credentials')
