"""By which digits LinkedIn knows an organization."""

import sqlalchemy as sa
from alembic import op

revision = '0035'
down_revision = '0034'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('organizations', sa.Column('linkedin_id', sa.String(20), nullable=False, server_default=''))


def downgrade() -> None:
    """Refused while an organization has said them: nobody but it knows them."""
    if op.get_bind().execute(sa.text("SELECT 1 FROM organizations WHERE linkedin_id <> '' LIMIT 1")).first():
        raise RuntimeError('An organization has its digits at LinkedIn. The table from before cannot keep them.')
    op.execute('ALTER TABLE organizations DROP COLUMN linkedin_id')  # no batch: it copies the table, and other tables point at it
