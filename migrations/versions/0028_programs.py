"""What a program says besides: its code, frameworks that it meets, and whether the signed document names the holder."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0028'
down_revision = '0027'
branch_labels = None
depends_on = None

JSON_VALUE = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql')
ADDED = ('code', 'alignments', 'names_holder')


def upgrade() -> None:
    op.add_column('achievement_versions', sa.Column('code', sa.String(40), nullable=False, server_default=''))
    op.add_column('achievement_versions', sa.Column('alignments', JSON_VALUE, nullable=False, server_default='[]'))
    op.add_column('achievement_versions', sa.Column('names_holder', sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    """Refused once a program says one of these: what was signed by it could not be signed again, and names would come into signed files."""
    if op.get_bind().execute(sa.text('SELECT 1 FROM achievement_versions WHERE NOT names_holder LIMIT 1')).first():
        raise RuntimeError('A program keeps names out of signed files. The tables from before cannot say so.')
    if op.get_bind().execute(sa.text("SELECT 1 FROM achievement_versions WHERE code <> '' OR alignments <> '[]' LIMIT 1")).first():
        raise RuntimeError('Programs say their code, or frameworks that they meet. The tables from before cannot say so.')
    for name in ADDED:
        op.execute(f"ALTER TABLE achievement_versions DROP COLUMN {name}")  # no batch: it copies the table, and other tables point at it
