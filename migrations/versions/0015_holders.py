"""Certificates in the hands of their holders: who may see one, links that show it, notices of its end, changes of name."""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
IS_OPEN = "state IN ('waiting', 'approved', 'reversing')"


def upgrade() -> None:
    with op.batch_alter_table('credentials') as batch_op:
        batch_op.add_column(sa.Column('visibility', sa.String(30), nullable=False, server_default='unlisted'))
    op.create_table('share_links',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('credential_id', sa.Uuid(), nullable=False),
    sa.Column('label', sa.String(80), nullable=False),
    sa.Column('made_at', MOMENT, nullable=False),
    sa.Column('ends_at', MOMENT, nullable=False),
    sa.Column('withdrawn_at', MOMENT, nullable=True),
    sa.ForeignKeyConstraint(['credential_id'], ['credentials.id'], name=op.f('fk_share_links_credential_id_credentials')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_share_links'))
    )
    op.create_index(op.f('ix_share_links_credential_id'), 'share_links', ['credential_id'])
    op.create_table('expiry_notices',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('credential_id', sa.Uuid(), nullable=False),
    sa.Column('ends_at', MOMENT, nullable=False),
    sa.Column('days', sa.Integer(), nullable=False),
    sa.Column('told_at', MOMENT, nullable=True),
    sa.ForeignKeyConstraint(['credential_id'], ['credentials.id'], name=op.f('fk_expiry_notices_credential_id_credentials')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_expiry_notices')),
    sa.UniqueConstraint('credential_id', 'ends_at', 'days', name=op.f('uq_expiry_notices_credential_id_ends_at_days'))
    )
    op.create_table('name_changes',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('new_name', sa.String(120), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('state', sa.String(30), nullable=False),
    sa.Column('is_automatic', sa.Boolean(), nullable=False),
    sa.Column('asked_at', MOMENT, nullable=False),
    sa.Column('decided_at', MOMENT, nullable=True),
    sa.Column('decided_by_id', sa.Uuid(), nullable=True),
    sa.Column('refusal', sa.Text(), nullable=False),
    sa.Column('applied_at', MOMENT, nullable=True),
    sa.Column('former_account_name', sa.String(120), nullable=True),
    sa.Column('former_certificate_name', sa.String(120), nullable=True),
    sa.ForeignKeyConstraint(['decided_by_id'], ['users.id'], name=op.f('fk_name_changes_decided_by_id_users')),
    sa.ForeignKeyConstraint(['person_id'], ['users.id'], name=op.f('fk_name_changes_person_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_name_changes'))
    )
    op.create_index(op.f('ix_name_changes_decided_by_id'), 'name_changes', ['decided_by_id'])
    op.create_index(op.f('ix_name_changes_person_id'), 'name_changes', ['person_id'])
    op.create_index(op.f('ix_name_changes_state'), 'name_changes', ['state'])
    op.create_index('ix_name_changes_one_open', 'name_changes', ['person_id'], unique=True,
                    sqlite_where=sa.text(IS_OPEN), postgresql_where=sa.text(IS_OPEN))
    op.create_table('renamed_credentials',
    sa.Column('change_id', sa.Uuid(), nullable=False),
    sa.Column('credential_id', sa.Uuid(), nullable=False),
    sa.Column('former_name', sa.String(240), nullable=True),
    sa.ForeignKeyConstraint(['change_id'], ['name_changes.id'], name=op.f('fk_renamed_credentials_change_id_name_changes')),
    sa.ForeignKeyConstraint(['credential_id'], ['credentials.id'], name=op.f('fk_renamed_credentials_credential_id_credentials')),
    sa.PrimaryKeyConstraint('change_id', 'credential_id', name=op.f('pk_renamed_credentials'))
    )
    op.create_index(op.f('ix_renamed_credentials_credential_id'), 'renamed_credentials', ['credential_id'])


def downgrade() -> None:
    op.drop_table('renamed_credentials')
    op.drop_table('name_changes')
    op.drop_table('expiry_notices')
    op.drop_table('share_links')
    op.execute("ALTER TABLE credentials DROP COLUMN visibility")  # no batch: it copies the table, and other tables point at it
