"""Requests that need a second person."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0018'
down_revision = '0015'
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON_VALUE = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql')
IS_WAITING = "state = 'waiting'"


def upgrade() -> None:
    op.create_table('approvals',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('action', sa.String(60), nullable=False),
    sa.Column('about_id', sa.Uuid(), nullable=False),
    sa.Column('facts', JSON_VALUE, nullable=False),
    sa.Column('fingerprint', sa.String(64), nullable=False),
    sa.Column('asked_by_id', sa.Uuid(), nullable=False),
    sa.Column('asked_at', MOMENT, nullable=False),
    sa.Column('ends_at', MOMENT, nullable=False),
    sa.Column('state', sa.String(30), nullable=False),
    sa.Column('answered_by_id', sa.Uuid(), nullable=True),
    sa.Column('answered_at', MOMENT, nullable=True),
    sa.ForeignKeyConstraint(['answered_by_id'], ['users.id'], name=op.f('fk_approvals_answered_by_id_users')),
    sa.ForeignKeyConstraint(['asked_by_id'], ['users.id'], name=op.f('fk_approvals_asked_by_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_approvals'))
    )
    op.create_index(op.f('ix_approvals_about_id'), 'approvals', ['about_id'])
    op.create_index(op.f('ix_approvals_answered_by_id'), 'approvals', ['answered_by_id'])
    op.create_index(op.f('ix_approvals_asked_by_id'), 'approvals', ['asked_by_id'])
    op.create_index(op.f('ix_approvals_state'), 'approvals', ['state'])
    op.create_index('ix_approvals_one_waiting', 'approvals', ['fingerprint'], unique=True,
                    postgresql_where=sa.text(IS_WAITING), sqlite_where=sa.text(IS_WAITING))


def downgrade() -> None:
    op.drop_table('approvals')
