"""Renewals by CPD points: what a program asks for, what holders enter, and what came of it."""

import sqlalchemy as sa
from alembic import op

revision = '0031'
down_revision = '0030'
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table('point_activities',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('credential_id', sa.Uuid(), nullable=False),
    sa.Column('title', sa.String(200), nullable=False),
    sa.Column('provider', sa.String(200), nullable=False),
    sa.Column('happened_on', sa.Date(), nullable=False),
    sa.Column('hundredths', sa.Integer(), nullable=False),
    sa.Column('link', sa.String(500), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('entered_at', MOMENT, nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(30), nullable=False),
    sa.Column('decided_at', MOMENT, nullable=True),
    sa.Column('decided_by_id', sa.Uuid(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('renewal_id', sa.Uuid(), nullable=True),
    sa.CheckConstraint('hundredths > 0', name=op.f('ck_point_activities_some')),
    sa.ForeignKeyConstraint(['credential_id'], ['credentials.id'], name=op.f('fk_point_activities_credential_id_credentials')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['users.id'], name=op.f('fk_point_activities_decided_by_id_users')),
    sa.ForeignKeyConstraint(['renewal_id'], ['credentials.id'], name=op.f('fk_point_activities_renewal_id_credentials')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_point_activities'))
    )
    op.create_index('ix_point_activities_credential_id_state', 'point_activities', ['credential_id', 'state'])
    op.create_index('ix_point_activities_state_entered_at', 'point_activities', ['state', 'entered_at'])
    for column in ('decided_by_id', 'renewal_id'):
        op.create_index(op.f(f'ix_point_activities_{column}'), 'point_activities', [column])
    op.create_table('point_renewals',
    sa.Column('credential_id', sa.Uuid(), nullable=False),
    sa.Column('needed', sa.Integer(), nullable=False),
    sa.Column('counted', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['credential_id'], ['credentials.id'], name=op.f('fk_point_renewals_credential_id_credentials')),
    sa.PrimaryKeyConstraint('credential_id', name=op.f('pk_point_renewals'))
    )
    op.add_column('achievements', sa.Column('renewal_points', sa.Integer(), nullable=False, server_default='0'))


def downgrade() -> None:
    """Refused once somebody entered an activity: the tables from before cannot keep it, nor say what renewed a certificate."""
    for table in ('point_activities', 'point_renewals'):
        if op.get_bind().execute(sa.text(f"SELECT 1 FROM {table} LIMIT 1")).first():
            raise RuntimeError("Holders have entered points. The tables from before cannot keep them.")
    op.execute("ALTER TABLE achievements DROP COLUMN renewal_points")  # no batch: it copies the table, and other tables point at it
    op.drop_table('point_renewals')
    op.drop_table('point_activities')
