"""That a holder agreed to a score on their certificate, and whether a program lets them."""

import sqlalchemy as sa
from alembic import op

revision = '0027'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('credentials', sa.Column('score_consented_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('achievement_versions', sa.Column('offers_score', sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    op.execute("ALTER TABLE achievement_versions DROP COLUMN offers_score")  # no batch: it copies the table, and other tables point at it
    op.execute("ALTER TABLE credentials DROP COLUMN score_consented_at")
