"""Time and staff acts: overrides, groups, accommodations, the outage ledger, announcements, and the history of one thing."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

EXACT_DECIMAL = sa.Numeric(20, 10).with_variant(sa.String(40), "sqlite")
JSON_VALUE = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table('attempts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('time_multiplier', EXACT_DECIMAL, nullable=True))
        batch_op.add_column(sa.Column('extra_seconds', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('hides_timer', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column('announcements', JSON_VALUE, nullable=True))
    with op.batch_alter_table('events', schema=None) as batch_op:
        batch_op.add_column(sa.Column('subject_id', sa.Uuid(), nullable=True))
        batch_op.create_index(batch_op.f('ix_events_subject_id'), ['subject_id'], unique=False)
    _create_terms()
    _create_ledger()


def _create_terms() -> None:
    op.create_table('learner_groups',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_learner_groups')),
    sa.UniqueConstraint('name', name=op.f('uq_learner_groups_name'))
    )
    op.create_table('learner_group_members',
    sa.Column('group_id', sa.Uuid(), nullable=False),
    sa.Column('learner_id', sa.Uuid(), nullable=False),
    sa.Column('added_at', MOMENT, nullable=False),
    sa.ForeignKeyConstraint(['group_id'], ['learner_groups.id'], name=op.f('fk_learner_group_members_group_id_learner_groups')),
    sa.ForeignKeyConstraint(['learner_id'], ['users.id'], name=op.f('fk_learner_group_members_learner_id_users')),
    sa.PrimaryKeyConstraint('group_id', 'learner_id', name=op.f('pk_learner_group_members'))
    )
    op.create_index(op.f('ix_learner_group_members_learner_id'), 'learner_group_members', ['learner_id'], unique=False)
    op.create_table('quiz_overrides',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('quiz_id', sa.Uuid(), nullable=False),
    sa.Column('learner_id', sa.Uuid(), nullable=True),
    sa.Column('group_id', sa.Uuid(), nullable=True),
    sa.Column('minutes', sa.Integer(), nullable=True),
    sa.Column('opens_at', MOMENT, nullable=True),
    sa.Column('is_always_open', sa.Boolean(), nullable=False),
    sa.Column('closes_at', MOMENT, nullable=True),
    sa.Column('never_closes', sa.Boolean(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=True),
    sa.Column('waives_wait', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('set_by_id', sa.Uuid(), nullable=False),
    sa.Column('set_at', MOMENT, nullable=False),
    sa.CheckConstraint('(learner_id IS NULL) <> (group_id IS NULL)', name=op.f('ck_quiz_overrides_one_receiver')),
    sa.ForeignKeyConstraint(['group_id'], ['learner_groups.id'], name=op.f('fk_quiz_overrides_group_id_learner_groups')),
    sa.ForeignKeyConstraint(['learner_id'], ['users.id'], name=op.f('fk_quiz_overrides_learner_id_users')),
    sa.ForeignKeyConstraint(['quiz_id'], ['quizzes.id'], name=op.f('fk_quiz_overrides_quiz_id_quizzes')),
    sa.ForeignKeyConstraint(['set_by_id'], ['users.id'], name=op.f('fk_quiz_overrides_set_by_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quiz_overrides')),
    sa.UniqueConstraint('quiz_id', 'group_id', name=op.f('uq_quiz_overrides_quiz_id_group_id')),
    sa.UniqueConstraint('quiz_id', 'learner_id', name=op.f('uq_quiz_overrides_quiz_id_learner_id'))
    )
    for column in ('group_id', 'learner_id', 'set_by_id'):
        op.create_index(op.f(f'ix_quiz_overrides_{column}'), 'quiz_overrides', [column], unique=False)
    op.create_table('accommodations',
    sa.Column('learner_id', sa.Uuid(), nullable=False),
    sa.Column('multiplier', EXACT_DECIMAL, nullable=False),
    sa.Column('extra_minutes', sa.Integer(), nullable=False),
    sa.Column('hides_timer', sa.Boolean(), nullable=False),
    sa.Column('expires_at', MOMENT, nullable=True),
    sa.Column('reason', sa.Enum('disability', 'health', 'language', 'technical', 'other', name='reasoncategory', native_enum=False, length=30), nullable=False),
    sa.Column('approved_by_id', sa.Uuid(), nullable=False),
    sa.Column('approved_at', MOMENT, nullable=False),
    sa.ForeignKeyConstraint(['approved_by_id'], ['users.id'], name=op.f('fk_accommodations_approved_by_id_users')),
    sa.ForeignKeyConstraint(['learner_id'], ['users.id'], name=op.f('fk_accommodations_learner_id_users')),
    sa.PrimaryKeyConstraint('learner_id', name=op.f('pk_accommodations'))
    )
    op.create_index(op.f('ix_accommodations_approved_by_id'), 'accommodations', ['approved_by_id'], unique=False)


def _create_ledger() -> None:
    op.create_table('heartbeats',
    sa.Column('instance', sa.String(length=120), nullable=False),
    sa.Column('at', MOMENT, nullable=False),
    sa.PrimaryKeyConstraint('instance', name=op.f('pk_heartbeats'))
    )
    op.create_index(op.f('ix_heartbeats_at'), 'heartbeats', ['at'], unique=False)
    op.create_table('outages',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Enum('silence', 'reports', 'clock', name='outagekind', native_enum=False, length=30), nullable=False),
    sa.Column('starts_at', MOMENT, nullable=False),
    sa.Column('ends_at', MOMENT, nullable=False),
    sa.Column('noticed_at', MOMENT, nullable=False),
    sa.Column('failed_saves', sa.Integer(), nullable=False),
    sa.Column('settled_at', MOMENT, nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outages')),
    sa.UniqueConstraint('starts_at', name=op.f('uq_outages_starts_at'))
    )
    op.create_index('ix_outages_ends_at', 'outages', ['ends_at'], unique=False)
    op.create_table('outage_credits',
    sa.Column('outage_id', sa.Uuid(), nullable=False),
    sa.Column('attempt_id', sa.Uuid(), nullable=False),
    sa.Column('seconds', sa.Integer(), nullable=False),
    sa.Column('gained_seconds', sa.Integer(), nullable=False),
    sa.Column('credited_at', MOMENT, nullable=False),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempts.id'], name=op.f('fk_outage_credits_attempt_id_attempts')),
    sa.ForeignKeyConstraint(['outage_id'], ['outages.id'], name=op.f('fk_outage_credits_outage_id_outages')),
    sa.PrimaryKeyConstraint('outage_id', 'attempt_id', name=op.f('pk_outage_credits'))
    )
    op.create_index(op.f('ix_outage_credits_attempt_id'), 'outage_credits', ['attempt_id'], unique=False)
    op.create_table('trouble_reports',
    sa.Column('attempt_id', sa.Uuid(), nullable=False),
    sa.Column('starts_at', MOMENT, nullable=False),
    sa.Column('ends_at', MOMENT, nullable=False),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempts.id'], name=op.f('fk_trouble_reports_attempt_id_attempts')),
    sa.PrimaryKeyConstraint('attempt_id', name=op.f('pk_trouble_reports'))
    )
    op.create_index(op.f('ix_trouble_reports_ends_at'), 'trouble_reports', ['ends_at'], unique=False)


def downgrade() -> None:
    for table in ('trouble_reports', 'outage_credits', 'outages', 'heartbeats', 'accommodations', 'quiz_overrides', 'learner_group_members', 'learner_groups'):
        op.drop_table(table)
    with op.batch_alter_table('events', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_events_subject_id'))
        batch_op.drop_column('subject_id')
    with op.batch_alter_table('attempts', schema=None) as batch_op:
        for column in ('announcements', 'hides_timer', 'extra_seconds', 'time_multiplier'):
            batch_op.drop_column(column)
