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
    """Refused once a holder agreed or a program said that it gives none: the tables from before would forget a consent, or offer scores."""
    if op.get_bind().execute(sa.text('SELECT 1 FROM credentials WHERE score_consented_at IS NOT NULL LIMIT 1')).first():
        raise RuntimeError('Holders have agreed to show a score. The tables from before cannot say so.')
    if op.get_bind().execute(sa.text('SELECT 1 FROM achievement_versions WHERE NOT offers_score LIMIT 1')).first():
        raise RuntimeError('A program gives no scores. The tables from before cannot say so.')
    op.execute("ALTER TABLE achievement_versions DROP COLUMN offers_score")  # no batch: it copies the table, and other tables point at it
    op.execute("ALTER TABLE credentials DROP COLUMN score_consented_at")
