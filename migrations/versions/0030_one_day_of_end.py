"""A version of an achievement may say one day with which all of its certificates end."""

import sqlalchemy as sa
from alembic import op

revision = '0030'
down_revision = '0029'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('achievement_versions', sa.Column('valid_until', sa.Date(), nullable=True))


def downgrade() -> None:
    """Refused while a version says a day: the table from before would take its certificates for endless."""
    if op.get_bind().execute(sa.text("SELECT 1 FROM achievement_versions WHERE valid_until IS NOT NULL LIMIT 1")).first():
        raise RuntimeError("A program says a day of end. The table from before cannot say so.")
    op.execute("ALTER TABLE achievement_versions DROP COLUMN valid_until")  # no batch: it copies the table, and other tables point at it
