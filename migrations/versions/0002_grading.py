"""Answers that people grade: what waits for a grader, and what one gave."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON_VALUE = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "grading_tasks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_by_id", sa.Uuid(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("graded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name=op.f("fk_grading_tasks_attempt_id_attempts")),
        sa.ForeignKeyConstraint(["claimed_by_id"], ["users.id"], name=op.f("fk_grading_tasks_claimed_by_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grading_tasks")),
        sa.UniqueConstraint("attempt_id", "slot", name=op.f("uq_grading_tasks_attempt_id_slot")),
    )
    waiting = sa.text("graded_at IS NULL")
    op.create_index("ix_grading_tasks_waiting", "grading_tasks", ["waiting_since"], postgresql_where=waiting, sqlite_where=waiting)
    op.create_index(op.f("ix_grading_tasks_claimed_by_id"), "grading_tasks", ["claimed_by_id"])
    op.create_table(
        "manual_marks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("grader_id", sa.Uuid(), nullable=False),
        sa.Column("points", JSON_VALUE, nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("graded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name=op.f("fk_manual_marks_attempt_id_attempts")),
        sa.ForeignKeyConstraint(["grader_id"], ["users.id"], name=op.f("fk_manual_marks_grader_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manual_marks")),
        sa.UniqueConstraint("attempt_id", "slot", "revision", name=op.f("uq_manual_marks_attempt_id_slot_revision")),
    )
    op.create_index(op.f("ix_manual_marks_grader_id"), "manual_marks", ["grader_id"])


def downgrade() -> None:
    op.drop_table("manual_marks")
    op.drop_table("grading_tasks")
