"""Since when what a course certifies is written in the studio, and not in the course's file."""

import sqlalchemy as sa
from alembic import op

revision = '0036'
down_revision = '0035'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('achievements', sa.Column('authored_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Refused while the studio has written a certificate: the next seed would put the file's words in its place."""
    if op.get_bind().execute(sa.text('SELECT 1 FROM achievements WHERE authored_at IS NOT NULL LIMIT 1')).first():
        raise RuntimeError('A certificate was written in the studio. The table from before cannot say so.')
    op.execute('ALTER TABLE achievements DROP COLUMN authored_at')  # no batch: it copies the table, and other tables point at it
