"""How often certificates were looked at, by week. Code from before knows nothing of it: what it erases takes its numbers with it."""

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('weekly_views',
    sa.Column('credential_id', sa.Uuid(), nullable=False),
    sa.Column('monday', sa.Date(), nullable=False),
    sa.Column('views', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['credential_id'], ['credentials.id'], name=op.f('fk_weekly_views_credential_id_credentials'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('credential_id', 'monday', name=op.f('pk_weekly_views'))
    )


def downgrade() -> None:
    op.drop_table('weekly_views')
