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
    for name in ADDED:
        op.execute(f"ALTER TABLE achievement_versions DROP COLUMN {name}")  # no batch: it copies the table, and other tables point at it
