"""Selling: which refund or dispute took a seat or an exam credit back, so that it returns if the money does not."""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('vouchers') as batch_op:
        batch_op.add_column(sa.Column('taken_by', sa.String(length=60), nullable=True))
    with op.batch_alter_table('exam_credits') as batch_op:
        batch_op.add_column(sa.Column('taken_by', sa.String(length=60), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('exam_credits') as batch_op:
        batch_op.drop_column('taken_by')
    with op.batch_alter_table('vouchers') as batch_op:
        batch_op.drop_column('taken_by')
