"""Keys: a document may be signed again under its old place on the status list, and says why it was signed."""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

UNIQUE = 'uq_credential_versions_status_entry_id'
INDEX = 'ix_credential_versions_status_entry_id'


def upgrade() -> None:
    with op.batch_alter_table('credential_versions') as batch_op:
        batch_op.add_column(sa.Column('cause', sa.String(length=30), server_default='issued', nullable=False))
        batch_op.drop_constraint(UNIQUE, type_='unique')
        batch_op.create_index(INDEX, ['status_entry_id'])


def downgrade() -> None:
    """Fails where a document was signed again: the old schema has no room for that."""
    with op.batch_alter_table('credential_versions') as batch_op:
        batch_op.drop_index(INDEX)
        batch_op.create_unique_constraint(UNIQUE, ['status_entry_id'])
        batch_op.drop_column('cause')
