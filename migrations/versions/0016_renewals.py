"""Renewal by retaking: rounds at an exam, what an achievement says about renewing, and one renewal for each certificate."""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ONE_RENEWAL = "renewed_from_id IS NOT NULL AND state <> 'revoked'"
TERMS = ('renewal_window_days', 'renewal_grace_days', 'renewal_includes_attempts')


def upgrade() -> None:
    op.create_table('exam_rounds',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('learner_id', sa.Uuid(), nullable=False),
    sa.Column('quiz_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('opened_for', sa.Uuid(), nullable=False),
    sa.Column('opened_at', MOMENT, nullable=False),
    sa.Column('closes_at', MOMENT, nullable=False),
    sa.Column('includes_attempts', sa.Boolean(), nullable=False),
    sa.CheckConstraint('number > 1', name=op.f('ck_exam_rounds_not_the_first')),
    sa.ForeignKeyConstraint(['learner_id'], ['users.id'], name=op.f('fk_exam_rounds_learner_id_users')),
    sa.ForeignKeyConstraint(['quiz_id'], ['quizzes.id'], name=op.f('fk_exam_rounds_quiz_id_quizzes')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_exam_rounds')),
    sa.UniqueConstraint('learner_id', 'quiz_id', 'number', name=op.f('uq_exam_rounds_learner_id_quiz_id_number'))
    )
    op.create_index(op.f('ix_exam_rounds_quiz_id'), 'exam_rounds', ['quiz_id'])
    op.create_index(op.f('ix_exam_rounds_opened_for'), 'exam_rounds', ['opened_for'])
    op.add_column('attempts', sa.Column('round_number', sa.Integer(), nullable=False, server_default='1'))
    op.add_column('achievements', sa.Column('renewal_window_days', sa.Integer(), nullable=False, server_default='90'))
    op.add_column('achievements', sa.Column('renewal_grace_days', sa.Integer(), nullable=False, server_default='90'))
    op.add_column('achievements', sa.Column('renewal_includes_attempts', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index('ix_credentials_one_renewal', 'credentials', ['renewed_from_id'], unique=True,
                    sqlite_where=sa.text(ONE_RENEWAL), postgresql_where=sa.text(ONE_RENEWAL))


def downgrade() -> None:
    op.drop_index('ix_credentials_one_renewal', table_name='credentials')
    for name in TERMS:
        op.execute(f"ALTER TABLE achievements DROP COLUMN {name}")  # no batch: it copies the table, and other tables point at it
    op.execute("ALTER TABLE attempts DROP COLUMN round_number")
    op.drop_table('exam_rounds')
