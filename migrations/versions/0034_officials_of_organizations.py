"""Who answers for an organization, as its next certificates say it."""

import sqlalchemy as sa
from alembic import op

revision = '0034'
down_revision = '0032'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('organizations', sa.Column('official', sa.String(100), nullable=False, server_default=''))


def downgrade() -> None:
    """Refused while an organization names somebody: its next certificates would name nobody."""
    if op.get_bind().execute(sa.text("SELECT 1 FROM organizations WHERE official <> '' LIMIT 1")).first():
        raise RuntimeError('An organization names who answers for it. The table from before cannot say so.')
    op.execute('ALTER TABLE organizations DROP COLUMN official')  # no batch: it copies the table, and other tables point at it
