"""Many certificates at once: when a job last moved."""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('bulk_jobs', sa.Column('moved_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.execute("ALTER TABLE bulk_jobs DROP COLUMN moved_at")  # no batch: it copies the table, and other tables point at it
