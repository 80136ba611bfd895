"""Requests that need a second person; organizations that certify in their own name."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON_VALUE = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql')
FOREIGN = 'fk_achievement_versions_organization_id_organizations'
IS_WAITING = "state = 'waiting'"


def upgrade() -> None:
    op.create_table('approvals',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('action', sa.String(60), nullable=False),
    sa.Column('about_id', sa.Uuid(), nullable=False),
    sa.Column('facts', JSON_VALUE, nullable=False),
    sa.Column('fingerprint', sa.String(64), nullable=False),
    sa.Column('asked_by_id', sa.Uuid(), nullable=False),
    sa.Column('asked_at', MOMENT, nullable=False),
    sa.Column('ends_at', MOMENT, nullable=False),
    sa.Column('state', sa.String(30), nullable=False),
    sa.Column('answered_by_id', sa.Uuid(), nullable=True),
    sa.Column('answered_at', MOMENT, nullable=True),
    sa.ForeignKeyConstraint(['answered_by_id'], ['users.id'], name=op.f('fk_approvals_answered_by_id_users')),
    sa.ForeignKeyConstraint(['asked_by_id'], ['users.id'], name=op.f('fk_approvals_asked_by_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_approvals'))
    )
    op.create_index(op.f('ix_approvals_about_id'), 'approvals', ['about_id'])
    op.create_index(op.f('ix_approvals_answered_by_id'), 'approvals', ['answered_by_id'])
    op.create_index(op.f('ix_approvals_asked_by_id'), 'approvals', ['asked_by_id'])
    op.create_index(op.f('ix_approvals_state'), 'approvals', ['state'])
    op.create_index('ix_approvals_one_waiting', 'approvals', ['fingerprint'], unique=True,
                    postgresql_where=sa.text(IS_WAITING), sqlite_where=sa.text(IS_WAITING))
    op.create_table('organizations',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('slug', sa.String(40), nullable=False),
    sa.Column('name', sa.String(120), nullable=False),
    sa.Column('url', sa.String(300), nullable=False),
    sa.Column('email', sa.String(254), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('logo', sa.LargeBinary(), nullable=True),
    sa.Column('has_logo', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organizations')),
    sa.UniqueConstraint('slug', name=op.f('uq_organizations_slug'))
    )
    kind = 'UUID' if op.get_bind().dialect.name == 'postgresql' else 'CHAR(32)'
    op.execute(f'ALTER TABLE achievement_versions ADD COLUMN organization_id {kind} CONSTRAINT {FOREIGN} REFERENCES organizations (id)')
    op.create_index(op.f('ix_achievement_versions_organization_id'), 'achievement_versions', ['organization_id'])


def downgrade() -> None:
    """Refused while something is awarded in an organization's name: below, it would be the house's."""
    if op.get_bind().execute(sa.text('SELECT 1 FROM achievement_versions WHERE organization_id IS NOT NULL LIMIT 1')).first():
        raise RuntimeError('There are achievements of organizations. They have no place in the tables from before.')
    op.drop_index(op.f('ix_achievement_versions_organization_id'), 'achievement_versions')
    with op.batch_alter_table('achievement_versions') as batch_op:
        batch_op.drop_column('organization_id')
    op.drop_table('organizations')
    op.drop_table('approvals')
