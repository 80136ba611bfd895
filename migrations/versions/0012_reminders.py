"""Selling: who wants a mail about a payment that was begun and not finished."""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0010'
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table('checkout_reminders',
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('asked_at', MOMENT, nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_checkout_reminders_order_id_orders')),
    sa.PrimaryKeyConstraint('order_id', name=op.f('pk_checkout_reminders'))
    )


def downgrade() -> None:
    op.drop_table('checkout_reminders')
