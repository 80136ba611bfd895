"""Selling: refunds, disputes, seats, exam credits, discount codes, numbered receipts, and comparing with Stripe."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

JSON_VALUE = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MINOR = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
IS_OFFERED = sa.text('withdrawn_at IS NULL')


def upgrade() -> None:
    _create_receipt_series()
    _create_reconcile_runs()
    _create_discount_codes()
    _create_discount_code_offerings()
    _create_discount_uses()
    _create_exam_credits()
    _create_seat_pools()
    _create_disputes()
    _create_refunds()
    _create_vouchers()
    _create_receipts()
    _create_refund_lines()
    op.drop_index('uq_offerings_course_id_current', 'offerings')
    op.create_index('uq_offerings_course_id_kind_current', 'offerings', ['course_id', 'kind'], unique=True, postgresql_where=IS_OFFERED, sqlite_where=IS_OFFERED)
    with op.batch_alter_table('orders') as batch_op:
        batch_op.add_column(sa.Column('discount_code_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('billing', JSON_VALUE, nullable=True))
        batch_op.add_column(sa.Column('invoice_url', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('invoice_pdf', sa.Text(), nullable=True))
        batch_op.create_index('ix_orders_discount_code_id', ['discount_code_id'], unique=False)
        batch_op.create_foreign_key('fk_orders_discount_code_id_discount_codes', 'discount_codes', ['discount_code_id'], ['id'])
    with op.batch_alter_table('review_tasks') as batch_op:
        batch_op.add_column(sa.Column('resolution', sa.Text(), nullable=True))
        batch_op.create_index('ix_review_tasks_resolved_at_created_at', ['resolved_at', 'created_at'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('review_tasks') as batch_op:
        batch_op.drop_index('ix_review_tasks_resolved_at_created_at')
        batch_op.drop_column('resolution')
    with op.batch_alter_table('orders') as batch_op:
        batch_op.drop_constraint('fk_orders_discount_code_id_discount_codes', type_='foreignkey')
        batch_op.drop_index('ix_orders_discount_code_id')
        for column in ('invoice_pdf', 'invoice_url', 'billing', 'discount_code_id'):
            batch_op.drop_column(column)
    # The older code knows one offering for each course, and only courses.
    op.execute("UPDATE offerings SET withdrawn_at = created_at WHERE kind <> 'course' AND withdrawn_at IS NULL")
    op.drop_index('uq_offerings_course_id_kind_current', 'offerings')
    op.create_index('uq_offerings_course_id_current', 'offerings', ['course_id'], unique=True, postgresql_where=IS_OFFERED, sqlite_where=IS_OFFERED)
    for table in ('refund_lines', 'receipts', 'vouchers', 'refunds', 'disputes', 'seat_pools', 'exam_credits', 'discount_uses', 'discount_code_offerings', 'discount_codes', 'reconcile_runs', 'receipt_series'):
        op.drop_table(table)


def _create_receipt_series() -> None:
    op.create_table('receipt_series',
    sa.Column('name', sa.String(length=20), nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_receipt_series'))
    )


def _create_reconcile_runs() -> None:
    op.create_table('reconcile_runs',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('started_at', MOMENT, nullable=False),
    sa.Column('locked_until', MOMENT, nullable=False),
    sa.Column('is_deep', sa.Boolean(), nullable=False),
    sa.Column('is_running', sa.Boolean(), nullable=False),
    sa.Column('finished_at', MOMENT, nullable=True),
    sa.Column('events_until', MOMENT, nullable=True),
    sa.Column('counts', JSON_VALUE, nullable=True),
    sa.Column('differences', JSON_VALUE, nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('started_by', sa.String(length=40), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reconcile_runs'))
    )
    op.create_index('ix_reconcile_runs_started_at', 'reconcile_runs', ['started_at'], unique=False)
    op.create_index('uq_reconcile_runs_is_running', 'reconcile_runs', ['is_running'], unique=True, postgresql_where=sa.text('is_running'), sqlite_where=sa.text('is_running'))


def _create_discount_codes() -> None:
    op.create_table('discount_codes',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('created_by_id', sa.Uuid(), nullable=True),
    sa.Column('percent', sa.Integer(), nullable=True),
    sa.Column('amount', MINOR, nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=True),
    sa.Column('max_uses', sa.Integer(), nullable=True),
    sa.Column('per_user', sa.Integer(), nullable=False),
    sa.Column('reserved', sa.Integer(), nullable=False),
    sa.Column('used', sa.Integer(), nullable=False),
    sa.Column('valid_from', MOMENT, nullable=True),
    sa.Column('valid_until', MOMENT, nullable=True),
    sa.Column('archived_at', MOMENT, nullable=True),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('stripe_coupon', sa.String(length=255), nullable=True),
    sa.CheckConstraint('(percent IS NULL) <> (amount IS NULL) AND (amount IS NULL) = (currency IS NULL)', name=op.f('ck_discount_codes_percent_or_amount')),
    sa.CheckConstraint('amount IS NULL OR amount > 0', name=op.f('ck_discount_codes_amount_positive')),
    sa.CheckConstraint('max_uses IS NULL OR reserved + used <= max_uses', name=op.f('ck_discount_codes_at_most_max_uses')),
    sa.CheckConstraint('percent IS NULL OR (percent > 0 AND percent <= 100)', name=op.f('ck_discount_codes_percent_in_range')),
    sa.CheckConstraint('reserved >= 0 AND used >= 0', name=op.f('ck_discount_codes_counts_not_negative')),
    sa.ForeignKeyConstraint(['created_by_id'], ['users.id'], name=op.f('fk_discount_codes_created_by_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_discount_codes')),
    sa.UniqueConstraint('code', name=op.f('uq_discount_codes_code')),
    sa.UniqueConstraint('stripe_coupon', name=op.f('uq_discount_codes_stripe_coupon'))
    )
    op.create_index('ix_discount_codes_created_by_id', 'discount_codes', ['created_by_id'], unique=False)


def _create_discount_code_offerings() -> None:
    op.create_table('discount_code_offerings',
    sa.Column('code_id', sa.Uuid(), nullable=False),
    sa.Column('offering_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['code_id'], ['discount_codes.id'], name=op.f('fk_discount_code_offerings_code_id_discount_codes')),
    sa.ForeignKeyConstraint(['offering_id'], ['offerings.id'], name=op.f('fk_discount_code_offerings_offering_id_offerings')),
    sa.PrimaryKeyConstraint('code_id', 'offering_id', name=op.f('pk_discount_code_offerings'))
    )
    op.create_index('ix_discount_code_offerings_offering_id', 'discount_code_offerings', ['offering_id'], unique=False)


def _create_discount_uses() -> None:
    op.create_table('discount_uses',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('code_id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('state', sa.Enum('reserved', 'used', 'released', name='discountusestate', native_enum=False, length=30), nullable=False),
    sa.ForeignKeyConstraint(['code_id'], ['discount_codes.id'], name=op.f('fk_discount_uses_code_id_discount_codes')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_discount_uses_order_id_orders')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_discount_uses_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_discount_uses')),
    sa.UniqueConstraint('order_id', name=op.f('uq_discount_uses_order_id'))
    )
    op.create_index('ix_discount_uses_code_id_user_id', 'discount_uses', ['code_id', 'user_id'], unique=False)
    op.create_index('ix_discount_uses_user_id', 'discount_uses', ['user_id'], unique=False)


def _create_exam_credits() -> None:
    op.create_table('exam_credits',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('order_line_id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('consumed_by_attempt_id', sa.Uuid(), nullable=True),
    sa.Column('consumed_at', MOMENT, nullable=True),
    sa.Column('revoked_at', MOMENT, nullable=True),
    sa.ForeignKeyConstraint(['consumed_by_attempt_id'], ['attempts.id'], name=op.f('fk_exam_credits_consumed_by_attempt_id_attempts')),
    sa.ForeignKeyConstraint(['course_id'], ['courses.id'], name=op.f('fk_exam_credits_course_id_courses')),
    sa.ForeignKeyConstraint(['order_line_id'], ['order_lines.id'], name=op.f('fk_exam_credits_order_line_id_order_lines')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_exam_credits_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_exam_credits')),
    sa.UniqueConstraint('consumed_by_attempt_id', name=op.f('uq_exam_credits_consumed_by_attempt_id')),
    sa.UniqueConstraint('order_line_id', name=op.f('uq_exam_credits_order_line_id'))
    )
    op.create_index('ix_exam_credits_course_id', 'exam_credits', ['course_id'], unique=False)
    op.create_index('ix_exam_credits_user_id_course_id', 'exam_credits', ['user_id', 'course_id'], unique=False)


def _create_seat_pools() -> None:
    op.create_table('seat_pools',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('order_line_id', sa.Uuid(), nullable=False),
    sa.Column('buyer_id', sa.Uuid(), nullable=False),
    sa.Column('offering_id', sa.Uuid(), nullable=False),
    sa.Column('seats', sa.Integer(), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.CheckConstraint('seats > 0', name=op.f('ck_seat_pools_seats_positive')),
    sa.ForeignKeyConstraint(['buyer_id'], ['users.id'], name=op.f('fk_seat_pools_buyer_id_users')),
    sa.ForeignKeyConstraint(['offering_id'], ['offerings.id'], name=op.f('fk_seat_pools_offering_id_offerings')),
    sa.ForeignKeyConstraint(['order_line_id'], ['order_lines.id'], name=op.f('fk_seat_pools_order_line_id_order_lines')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_seat_pools')),
    sa.UniqueConstraint('order_line_id', name=op.f('uq_seat_pools_order_line_id'))
    )
    op.create_index('ix_seat_pools_buyer_id', 'seat_pools', ['buyer_id'], unique=False)
    op.create_index('ix_seat_pools_offering_id', 'seat_pools', ['offering_id'], unique=False)


def _create_disputes() -> None:
    op.create_table('disputes',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('stripe_dispute', sa.String(length=255), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('payment_id', sa.Uuid(), nullable=False),
    sa.Column('amount', MINOR, nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('status', sa.String(length=60), nullable=False),
    sa.Column('reason', sa.String(length=60), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('updated_at', MOMENT, nullable=False),
    sa.Column('due_by', MOMENT, nullable=True),
    sa.Column('evidence_sent_at', MOMENT, nullable=True),
    sa.Column('evidence_sent_by_id', sa.Uuid(), nullable=True),
    sa.ForeignKeyConstraint(['evidence_sent_by_id'], ['users.id'], name=op.f('fk_disputes_evidence_sent_by_id_users')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_disputes_order_id_orders')),
    sa.ForeignKeyConstraint(['payment_id'], ['payments.id'], name=op.f('fk_disputes_payment_id_payments')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_disputes')),
    sa.UniqueConstraint('stripe_dispute', name=op.f('uq_disputes_stripe_dispute'))
    )
    op.create_index('ix_disputes_evidence_sent_by_id', 'disputes', ['evidence_sent_by_id'], unique=False)
    op.create_index('ix_disputes_order_id', 'disputes', ['order_id'], unique=False)
    op.create_index('ix_disputes_payment_id', 'disputes', ['payment_id'], unique=False)
    op.create_index('ix_disputes_status', 'disputes', ['status'], unique=False)


def _create_refunds() -> None:
    op.create_table('refunds',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('payment_id', sa.Uuid(), nullable=False),
    sa.Column('idem_key', sa.String(length=255), nullable=False),
    sa.Column('amount', MINOR, nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('reason', sa.Enum('requested_by_customer', 'duplicate', 'fraudulent', 'other', name='refundreason', native_enum=False, length=30), nullable=False),
    sa.Column('access_effect', sa.Enum('keep', 'revoke', name='accesseffect', native_enum=False, length=30), nullable=False),
    sa.Column('origin', sa.Enum('staff', 'learner', 'external', 'auto', name='refundorigin', native_enum=False, length=30), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('state', sa.Enum('requested', 'submitting', 'pending', 'requires_action', 'succeeded', 'failed', 'canceled', name='refundstate', native_enum=False, length=30), nullable=False),
    sa.Column('stripe_refund', sa.String(length=255), nullable=True),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('requested_by_id', sa.Uuid(), nullable=True),
    sa.Column('settled_at', MOMENT, nullable=True),
    sa.Column('failure', sa.Text(), nullable=True),
    sa.CheckConstraint('amount > 0', name=op.f('ck_refunds_amount_positive')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_refunds_order_id_orders')),
    sa.ForeignKeyConstraint(['payment_id'], ['payments.id'], name=op.f('fk_refunds_payment_id_payments')),
    sa.ForeignKeyConstraint(['requested_by_id'], ['users.id'], name=op.f('fk_refunds_requested_by_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_refunds')),
    sa.UniqueConstraint('idem_key', name=op.f('uq_refunds_idem_key')),
    sa.UniqueConstraint('stripe_refund', name=op.f('uq_refunds_stripe_refund'))
    )
    op.create_index('ix_refunds_order_id', 'refunds', ['order_id'], unique=False)
    op.create_index('ix_refunds_payment_id', 'refunds', ['payment_id'], unique=False)
    op.create_index('ix_refunds_requested_by_id', 'refunds', ['requested_by_id'], unique=False)
    op.create_index('ix_refunds_state', 'refunds', ['state'], unique=False)


def _create_vouchers() -> None:
    op.create_table('vouchers',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('pool_id', sa.Uuid(), nullable=False),
    sa.Column('seat_no', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('status', sa.Enum('issued', 'redeemed', 'revoked', 'expired', name='voucherstatus', native_enum=False, length=30), nullable=False),
    sa.Column('label', sa.String(length=120), nullable=True),
    sa.Column('redeemed_by_id', sa.Uuid(), nullable=True),
    sa.Column('redeemed_at', MOMENT, nullable=True),
    sa.Column('expires_at', MOMENT, nullable=True),
    sa.CheckConstraint("status <> 'redeemed' OR (redeemed_by_id IS NOT NULL AND redeemed_at IS NOT NULL)", name=op.f('ck_vouchers_redeemed_by_somebody')),
    sa.ForeignKeyConstraint(['pool_id'], ['seat_pools.id'], name=op.f('fk_vouchers_pool_id_seat_pools')),
    sa.ForeignKeyConstraint(['redeemed_by_id'], ['users.id'], name=op.f('fk_vouchers_redeemed_by_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_vouchers')),
    sa.UniqueConstraint('code', name=op.f('uq_vouchers_code')),
    sa.UniqueConstraint('pool_id', 'seat_no', name=op.f('uq_vouchers_pool_id_seat_no'))
    )
    op.create_index('ix_vouchers_redeemed_by_id', 'vouchers', ['redeemed_by_id'], unique=False)
    op.create_index('uq_vouchers_pool_id_redeemed_by_id', 'vouchers', ['pool_id', 'redeemed_by_id'], unique=True, postgresql_where=sa.text('redeemed_by_id IS NOT NULL'), sqlite_where=sa.text('redeemed_by_id IS NOT NULL'))


def _create_receipts() -> None:
    op.create_table('receipts',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(length=30), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('issued_at', MOMENT, nullable=False),
    sa.Column('content', JSON_VALUE, nullable=False),
    sa.Column('refund_id', sa.Uuid(), nullable=True),
    sa.CheckConstraint("kind IN ('receipt', 'credit_note') AND (kind = 'credit_note') = (refund_id IS NOT NULL)", name=op.f('ck_receipts_kind')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_receipts_order_id_orders')),
    sa.ForeignKeyConstraint(['refund_id'], ['refunds.id'], name=op.f('fk_receipts_refund_id_refunds')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_receipts')),
    sa.UniqueConstraint('number', name=op.f('uq_receipts_number')),
    sa.UniqueConstraint('refund_id', name=op.f('uq_receipts_refund_id'))
    )
    op.create_index('ix_receipts_order_id', 'receipts', ['order_id'], unique=False)
    op.create_index('uq_receipts_order_id_receipt', 'receipts', ['order_id'], unique=True, postgresql_where=sa.text('refund_id IS NULL'), sqlite_where=sa.text('refund_id IS NULL'))


def _create_refund_lines() -> None:
    op.create_table('refund_lines',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('refund_id', sa.Uuid(), nullable=False),
    sa.Column('order_line_id', sa.Uuid(), nullable=False),
    sa.Column('amount', MINOR, nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.CheckConstraint('amount >= 0 AND quantity >= 0', name=op.f('ck_refund_lines_not_negative')),
    sa.ForeignKeyConstraint(['order_line_id'], ['order_lines.id'], name=op.f('fk_refund_lines_order_line_id_order_lines')),
    sa.ForeignKeyConstraint(['refund_id'], ['refunds.id'], name=op.f('fk_refund_lines_refund_id_refunds')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_refund_lines')),
    sa.UniqueConstraint('refund_id', 'order_line_id', name=op.f('uq_refund_lines_refund_id_order_line_id'))
    )
    op.create_index('ix_refund_lines_order_line_id', 'refund_lines', ['order_line_id'], unique=False)
