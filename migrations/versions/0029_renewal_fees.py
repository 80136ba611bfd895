"""Renewals for a fee: who may buy one, those that were bought, what they renewed; and whether a program's exam renews at all."""

import sqlalchemy as sa
from alembic import op

revision = '0029'
down_revision = "0028"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
OPEN = 'closed_at IS NULL AND about_id IS NOT NULL'


def upgrade() -> None:
    op.create_table('renewal_permits',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Uuid(), nullable=False),
    sa.Column('about_id', sa.Uuid(), nullable=True),
    sa.Column('opened_at', MOMENT, nullable=False),
    sa.Column('closes_at', MOMENT, nullable=False),
    sa.Column('closed_at', MOMENT, nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_renewal_permits_user_id_users')),
    sa.ForeignKeyConstraint(['course_id'], ['courses.id'], name=op.f('fk_renewal_permits_course_id_courses')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_renewal_permits'))
    )
    for column in ('user_id', 'course_id', 'about_id'):
        op.create_index(op.f(f'ix_renewal_permits_{column}'), 'renewal_permits', [column])
    op.create_index('uq_renewal_permits_about_id_open', 'renewal_permits', ['about_id'], unique=True,
                    sqlite_where=sa.text(OPEN), postgresql_where=sa.text(OPEN))
    op.create_table('renewal_fees',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('order_line_id', sa.Uuid(), nullable=False),
    sa.Column('permit_id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('paid_at', MOMENT, nullable=True),
    sa.Column('status', sa.String(30), nullable=False),
    sa.Column('used_at', MOMENT, nullable=True),
    sa.Column('taken_by', sa.String(60), nullable=True),
    sa.ForeignKeyConstraint(['order_line_id'], ['order_lines.id'], name=op.f('fk_renewal_fees_order_line_id_order_lines')),
    sa.ForeignKeyConstraint(['permit_id'], ['renewal_permits.id'], name=op.f('fk_renewal_fees_permit_id_renewal_permits')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_renewal_fees_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_renewal_fees')),
    sa.UniqueConstraint('order_line_id', name=op.f('uq_renewal_fees_order_line_id'))
    )
    for column in ('permit_id', 'user_id'):
        op.create_index(op.f(f'ix_renewal_fees_{column}'), 'renewal_fees', [column])
    op.create_table('fee_renewals',
    sa.Column('credential_id', sa.Uuid(), nullable=False),
    sa.Column('order_line_id', sa.Uuid(), nullable=False),
    sa.Column('held_at', MOMENT, nullable=True),
    sa.Column('ended_at', MOMENT, nullable=True),
    sa.ForeignKeyConstraint(['credential_id'], ['credentials.id'], name=op.f('fk_fee_renewals_credential_id_credentials')),
    sa.ForeignKeyConstraint(['order_line_id'], ['order_lines.id'], name=op.f('fk_fee_renewals_order_line_id_order_lines')),
    sa.PrimaryKeyConstraint('credential_id', name=op.f('pk_fee_renewals'))
    )
    op.create_index(op.f('ix_fee_renewals_order_line_id'), 'fee_renewals', ['order_line_id'])
    op.add_column('achievements', sa.Column('renewal_by_exam', sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    """Refused once a renewal was paid for: the tables from before could not say what stands behind it."""
    if op.get_bind().execute(sa.text("SELECT 1 FROM renewal_fees WHERE paid_at IS NOT NULL LIMIT 1")).first():
        raise RuntimeError("Renewals were paid for. The tables from before cannot say so.")
    op.execute("ALTER TABLE achievements DROP COLUMN renewal_by_exam")  # no batch: it copies the table, and other tables point at it
    op.drop_table('fee_renewals')
    op.drop_table('renewal_fees')
    op.drop_table('renewal_permits')
