"""Random papers: tags and duplicate groups of questions, what a slot draws from, and the count of what was shown."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0004'
down_revision = '0002'
branch_labels = None
depends_on = None

JSON_VALUE = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table('questions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('duplicate_group', sa.String(length=120), nullable=True))
        batch_op.create_index(batch_op.f('ix_questions_duplicate_group'), ['duplicate_group'], unique=False)

    with op.batch_alter_table('quiz_slots', schema=None) as batch_op:
        batch_op.add_column(sa.Column('draw_filter', JSON_VALUE, nullable=True))

    op.create_table('question_tags',
    sa.Column('question_id', sa.Uuid(), nullable=False),
    sa.Column('tag', sa.String(length=60), nullable=False),
    sa.ForeignKeyConstraint(['question_id'], ['questions.id'], name=op.f('fk_question_tags_question_id_questions')),
    sa.PrimaryKeyConstraint('question_id', 'tag', name=op.f('pk_question_tags'))
    )
    with op.batch_alter_table('question_tags', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_question_tags_tag'), ['tag'], unique=False)

    op.create_table('question_usage',
    sa.Column('question_id', sa.Uuid(), nullable=False),
    sa.Column('shown', sa.Integer(), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('shown_recently', sa.Integer(), nullable=False),
    sa.Column('question_version_id', sa.Uuid(), nullable=True),
    sa.Column('answers_before', sa.Integer(), nullable=False),
    sa.Column('facility_before', sa.Double(), nullable=True),
    sa.Column('answers_lately', sa.Integer(), nullable=False),
    sa.Column('facility_lately', sa.Double(), nullable=True),
    sa.Column('counted_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['question_id'], ['questions.id'], name=op.f('fk_question_usage_question_id_questions')),
    sa.ForeignKeyConstraint(['question_version_id'], ['question_versions.id'], name=op.f('fk_question_usage_question_version_id_question_versions')),
    sa.PrimaryKeyConstraint('question_id', name=op.f('pk_question_usage'))
    )
    with op.batch_alter_table('question_usage', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_question_usage_question_version_id'), ['question_version_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('question_usage', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_question_usage_question_version_id'))

    op.drop_table('question_usage')
    with op.batch_alter_table('question_tags', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_question_tags_tag'))

    op.drop_table('question_tags')
    with op.batch_alter_table('quiz_slots', schema=None) as batch_op:
        batch_op.drop_column('draw_filter')

    with op.batch_alter_table('questions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_questions_duplicate_group'))
        batch_op.drop_column('duplicate_group')
