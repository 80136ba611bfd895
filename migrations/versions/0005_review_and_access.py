"""What learners see when, exam passwords, exams without a way back, the focus log, requests for a review."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON_VALUE = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
FLAGS = ("one_way", "logs_focus")


def upgrade() -> None:
    with op.batch_alter_table("quiz_versions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("review_matrix", JSON_VALUE, nullable=True))
        batch_op.add_column(sa.Column("password_hash", sa.String(length=200), nullable=True))
        for flag in FLAGS:
            batch_op.add_column(sa.Column(flag, sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reached_slot", sa.Integer(), nullable=True))
    _create_focus_notes()
    _create_review_requests()


def _create_focus_notes() -> None:
    op.create_table(
        "focus_notes",
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("second", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Enum("away", "paste", name="focuskind", native_enum=False, length=30), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=True),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name=op.f("fk_focus_notes_attempt_id_attempts")),
        sa.PrimaryKeyConstraint("attempt_id", "second", name=op.f("pk_focus_notes")),
    )
    op.create_index(op.f("ix_focus_notes_noted_at"), "focus_notes", ["noted_at"])


def _create_review_requests() -> None:
    op.create_table(
        "review_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("learner_id", sa.Uuid(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name=op.f("fk_review_requests_attempt_id_attempts")),
        sa.ForeignKeyConstraint(["learner_id"], ["users.id"], name=op.f("fk_review_requests_learner_id_users")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name=op.f("fk_review_requests_decided_by_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_requests")),
        sa.UniqueConstraint("attempt_id", name=op.f("uq_review_requests_attempt_id")),
    )
    op.create_index(op.f("ix_review_requests_learner_id"), "review_requests", ["learner_id"])
    op.create_index(op.f("ix_review_requests_decided_by_id"), "review_requests", ["decided_by_id"])
    op.create_index("ix_review_requests_decided_at_requested_at", "review_requests", ["decided_at", "requested_at"])


def downgrade() -> None:
    op.drop_table("review_requests")
    op.drop_table("focus_notes")
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_column("reached_slot")
    with op.batch_alter_table("quiz_versions", schema=None) as batch_op:
        for column in ("logs_focus", "one_way", "password_hash", "review_matrix"):
            batch_op.drop_column(column)
