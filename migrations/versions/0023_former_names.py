"""What links from before a change of name lead to, and former names that are forgotten. The name on the next certificate is kept apart
from the account's for whoever holds one already."""

import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0020'
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ADDED = (
    ('credentials', 'address_code', sa.String(20)),
    ('credentials', 'old_links_closed_at', MOMENT),
    ('credentials', 'former_name_since', MOMENT),
    ('credential_versions', 'settled_sha256', sa.String(64)),
    ('renamed_credentials', 'former_code', sa.String(20)),
    ('renamed_credentials', 'former_closed_at', MOMENT),
)


def upgrade() -> None:
    for table, column, kind in ADDED:
        op.add_column(table, sa.Column(column, kind, nullable=True))
    op.add_column('name_changes', sa.Column('old_links_lead_on', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute('UPDATE users SET certificate_name = name WHERE certificate_name IS NULL AND id IN (SELECT holder_id FROM credentials)')


def downgrade() -> None:
    """Refused while links are closed or words were forgotten: the tables from before would show a new name to whoever has the former."""
    closed = 'SELECT 1 FROM credentials WHERE old_links_closed_at IS NOT NULL OR former_name_since IS NOT NULL LIMIT 1'
    forgotten = 'SELECT 1 FROM credential_versions WHERE settled_sha256 IS NOT NULL LIMIT 1'
    if op.get_bind().execute(sa.text(closed)).first() or op.get_bind().execute(sa.text(forgotten)).first():
        raise RuntimeError('Names have changed, or scores were taken off. The tables from before cannot keep what was before apart.')
    for table, column in (*((table, column) for table, column, _kind in ADDED), ('name_changes', 'old_links_lead_on')):
        op.execute(f'ALTER TABLE {table} DROP COLUMN {column}')  # no batch: it copies the table, and other tables point at it
