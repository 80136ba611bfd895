"""The first house: every table."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None

EXACT_DECIMAL = sa.Numeric(20, 10).with_variant(sa.String(40), "sqlite")
JSON_VALUE = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MINOR = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


# Two tables that name each other: SQLite takes these keys with the table, PostgreSQL after both are there.
CIRCLES = [
    ("fk_articles_published_revision_id_article_revisions", "articles", "article_revisions", "published_revision_id"),
    ("fk_quizzes_published_version_id_quiz_versions", "quizzes", "quiz_versions", "published_version_id"),
]


def upgrade() -> None:
    op.create_table('counters',
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_counters'))
    )
    with op.batch_alter_table('counters', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_counters_ends_at'), ['ends_at'], unique=False)

    op.create_table('events',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('facts', JSON_VALUE, nullable=False),
    sa.Column('actor_id', sa.Uuid(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_events'))
    )
    with op.batch_alter_table('events', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_events_name'), ['name'], unique=False)
        batch_op.create_index(batch_op.f('ix_events_occurred_at'), ['occurred_at'], unique=False)

    op.create_table('issuer_keys',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('did', sa.String(length=300), nullable=False),
    sa.Column('fragment', sa.String(length=40), nullable=False),
    sa.Column('purpose', sa.Enum('di', 'jwt', name='keypurpose', native_enum=False, length=30), nullable=False),
    sa.Column('algorithm', sa.String(length=20), nullable=False),
    sa.Column('public_key', sa.String(length=1000), nullable=False),
    sa.Column('sealed_private_key', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.Enum('staged', 'active', 'retired', 'compromised', name='keystate', native_enum=False, length=30), nullable=False),
    sa.Column('staged_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('active_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_issuer_keys')),
    sa.UniqueConstraint('did', 'fragment', name=op.f('uq_issuer_keys_did_fragment'))
    )
    with op.batch_alter_table('issuer_keys', schema=None) as batch_op:
        batch_op.create_index('ix_issuer_keys_one_active', ['did', 'purpose'], unique=True, sqlite_where=sa.text("state = 'active'"), postgresql_where=sa.text("state = 'active'"))

    op.create_table('mails',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('message_id', sa.String(length=200), nullable=False),
    sa.Column('recipient', sa.String(length=320), nullable=False),
    sa.Column('subject', sa.String(length=300), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('html', sa.Text(), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Enum('due', 'sent', 'failed', name='mailstatus', native_enum=False, length=30), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mails')),
    sa.UniqueConstraint('key', name=op.f('uq_mails_key'))
    )
    with op.batch_alter_table('mails', schema=None) as batch_op:
        batch_op.create_index('ix_mails_status_due_at', ['status', 'due_at'], unique=False)

    op.create_table('question_categories',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('slug', sa.String(length=120), nullable=False),
    sa.Column('title', sa.String(length=160), nullable=False),
    sa.Column('parent_id', sa.Uuid(), nullable=True),
    sa.ForeignKeyConstraint(['parent_id'], ['question_categories.id'], name=op.f('fk_question_categories_parent_id_question_categories')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_question_categories')),
    sa.UniqueConstraint('slug', name=op.f('uq_question_categories_slug'))
    )
    with op.batch_alter_table('question_categories', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_question_categories_parent_id'), ['parent_id'], unique=False)

    op.create_table('stripe_events',
    sa.Column('id', sa.String(length=255), nullable=False),
    sa.Column('type', sa.String(length=100), nullable=False),
    sa.Column('object_id', sa.String(length=255), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('api_version', sa.String(length=60), nullable=True),
    sa.Column('is_live', sa.Boolean(), nullable=False),
    sa.Column('payload', JSON_VALUE, nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('source', sa.String(length=20), nullable=False),
    sa.Column('status', sa.Enum('received', 'processing', 'done', 'ignored', 'failed', 'dead', name='inboxstatus', native_enum=False, length=30), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stripe_events'))
    )
    with op.batch_alter_table('stripe_events', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_stripe_events_object_id'), ['object_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_stripe_events_received_at'), ['received_at'], unique=False)
        batch_op.create_index('ix_stripe_events_status_next_at', ['status', 'next_at'], unique=False)

    op.create_table('users',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('password', sa.String(length=255), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('certificate_name', sa.String(length=120), nullable=True),
    sa.Column('role_names', JSON_VALUE, nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('fs_uniquifier', sa.String(length=64), nullable=False),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('tf_primary_method', sa.String(length=20), nullable=True),
    sa.Column('tf_totp_secret', sa.Text(), nullable=True),
    sa.Column('totp_counter', sa.BigInteger(), nullable=True),
    sa.Column('mf_recovery_codes', JSON_VALUE, nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_users')),
    sa.UniqueConstraint('email', name=op.f('uq_users_email')),
    sa.UniqueConstraint('fs_uniquifier', name=op.f('uq_users_fs_uniquifier'))
    )
    op.create_table('articles',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('slug', sa.String(length=80), nullable=False),
    sa.Column('created_by_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Enum('draft', 'in_review', 'scheduled', 'published', 'archived', name='articlestatus', native_enum=False, length=30), nullable=False),
    sa.Column('latest_n', sa.Integer(), nullable=False),
    sa.Column('published_revision_id', sa.Uuid(), nullable=True),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['created_by_id'], ['users.id'], name=op.f('fk_articles_created_by_id_users')),
    sa.ForeignKeyConstraint(['published_revision_id'], ['article_revisions.id'], name='fk_articles_published_revision_id_article_revisions', use_alter=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_articles')),
    sa.UniqueConstraint('slug', name=op.f('uq_articles_slug'))
    )
    with op.batch_alter_table('articles', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_articles_changed_at'), ['changed_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_articles_created_by_id'), ['created_by_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_articles_published_revision_id'), ['published_revision_id'], unique=False)
        batch_op.create_index('ix_articles_status_published_at', ['status', 'published_at'], unique=False)

    op.create_table('browser_sessions',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=True),
    sa.Column('data', JSON_VALUE, nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('idle_seconds', sa.Integer(), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('keep_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('address_prefix', sa.String(length=60), nullable=False),
    sa.Column('browser', sa.String(length=120), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_browser_sessions_user_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_browser_sessions'))
    )
    with op.batch_alter_table('browser_sessions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_browser_sessions_ends_at'), ['ends_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_browser_sessions_user_id'), ['user_id'], unique=False)

    op.create_table('courses',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('slug', sa.String(length=80), nullable=False),
    sa.Column('owner_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Enum('coming_soon', 'open', 'retiring', 'retired', name='coursestatus', native_enum=False, length=30), nullable=False),
    sa.Column('published_n', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_courses_owner_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_courses')),
    sa.UniqueConstraint('slug', name=op.f('uq_courses_slug'))
    )
    with op.batch_alter_table('courses', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_courses_owner_id'), ['owner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_courses_status'), ['status'], unique=False)

    op.create_table('deliveries',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('event_id', sa.Uuid(), nullable=False),
    sa.Column('handler', sa.String(length=120), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Enum('due', 'done', 'failed', name='deliverystatus', native_enum=False, length=30), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_deliveries_event_id_events')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deliveries')),
    sa.UniqueConstraint('event_id', 'handler', name=op.f('uq_deliveries_event_id_handler'))
    )
    with op.batch_alter_table('deliveries', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_deliveries_event_id'), ['event_id'], unique=False)
        batch_op.create_index('ix_deliveries_status_due_at', ['status', 'due_at'], unique=False)

    op.create_table('mailed_links',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('purpose', sa.Enum('confirm', 'reset', name='linkpurpose', native_enum=False, length=30), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('password_digest', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_mailed_links_user_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mailed_links'))
    )
    with op.batch_alter_table('mailed_links', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_mailed_links_ends_at'), ['ends_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_mailed_links_user_id'), ['user_id'], unique=False)

    op.create_table('orders',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('buyer_id', sa.Uuid(), nullable=False),
    sa.Column('purchase_key', sa.String(length=400), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('subtotal', MINOR, nullable=False),
    sa.Column('discount', MINOR, nullable=False),
    sa.Column('tax', MINOR, nullable=False),
    sa.Column('tax_behavior', sa.Enum('inclusive', 'exclusive', name='taxbehavior', native_enum=False, length=30), nullable=False),
    sa.Column('total', MINOR, nullable=False),
    sa.Column('amount_paid', MINOR, nullable=False),
    sa.Column('amount_refunded', MINOR, nullable=False),
    sa.Column('amount_disputed', MINOR, nullable=False),
    sa.Column('is_live', sa.Boolean(), nullable=False),
    sa.Column('click_token', sa.String(length=100), nullable=True),
    sa.Column('state', sa.Enum('created', 'awaiting_payment', 'processing', 'paid', 'canceled', 'expired', 'payment_failed', 'review', name='orderstate', native_enum=False, length=30), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('paid_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('amount_refunded >= 0 AND amount_refunded <= amount_paid', name=op.f('ck_orders_refunded_at_most_paid')),
    sa.CheckConstraint('subtotal >= 0 AND discount >= 0 AND tax >= 0 AND total >= 0 AND amount_paid >= 0 AND amount_disputed >= 0', name=op.f('ck_orders_amounts_not_negative')),
    sa.ForeignKeyConstraint(['buyer_id'], ['users.id'], name=op.f('fk_orders_buyer_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_orders')),
    sa.UniqueConstraint('number', name=op.f('uq_orders_number'))
    )
    with op.batch_alter_table('orders', schema=None) as batch_op:
        batch_op.create_index('ix_orders_buyer_id_created_at', ['buyer_id', 'created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_orders_created_at'), ['created_at'], unique=False)
        batch_op.create_index('ix_orders_state_created_at', ['state', 'created_at'], unique=False)
        batch_op.create_index('uq_orders_buyer_id_purchase_key_open', ['buyer_id', 'purchase_key'], unique=True, postgresql_where=sa.text("state IN ('created', 'awaiting_payment')"), sqlite_where=sa.text("state IN ('created', 'awaiting_payment')"))

    op.create_table('payment_customers',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('idem_key', sa.String(length=255), nullable=False),
    sa.Column('request', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('stripe_customer', sa.String(length=255), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_payment_customers_user_id_users')),
    sa.PrimaryKeyConstraint('user_id', name=op.f('pk_payment_customers')),
    sa.UniqueConstraint('idem_key', name=op.f('uq_payment_customers_idem_key')),
    sa.UniqueConstraint('stripe_customer', name=op.f('uq_payment_customers_stripe_customer'))
    )
    op.create_table('questions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('external_id', sa.String(length=120), nullable=True),
    sa.Column('category_id', sa.Uuid(), nullable=False),
    sa.Column('owner_id', sa.Uuid(), nullable=False),
    sa.Column('status', sa.Enum('draft', 'in_review', 'ready', 'retired', name='questionstatus', native_enum=False, length=30), nullable=False),
    sa.Column('objective', sa.String(length=300), nullable=False),
    sa.Column('difficulty', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('latest_n', sa.Integer(), nullable=False),
    sa.Column('ready_n', sa.Integer(), nullable=True),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('search_text', sa.Text(), nullable=False),
    sa.Column('source_hash', sa.String(length=64), nullable=True),
    sa.ForeignKeyConstraint(['category_id'], ['question_categories.id'], name=op.f('fk_questions_category_id_question_categories')),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_questions_owner_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_questions')),
    sa.UniqueConstraint('external_id', name=op.f('uq_questions_external_id'))
    )
    with op.batch_alter_table('questions', schema=None) as batch_op:
        batch_op.create_index('ix_questions_category_id_ready_n', ['category_id', 'ready_n'], unique=False)
        batch_op.create_index(batch_op.f('ix_questions_owner_id'), ['owner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_questions_status'), ['status'], unique=False)

    op.create_table('quizzes',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('external_id', sa.String(length=120), nullable=True),
    sa.Column('kind', sa.Enum('practice', 'graded', 'exam', name='quizkind', native_enum=False, length=30), nullable=False),
    sa.Column('owner_id', sa.Uuid(), nullable=False),
    sa.Column('title', sa.String(length=160), nullable=False),
    sa.Column('status', sa.Enum('draft', 'published', 'archived', name='quizstatus', native_enum=False, length=30), nullable=False),
    sa.Column('published_version_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('source_hash', sa.String(length=64), nullable=True),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_quizzes_owner_id_users')),
    sa.ForeignKeyConstraint(['published_version_id'], ['quiz_versions.id'], name='fk_quizzes_published_version_id_quiz_versions', use_alter=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quizzes')),
    sa.UniqueConstraint('external_id', name=op.f('uq_quizzes_external_id'))
    )
    with op.batch_alter_table('quizzes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_quizzes_owner_id'), ['owner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_quizzes_published_version_id'), ['published_version_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_quizzes_status'), ['status'], unique=False)

    op.create_table('status_lists',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('did', sa.String(length=300), nullable=False),
    sa.Column('purpose', sa.String(length=20), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('length', sa.Integer(), nullable=False),
    sa.Column('signed_json', sa.Text(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('key_id', sa.Uuid(), nullable=False),
    sa.Column('signed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('valid_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['key_id'], ['issuer_keys.id'], name=op.f('fk_status_lists_key_id_issuer_keys')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_status_lists')),
    sa.UniqueConstraint('number', name=op.f('uq_status_lists_number'))
    )
    with op.batch_alter_table('status_lists', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_status_lists_did'), ['did'], unique=False)
        batch_op.create_index(batch_op.f('ix_status_lists_key_id'), ['key_id'], unique=False)

    op.create_table('achievements',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Uuid(), nullable=False),
    sa.Column('slug', sa.String(length=80), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('latest_n', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['course_id'], ['courses.id'], name=op.f('fk_achievements_course_id_courses')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_achievements')),
    sa.UniqueConstraint('course_id', name=op.f('uq_achievements_course_id')),
    sa.UniqueConstraint('slug', name=op.f('uq_achievements_slug'))
    )
    op.create_table('article_revisions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('article_id', sa.Uuid(), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('title', sa.String(length=160), nullable=False),
    sa.Column('dek', sa.String(length=300), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('category', sa.String(length=60), nullable=False),
    sa.Column('tags', JSON_VALUE, nullable=False),
    sa.Column('seo_description', sa.String(length=300), nullable=False),
    sa.Column('author_name', sa.String(length=120), nullable=False),
    sa.Column('body_segments', JSON_VALUE, nullable=False),
    sa.Column('contents', JSON_VALUE, nullable=False),
    sa.Column('word_count', sa.Integer(), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('markdown_version', sa.Integer(), nullable=False),
    sa.Column('restored_from_n', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['article_id'], ['articles.id'], name=op.f('fk_article_revisions_article_id_articles')),
    sa.ForeignKeyConstraint(['created_by_id'], ['users.id'], name=op.f('fk_article_revisions_created_by_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_article_revisions')),
    sa.UniqueConstraint('article_id', 'n', name=op.f('uq_article_revisions_article_id_n'))
    )
    with op.batch_alter_table('article_revisions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_article_revisions_category'), ['category'], unique=False)
        batch_op.create_index(batch_op.f('ix_article_revisions_created_by_id'), ['created_by_id'], unique=False)

    op.create_table('article_tags',
    sa.Column('article_id', sa.Uuid(), nullable=False),
    sa.Column('tag', sa.String(length=40), nullable=False),
    sa.ForeignKeyConstraint(['article_id'], ['articles.id'], name=op.f('fk_article_tags_article_id_articles')),
    sa.PrimaryKeyConstraint('article_id', 'tag', name=op.f('pk_article_tags'))
    )
    with op.batch_alter_table('article_tags', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_article_tags_tag'), ['tag'], unique=False)

    op.create_table('checkout_attempts',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('idem_key', sa.String(length=255), nullable=False),
    sa.Column('request', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.Enum('creating', 'unknown', 'open', 'complete', 'expired', 'superseded', 'dead', name='attemptstate', native_enum=False, length=30), nullable=False),
    sa.Column('session_id', sa.String(length=255), nullable=True),
    sa.Column('url', sa.Text(), nullable=True),
    sa.Column('stripe_amount_total', MINOR, nullable=True),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.Column('synced_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_checkout_attempts_order_id_orders')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_checkout_attempts')),
    sa.UniqueConstraint('idem_key', name=op.f('uq_checkout_attempts_idem_key')),
    sa.UniqueConstraint('order_id', 'n', name=op.f('uq_checkout_attempts_order_id_n')),
    sa.UniqueConstraint('session_id', name=op.f('uq_checkout_attempts_session_id'))
    )
    op.create_table('course_versions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Uuid(), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=160), nullable=False),
    sa.Column('level', sa.Integer(), nullable=False),
    sa.Column('category', sa.String(length=80), nullable=False),
    sa.Column('content', JSON_VALUE, nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['course_id'], ['courses.id'], name=op.f('fk_course_versions_course_id_courses')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_course_versions')),
    sa.UniqueConstraint('course_id', 'n', name=op.f('uq_course_versions_course_id_n'))
    )
    op.create_table('ctas',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('slug', sa.String(length=80), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('owner_id', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Uuid(), nullable=False),
    sa.Column('style', sa.Enum('link', 'card', 'banner', 'end_card', name='ctastyle', native_enum=False, length=30), nullable=False),
    sa.Column('heading', sa.String(length=120), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('button', sa.String(length=40), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Enum('active', 'archived', name='ctastatus', native_enum=False, length=30), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['course_id'], ['courses.id'], name=op.f('fk_ctas_course_id_courses')),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_ctas_owner_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ctas')),
    sa.UniqueConstraint('slug', name=op.f('uq_ctas_slug'))
    )
    with op.batch_alter_table('ctas', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ctas_course_id'), ['course_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_ctas_owner_id'), ['owner_id'], unique=False)
        batch_op.create_index('ix_ctas_status_created_at', ['status', 'created_at'], unique=False)

    op.create_table('enrollments',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('learner_id', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Uuid(), nullable=False),
    sa.Column('enrolled_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['course_id'], ['courses.id'], name=op.f('fk_enrollments_course_id_courses')),
    sa.ForeignKeyConstraint(['learner_id'], ['users.id'], name=op.f('fk_enrollments_learner_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_enrollments')),
    sa.UniqueConstraint('learner_id', 'course_id', name=op.f('uq_enrollments_learner_id_course_id'))
    )
    with op.batch_alter_table('enrollments', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_enrollments_course_id'), ['course_id'], unique=False)

    op.create_table('ledger_entries',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('ref', sa.String(length=255), nullable=False),
    sa.Column('amount', MINOR, nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_ledger_entries_order_id_orders')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_entries')),
    sa.UniqueConstraint('kind', 'ref', name=op.f('uq_ledger_entries_kind_ref'))
    )
    with op.batch_alter_table('ledger_entries', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ledger_entries_created_at'), ['created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_ledger_entries_order_id'), ['order_id'], unique=False)

    op.create_table('modules',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Uuid(), nullable=False),
    sa.Column('slug', sa.String(length=80), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=160), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['course_id'], ['courses.id'], name=op.f('fk_modules_course_id_courses')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_modules')),
    sa.UniqueConstraint('course_id', 'slug', name=op.f('uq_modules_course_id_slug'))
    )
    op.create_table('offerings',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Enum('course', name='offeringkind', native_enum=False, length=30), nullable=False),
    sa.Column('course_id', sa.Uuid(), nullable=False),
    sa.Column('title', sa.String(length=160), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['course_id'], ['courses.id'], name=op.f('fk_offerings_course_id_courses')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_offerings'))
    )
    with op.batch_alter_table('offerings', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offerings_course_id'), ['course_id'], unique=False)
        batch_op.create_index('uq_offerings_course_id_current', ['course_id'], unique=True, postgresql_where=sa.text('withdrawn_at IS NULL'), sqlite_where=sa.text('withdrawn_at IS NULL'))

    op.create_table('question_versions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('question_id', sa.Uuid(), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('single_choice', 'multiple_response', 'true_false', 'short_answer', 'numerical', name='questionkind', native_enum=False, length=30), nullable=False),
    sa.Column('stem', sa.Text(), nullable=False),
    sa.Column('stem_html', sa.Text(), nullable=False),
    sa.Column('body', JSON_VALUE, nullable=False),
    sa.Column('general_feedback', sa.Text(), nullable=False),
    sa.Column('general_feedback_html', sa.Text(), nullable=False),
    sa.Column('created_by_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('content_hash', sa.String(length=64), nullable=False),
    sa.Column('rendered_with', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['created_by_id'], ['users.id'], name=op.f('fk_question_versions_created_by_id_users')),
    sa.ForeignKeyConstraint(['question_id'], ['questions.id'], name=op.f('fk_question_versions_question_id_questions')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_question_versions')),
    sa.UniqueConstraint('question_id', 'n', name=op.f('uq_question_versions_question_id_n'))
    )
    with op.batch_alter_table('question_versions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_question_versions_created_by_id'), ['created_by_id'], unique=False)

    op.create_table('quiz_versions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('quiz_id', sa.Uuid(), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=160), nullable=False),
    sa.Column('instructions', sa.Text(), nullable=False),
    sa.Column('instructions_html', sa.Text(), nullable=False),
    sa.Column('honor_code', sa.Text(), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=True),
    sa.Column('pass_percent', EXACT_DECIMAL, nullable=False),
    sa.Column('attempts_allowed', sa.Integer(), nullable=True),
    sa.Column('retake_wait_hours', JSON_VALUE, nullable=False),
    sa.Column('shuffle_questions', sa.Boolean(), nullable=False),
    sa.Column('shuffle_options', sa.Boolean(), nullable=False),
    sa.Column('review_preset', sa.Enum('practice', 'course_quiz', 'certification', name='reviewpreset', native_enum=False, length=30), nullable=False),
    sa.Column('expiry_policy', sa.Enum('autosubmit', 'grace_period', 'abandon', name='expirypolicy', native_enum=False, length=30), nullable=False),
    sa.Column('grace_seconds', sa.Integer(), nullable=False),
    sa.Column('allow_negative', sa.Boolean(), nullable=False),
    sa.Column('opens_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closes_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_by_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['created_by_id'], ['users.id'], name=op.f('fk_quiz_versions_created_by_id_users')),
    sa.ForeignKeyConstraint(['quiz_id'], ['quizzes.id'], name=op.f('fk_quiz_versions_quiz_id_quizzes')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quiz_versions')),
    sa.UniqueConstraint('quiz_id', 'n', name=op.f('uq_quiz_versions_quiz_id_n'))
    )
    with op.batch_alter_table('quiz_versions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_quiz_versions_created_by_id'), ['created_by_id'], unique=False)
        batch_op.create_index('uq_quiz_versions_one_draft', ['quiz_id'], unique=True, postgresql_where=sa.text('published_at IS NULL'), sqlite_where=sa.text('published_at IS NULL'))

    op.create_table('review_tasks',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('ref', sa.String(length=255), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=True),
    sa.Column('resolved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('resolved_by_id', sa.Uuid(), nullable=True),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_review_tasks_order_id_orders')),
    sa.ForeignKeyConstraint(['resolved_by_id'], ['users.id'], name=op.f('fk_review_tasks_resolved_by_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_review_tasks')),
    sa.UniqueConstraint('kind', 'ref', name=op.f('uq_review_tasks_kind_ref'))
    )
    with op.batch_alter_table('review_tasks', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_review_tasks_order_id'), ['order_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_review_tasks_resolved_by_id'), ['resolved_by_id'], unique=False)

    op.create_table('status_entries',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('list_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('set_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['list_id'], ['status_lists.id'], name=op.f('fk_status_entries_list_id_status_lists')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_status_entries')),
    sa.UniqueConstraint('list_id', 'position', name=op.f('uq_status_entries_list_id_position'))
    )
    op.create_table('touches',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('click_token', sa.String(length=60), nullable=False),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.Enum('click', name='touchkind', native_enum=False, length=30), nullable=False),
    sa.Column('cta_id', sa.Uuid(), nullable=False),
    sa.Column('placement_id', sa.Uuid(), nullable=False),
    sa.Column('article_id', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Uuid(), nullable=False),
    sa.Column('referrer_host', sa.String(length=253), nullable=True),
    sa.Column('bot_reason', sa.String(length=60), nullable=True),
    sa.ForeignKeyConstraint(['course_id'], ['courses.id'], name=op.f('fk_touches_course_id_courses')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_touches')),
    sa.UniqueConstraint('click_token', name=op.f('uq_touches_click_token'))
    )
    with op.batch_alter_table('touches', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_touches_article_id'), ['article_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_touches_course_id'), ['course_id'], unique=False)
        batch_op.create_index('ix_touches_cta_id_article_id', ['cta_id', 'article_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_touches_occurred_at'), ['occurred_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_touches_placement_id'), ['placement_id'], unique=False)

    op.create_table('achievement_versions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('achievement_id', sa.Uuid(), nullable=False),
    sa.Column('slug', sa.String(length=80), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=160), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('criteria', sa.Text(), nullable=False),
    sa.Column('criteria_html', sa.Text(), nullable=False),
    sa.Column('language', sa.String(length=20), nullable=False),
    sa.Column('validity_months', sa.Integer(), nullable=False),
    sa.Column('badge', JSON_VALUE, nullable=False),
    sa.Column('tags', JSON_VALUE, nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['achievement_id'], ['achievements.id'], name=op.f('fk_achievement_versions_achievement_id_achievements')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_achievement_versions')),
    sa.UniqueConstraint('achievement_id', 'n', name=op.f('uq_achievement_versions_achievement_id_n')),
    sa.UniqueConstraint('slug', 'n', name=op.f('uq_achievement_versions_slug_n'))
    )
    op.create_table('attempts',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('quiz_id', sa.Uuid(), nullable=False),
    sa.Column('quiz_version_id', sa.Uuid(), nullable=False),
    sa.Column('learner_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('is_preview', sa.Boolean(), nullable=False),
    sa.Column('state', sa.Enum('scheduled', 'in_progress', 'paused', 'overdue', 'submitted', 'needs_grading', 'graded', 'abandoned', 'voided', name='attemptstate', native_enum=False, length=30), nullable=False),
    sa.Column('home_path', sa.String(length=500), nullable=False),
    sa.Column('seed', sa.BigInteger(), nullable=False),
    sa.Column('honor_code', sa.Text(), nullable=False),
    sa.Column('honor_code_accepted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('browser_session', sa.String(length=64), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('limit_seconds', sa.Integer(), nullable=True),
    sa.Column('added_seconds', sa.Integer(), nullable=False),
    sa.Column('paused_seconds', sa.Integer(), nullable=False),
    sa.Column('credited_seconds', sa.Integer(), nullable=False),
    sa.Column('paused_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closes_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('deadline_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lease_token', sa.String(length=64), nullable=True),
    sa.Column('lease_taken_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('chain_head', sa.String(length=64), nullable=False),
    sa.Column('ops_count', sa.Integer(), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finish_reason', sa.Enum('learner', 'timer', 'staff', 'new_version', name='finishreason', native_enum=False, length=30), nullable=True),
    sa.Column('receipt', sa.String(length=40), nullable=True),
    sa.Column('graded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('earned', EXACT_DECIMAL, nullable=True),
    sa.Column('possible', EXACT_DECIMAL, nullable=True),
    sa.Column('passed', sa.Boolean(), nullable=True),
    sa.Column('is_counted', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['learner_id'], ['users.id'], name=op.f('fk_attempts_learner_id_users')),
    sa.ForeignKeyConstraint(['quiz_id'], ['quizzes.id'], name=op.f('fk_attempts_quiz_id_quizzes')),
    sa.ForeignKeyConstraint(['quiz_version_id'], ['quiz_versions.id'], name=op.f('fk_attempts_quiz_version_id_quiz_versions')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attempts')),
    sa.UniqueConstraint('learner_id', 'quiz_id', 'is_preview', 'number', name=op.f('uq_attempts_learner_id_quiz_id_is_preview_number'))
    )
    with op.batch_alter_table('attempts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_attempts_quiz_id'), ['quiz_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_attempts_quiz_version_id'), ['quiz_version_id'], unique=False)
        batch_op.create_index('ix_attempts_state_deadline_at', ['state', 'deadline_at'], unique=False)
        batch_op.create_index('uq_attempts_one_open', ['learner_id', 'quiz_id', 'is_preview'], unique=True, postgresql_where=sa.text("state IN ('scheduled', 'in_progress', 'paused', 'overdue')"), sqlite_where=sa.text("state IN ('scheduled', 'in_progress', 'paused', 'overdue')"))

    op.create_table('entitlements',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('offering_id', sa.Uuid(), nullable=False),
    sa.Column('source_kind', sa.Enum('order_line', 'free', 'voucher', 'grant', name='entitlementsource', native_enum=False, length=30), nullable=False),
    sa.Column('source_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Enum('active', 'suspended', 'revoked', name='entitlementstatus', native_enum=False, length=30), nullable=False),
    sa.Column('valid_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['offering_id'], ['offerings.id'], name=op.f('fk_entitlements_offering_id_offerings')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_entitlements_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_entitlements')),
    sa.UniqueConstraint('source_kind', 'source_id', 'offering_id', name=op.f('uq_entitlements_source_kind_source_id_offering_id'))
    )
    with op.batch_alter_table('entitlements', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_entitlements_offering_id'), ['offering_id'], unique=False)
        batch_op.create_index('ix_entitlements_user_id_offering_id', ['user_id', 'offering_id'], unique=False)

    op.create_table('lessons',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Uuid(), nullable=False),
    sa.Column('module_id', sa.Uuid(), nullable=False),
    sa.Column('slug', sa.String(length=80), nullable=False),
    sa.Column('kind', sa.Enum('reading', 'quiz', 'exam', name='lessonkind', native_enum=False, length=30), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=160), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('is_preview', sa.Boolean(), nullable=False),
    sa.Column('quiz_id', sa.Uuid(), nullable=True),
    sa.Column('published_n', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['course_id'], ['courses.id'], name=op.f('fk_lessons_course_id_courses')),
    sa.ForeignKeyConstraint(['module_id'], ['modules.id'], name=op.f('fk_lessons_module_id_modules')),
    sa.ForeignKeyConstraint(['quiz_id'], ['quizzes.id'], name=op.f('fk_lessons_quiz_id_quizzes')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lessons')),
    sa.UniqueConstraint('course_id', 'slug', name=op.f('uq_lessons_course_id_slug'))
    )
    with op.batch_alter_table('lessons', schema=None) as batch_op:
        batch_op.create_index('ix_lessons_module_id', ['module_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_lessons_quiz_id'), ['quiz_id'], unique=False)

    op.create_table('order_credits',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('touch_id', sa.Uuid(), nullable=False),
    sa.Column('cta_id', sa.Uuid(), nullable=False),
    sa.Column('article_id', sa.Uuid(), nullable=False),
    sa.Column('weight', EXACT_DECIMAL, nullable=False),
    sa.Column('credited_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('model', sa.Enum('last_non_direct', name='creditmodel', native_enum=False, length=30), nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_order_credits_order_id_orders')),
    sa.ForeignKeyConstraint(['touch_id'], ['touches.id'], name=op.f('fk_order_credits_touch_id_touches')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_order_credits')),
    sa.UniqueConstraint('order_id', 'touch_id', 'model', name=op.f('uq_order_credits_order_id_touch_id_model'))
    )
    with op.batch_alter_table('order_credits', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_order_credits_article_id'), ['article_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_order_credits_touch_id'), ['touch_id'], unique=False)

    op.create_table('order_lines',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('line_no', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('course', name='offeringkind', native_enum=False, length=30), nullable=False),
    sa.Column('offering_id', sa.Uuid(), nullable=False),
    sa.Column('title', sa.String(length=160), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('unit_amount', MINOR, nullable=False),
    sa.Column('amount', MINOR, nullable=False),
    sa.Column('refunded_amount', MINOR, nullable=False),
    sa.Column('refunded_quantity', sa.Integer(), nullable=False),
    sa.CheckConstraint('quantity > 0 AND amount = quantity * unit_amount', name=op.f('ck_order_lines_amount_is_product')),
    sa.CheckConstraint('refunded_amount >= 0 AND refunded_amount <= amount', name=op.f('ck_order_lines_refunded_at_most_amount')),
    sa.CheckConstraint('refunded_quantity >= 0 AND refunded_quantity <= quantity', name=op.f('ck_order_lines_refunded_at_most_quantity')),
    sa.ForeignKeyConstraint(['offering_id'], ['offerings.id'], name=op.f('fk_order_lines_offering_id_offerings')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_order_lines_order_id_orders')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_order_lines')),
    sa.UniqueConstraint('order_id', 'line_no', name=op.f('uq_order_lines_order_id_line_no'))
    )
    with op.batch_alter_table('order_lines', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_order_lines_offering_id'), ['offering_id'], unique=False)

    op.create_table('order_touches',
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('touch_id', sa.Uuid(), nullable=False),
    sa.Column('placed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_order_touches_order_id_orders')),
    sa.ForeignKeyConstraint(['touch_id'], ['touches.id'], name=op.f('fk_order_touches_touch_id_touches')),
    sa.PrimaryKeyConstraint('order_id', 'touch_id', name=op.f('pk_order_touches'))
    )
    with op.batch_alter_table('order_touches', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_order_touches_touch_id'), ['touch_id'], unique=False)

    op.create_table('payments',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('attempt_id', sa.Uuid(), nullable=False),
    sa.Column('payment_intent', sa.String(length=255), nullable=False),
    sa.Column('charge', sa.String(length=255), nullable=True),
    sa.Column('amount', MINOR, nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('kind', sa.Enum('primary', 'duplicate', 'late', name='paymentkind', native_enum=False, length=30), nullable=False),
    sa.Column('status', sa.String(length=40), nullable=False),
    sa.Column('method', sa.String(length=40), nullable=True),
    sa.Column('last4', sa.String(length=4), nullable=True),
    sa.Column('receipt_url', sa.Text(), nullable=True),
    sa.Column('fee', MINOR, nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['attempt_id'], ['checkout_attempts.id'], name=op.f('fk_payments_attempt_id_checkout_attempts')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_payments_order_id_orders')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payments')),
    sa.UniqueConstraint('payment_intent', name=op.f('uq_payments_payment_intent'))
    )
    with op.batch_alter_table('payments', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_payments_attempt_id'), ['attempt_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_payments_charge'), ['charge'], unique=False)
        batch_op.create_index(batch_op.f('ix_payments_order_id'), ['order_id'], unique=False)
        batch_op.create_index('uq_payments_order_id_primary', ['order_id'], unique=True, postgresql_where=sa.text("kind = 'primary'"), sqlite_where=sa.text("kind = 'primary'"))

    op.create_table('placements',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('cta_id', sa.Uuid(), nullable=False),
    sa.Column('article_id', sa.Uuid(), nullable=False),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('removed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['cta_id'], ['ctas.id'], name=op.f('fk_placements_cta_id_ctas')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_placements')),
    sa.UniqueConstraint('cta_id', 'article_id', 'key', name=op.f('uq_placements_cta_id_article_id_key'))
    )
    with op.batch_alter_table('placements', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_placements_article_id'), ['article_id'], unique=False)

    op.create_table('prices',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('offering_id', sa.Uuid(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('unit_amount', MINOR, nullable=False),
    sa.Column('tax_behavior', sa.Enum('inclusive', 'exclusive', name='taxbehavior', native_enum=False, length=30), nullable=False),
    sa.Column('valid_from', sa.DateTime(timezone=True), nullable=False),
    sa.Column('valid_until', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('unit_amount >= 0', name=op.f('ck_prices_unit_amount_not_negative')),
    sa.ForeignKeyConstraint(['offering_id'], ['offerings.id'], name=op.f('fk_prices_offering_id_offerings')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_prices'))
    )
    with op.batch_alter_table('prices', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_prices_offering_id'), ['offering_id'], unique=False)
        batch_op.create_index('uq_prices_offering_id_currency_current', ['offering_id', 'currency'], unique=True, postgresql_where=sa.text('valid_until IS NULL'), sqlite_where=sa.text('valid_until IS NULL'))

    op.create_table('quiz_slots',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('quiz_version_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('fixed', 'random', name='slotkind', native_enum=False, length=30), nullable=False),
    sa.Column('question_id', sa.Uuid(), nullable=True),
    sa.Column('question_version_id', sa.Uuid(), nullable=True),
    sa.Column('category_id', sa.Uuid(), nullable=True),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('domain', sa.String(length=120), nullable=False),
    sa.Column('domain_title', sa.String(length=160), nullable=False),
    sa.Column('max_mark', EXACT_DECIMAL, nullable=False),
    sa.ForeignKeyConstraint(['category_id'], ['question_categories.id'], name=op.f('fk_quiz_slots_category_id_question_categories')),
    sa.ForeignKeyConstraint(['question_id'], ['questions.id'], name=op.f('fk_quiz_slots_question_id_questions')),
    sa.ForeignKeyConstraint(['question_version_id'], ['question_versions.id'], name=op.f('fk_quiz_slots_question_version_id_question_versions')),
    sa.ForeignKeyConstraint(['quiz_version_id'], ['quiz_versions.id'], name=op.f('fk_quiz_slots_quiz_version_id_quiz_versions'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quiz_slots')),
    sa.UniqueConstraint('quiz_version_id', 'position', name=op.f('uq_quiz_slots_quiz_version_id_position'))
    )
    with op.batch_alter_table('quiz_slots', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_quiz_slots_category_id'), ['category_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_quiz_slots_question_id'), ['question_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_quiz_slots_question_version_id'), ['question_version_id'], unique=False)

    op.create_table('answer_ops',
    sa.Column('op_id', sa.Uuid(), nullable=False),
    sa.Column('attempt_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=True),
    sa.Column('slot', sa.Integer(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('answer', JSON_VALUE, nullable=True),
    sa.Column('client_ts', sa.String(length=40), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=True),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempts.id'], name=op.f('fk_answer_ops_attempt_id_attempts')),
    sa.PrimaryKeyConstraint('op_id', name=op.f('pk_answer_ops')),
    sa.UniqueConstraint('attempt_id', 'position', name=op.f('uq_answer_ops_attempt_id_position'))
    )
    with op.batch_alter_table('answer_ops', schema=None) as batch_op:
        batch_op.create_index('ix_answer_ops_attempt_id_slot_seq', ['attempt_id', 'slot', 'seq'], unique=False)

    op.create_table('credentials',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('holder_id', sa.Uuid(), nullable=False),
    sa.Column('holder_name', sa.String(length=240), nullable=False),
    sa.Column('enrollment_id', sa.Uuid(), nullable=False),
    sa.Column('attempt_id', sa.Uuid(), nullable=False),
    sa.Column('achievement_version_id', sa.Uuid(), nullable=False),
    sa.Column('awarded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('state', sa.Enum('pending', 'issued', 'revoked', name='credentialstate', native_enum=False, length=30), nullable=False),
    sa.Column('current_n', sa.Integer(), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revocation_reason', sa.Enum('issued in error', 'requirements withdrawn', 'superseded by a corrected version', 'at the holder’s request', name='revocationreason', native_enum=False, length=60), nullable=True),
    sa.Column('revocation_note', sa.Text(), nullable=False),
    sa.Column('renewed_from_id', sa.Uuid(), nullable=True),
    sa.ForeignKeyConstraint(['achievement_version_id'], ['achievement_versions.id'], name=op.f('fk_credentials_achievement_version_id_achievement_versions')),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempts.id'], name=op.f('fk_credentials_attempt_id_attempts')),
    sa.ForeignKeyConstraint(['enrollment_id'], ['enrollments.id'], name=op.f('fk_credentials_enrollment_id_enrollments')),
    sa.ForeignKeyConstraint(['holder_id'], ['users.id'], name=op.f('fk_credentials_holder_id_users')),
    sa.ForeignKeyConstraint(['renewed_from_id'], ['credentials.id'], name=op.f('fk_credentials_renewed_from_id_credentials')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_credentials')),
    sa.UniqueConstraint('attempt_id', name=op.f('uq_credentials_attempt_id')),
    sa.UniqueConstraint('number', name=op.f('uq_credentials_number'))
    )
    with op.batch_alter_table('credentials', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_credentials_achievement_version_id'), ['achievement_version_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_credentials_awarded_at'), ['awarded_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_credentials_holder_id'), ['holder_id'], unique=False)
        batch_op.create_index('ix_credentials_one_for_each_enrollment', ['enrollment_id'], unique=True, sqlite_where=sa.text('renewed_from_id IS NULL'), postgresql_where=sa.text('renewed_from_id IS NULL'))
        batch_op.create_index(batch_op.f('ix_credentials_renewed_from_id'), ['renewed_from_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_credentials_state'), ['state'], unique=False)

    op.create_table('lesson_progress',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('enrollment_id', sa.Uuid(), nullable=False),
    sa.Column('lesson_id', sa.Uuid(), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('attempt_id', sa.Uuid(), nullable=True),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempts.id'], name=op.f('fk_lesson_progress_attempt_id_attempts')),
    sa.ForeignKeyConstraint(['enrollment_id'], ['enrollments.id'], name=op.f('fk_lesson_progress_enrollment_id_enrollments')),
    sa.ForeignKeyConstraint(['lesson_id'], ['lessons.id'], name=op.f('fk_lesson_progress_lesson_id_lessons')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lesson_progress')),
    sa.UniqueConstraint('enrollment_id', 'lesson_id', name=op.f('uq_lesson_progress_enrollment_id_lesson_id'))
    )
    with op.batch_alter_table('lesson_progress', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_lesson_progress_attempt_id'), ['attempt_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_lesson_progress_lesson_id'), ['lesson_id'], unique=False)

    op.create_table('lesson_versions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('lesson_id', sa.Uuid(), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('body_html', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['lesson_id'], ['lessons.id'], name=op.f('fk_lesson_versions_lesson_id_lessons')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lesson_versions')),
    sa.UniqueConstraint('lesson_id', 'n', name=op.f('uq_lesson_versions_lesson_id_n'))
    )
    op.create_table('paper_slots',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('attempt_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('question_id', sa.Uuid(), nullable=False),
    sa.Column('question_version_id', sa.Uuid(), nullable=False),
    sa.Column('option_order', JSON_VALUE, nullable=False),
    sa.Column('domain', sa.String(length=120), nullable=False),
    sa.Column('domain_title', sa.String(length=160), nullable=False),
    sa.Column('max_mark', EXACT_DECIMAL, nullable=False),
    sa.Column('is_flagged', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempts.id'], name=op.f('fk_paper_slots_attempt_id_attempts')),
    sa.ForeignKeyConstraint(['question_id'], ['questions.id'], name=op.f('fk_paper_slots_question_id_questions')),
    sa.ForeignKeyConstraint(['question_version_id'], ['question_versions.id'], name=op.f('fk_paper_slots_question_version_id_question_versions')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_paper_slots')),
    sa.UniqueConstraint('attempt_id', 'number', name=op.f('uq_paper_slots_attempt_id_number'))
    )
    with op.batch_alter_table('paper_slots', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_paper_slots_question_id'), ['question_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_paper_slots_question_version_id'), ['question_version_id'], unique=False)

    op.create_table('slot_marks',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('attempt_id', sa.Uuid(), nullable=False),
    sa.Column('slot', sa.Integer(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('fraction', EXACT_DECIMAL, nullable=False),
    sa.Column('mark', EXACT_DECIMAL, nullable=False),
    sa.Column('max_mark', EXACT_DECIMAL, nullable=False),
    sa.Column('state', sa.Enum('correct', 'partially_correct', 'incorrect', 'gave_up', name='gradestate', native_enum=False, length=30), nullable=False),
    sa.Column('needs_review', sa.Boolean(), nullable=False),
    sa.Column('graded_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempts.id'], name=op.f('fk_slot_marks_attempt_id_attempts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_slot_marks')),
    sa.UniqueConstraint('attempt_id', 'slot', 'revision', name=op.f('uq_slot_marks_attempt_id_slot_revision'))
    )
    op.create_table('answers',
    sa.Column('attempt_id', sa.Uuid(), nullable=False),
    sa.Column('slot', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('answer', JSON_VALUE, nullable=True),
    sa.Column('op_id', sa.Uuid(), nullable=False),
    sa.Column('saved_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempts.id'], name=op.f('fk_answers_attempt_id_attempts')),
    sa.ForeignKeyConstraint(['op_id'], ['answer_ops.op_id'], name=op.f('fk_answers_op_id_answer_ops')),
    sa.PrimaryKeyConstraint('attempt_id', 'slot', name=op.f('pk_answers'))
    )
    with op.batch_alter_table('answers', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_answers_op_id'), ['op_id'], unique=False)

    op.create_table('credential_events',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('key activated', 'issued', 'revoked', name='historykind', native_enum=False, length=30), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('credential_id', sa.Uuid(), nullable=True),
    sa.Column('version_n', sa.Integer(), nullable=True),
    sa.Column('key_id', sa.Uuid(), nullable=True),
    sa.Column('actor_id', sa.Uuid(), nullable=True),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('document_sha256', sa.String(length=64), nullable=True),
    sa.Column('previous_hash', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['users.id'], name=op.f('fk_credential_events_actor_id_users')),
    sa.ForeignKeyConstraint(['credential_id'], ['credentials.id'], name=op.f('fk_credential_events_credential_id_credentials')),
    sa.ForeignKeyConstraint(['key_id'], ['issuer_keys.id'], name=op.f('fk_credential_events_key_id_issuer_keys')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_credential_events')),
    sa.UniqueConstraint('position', name=op.f('uq_credential_events_position'))
    )
    with op.batch_alter_table('credential_events', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_credential_events_actor_id'), ['actor_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_credential_events_credential_id'), ['credential_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_credential_events_key_id'), ['key_id'], unique=False)

    op.create_table('credential_versions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('credential_id', sa.Uuid(), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('valid_from', sa.DateTime(timezone=True), nullable=False),
    sa.Column('valid_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('signed_json', sa.Text(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('key_id', sa.Uuid(), nullable=False),
    sa.Column('status_entry_id', sa.Uuid(), nullable=False),
    sa.Column('signed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('superseded_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['credential_id'], ['credentials.id'], name=op.f('fk_credential_versions_credential_id_credentials')),
    sa.ForeignKeyConstraint(['key_id'], ['issuer_keys.id'], name=op.f('fk_credential_versions_key_id_issuer_keys')),
    sa.ForeignKeyConstraint(['status_entry_id'], ['status_entries.id'], name=op.f('fk_credential_versions_status_entry_id_status_entries')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_credential_versions')),
    sa.UniqueConstraint('credential_id', 'n', name=op.f('uq_credential_versions_credential_id_n')),
    sa.UniqueConstraint('status_entry_id', name=op.f('uq_credential_versions_status_entry_id'))
    )
    with op.batch_alter_table('credential_versions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_credential_versions_key_id'), ['key_id'], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        for name, table, other, column in CIRCLES:
            op.create_foreign_key(name, table, other, [column], ["id"])



def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name, table, _other, _column in CIRCLES:
            op.drop_constraint(name, table, type_="foreignkey")
    with op.batch_alter_table('credential_versions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_credential_versions_key_id'))

    op.drop_table('credential_versions')
    with op.batch_alter_table('credential_events', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_credential_events_key_id'))
        batch_op.drop_index(batch_op.f('ix_credential_events_credential_id'))
        batch_op.drop_index(batch_op.f('ix_credential_events_actor_id'))

    op.drop_table('credential_events')
    with op.batch_alter_table('answers', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_answers_op_id'))

    op.drop_table('answers')
    op.drop_table('slot_marks')
    with op.batch_alter_table('paper_slots', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_paper_slots_question_version_id'))
        batch_op.drop_index(batch_op.f('ix_paper_slots_question_id'))

    op.drop_table('paper_slots')
    op.drop_table('lesson_versions')
    with op.batch_alter_table('lesson_progress', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_lesson_progress_lesson_id'))
        batch_op.drop_index(batch_op.f('ix_lesson_progress_attempt_id'))

    op.drop_table('lesson_progress')
    with op.batch_alter_table('credentials', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_credentials_state'))
        batch_op.drop_index(batch_op.f('ix_credentials_renewed_from_id'))
        batch_op.drop_index('ix_credentials_one_for_each_enrollment', sqlite_where=sa.text('renewed_from_id IS NULL'), postgresql_where=sa.text('renewed_from_id IS NULL'))
        batch_op.drop_index(batch_op.f('ix_credentials_holder_id'))
        batch_op.drop_index(batch_op.f('ix_credentials_awarded_at'))
        batch_op.drop_index(batch_op.f('ix_credentials_achievement_version_id'))

    op.drop_table('credentials')
    with op.batch_alter_table('answer_ops', schema=None) as batch_op:
        batch_op.drop_index('ix_answer_ops_attempt_id_slot_seq')

    op.drop_table('answer_ops')
    with op.batch_alter_table('quiz_slots', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_quiz_slots_question_version_id'))
        batch_op.drop_index(batch_op.f('ix_quiz_slots_question_id'))
        batch_op.drop_index(batch_op.f('ix_quiz_slots_category_id'))

    op.drop_table('quiz_slots')
    with op.batch_alter_table('prices', schema=None) as batch_op:
        batch_op.drop_index('uq_prices_offering_id_currency_current', postgresql_where=sa.text('valid_until IS NULL'), sqlite_where=sa.text('valid_until IS NULL'))
        batch_op.drop_index(batch_op.f('ix_prices_offering_id'))

    op.drop_table('prices')
    with op.batch_alter_table('placements', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_placements_article_id'))

    op.drop_table('placements')
    with op.batch_alter_table('payments', schema=None) as batch_op:
        batch_op.drop_index('uq_payments_order_id_primary', postgresql_where=sa.text("kind = 'primary'"), sqlite_where=sa.text("kind = 'primary'"))
        batch_op.drop_index(batch_op.f('ix_payments_order_id'))
        batch_op.drop_index(batch_op.f('ix_payments_charge'))
        batch_op.drop_index(batch_op.f('ix_payments_attempt_id'))

    op.drop_table('payments')
    with op.batch_alter_table('order_touches', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_order_touches_touch_id'))

    op.drop_table('order_touches')
    with op.batch_alter_table('order_lines', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_order_lines_offering_id'))

    op.drop_table('order_lines')
    with op.batch_alter_table('order_credits', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_order_credits_touch_id'))
        batch_op.drop_index(batch_op.f('ix_order_credits_article_id'))

    op.drop_table('order_credits')
    with op.batch_alter_table('lessons', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_lessons_quiz_id'))
        batch_op.drop_index('ix_lessons_module_id')

    op.drop_table('lessons')
    with op.batch_alter_table('entitlements', schema=None) as batch_op:
        batch_op.drop_index('ix_entitlements_user_id_offering_id')
        batch_op.drop_index(batch_op.f('ix_entitlements_offering_id'))

    op.drop_table('entitlements')
    with op.batch_alter_table('attempts', schema=None) as batch_op:
        batch_op.drop_index('uq_attempts_one_open', postgresql_where=sa.text("state IN ('scheduled', 'in_progress', 'paused', 'overdue')"), sqlite_where=sa.text("state IN ('scheduled', 'in_progress', 'paused', 'overdue')"))
        batch_op.drop_index('ix_attempts_state_deadline_at')
        batch_op.drop_index(batch_op.f('ix_attempts_quiz_version_id'))
        batch_op.drop_index(batch_op.f('ix_attempts_quiz_id'))

    op.drop_table('attempts')
    op.drop_table('achievement_versions')
    with op.batch_alter_table('touches', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_touches_placement_id'))
        batch_op.drop_index(batch_op.f('ix_touches_occurred_at'))
        batch_op.drop_index('ix_touches_cta_id_article_id')
        batch_op.drop_index(batch_op.f('ix_touches_course_id'))
        batch_op.drop_index(batch_op.f('ix_touches_article_id'))

    op.drop_table('touches')
    op.drop_table('status_entries')
    with op.batch_alter_table('review_tasks', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_review_tasks_resolved_by_id'))
        batch_op.drop_index(batch_op.f('ix_review_tasks_order_id'))

    op.drop_table('review_tasks')
    with op.batch_alter_table('quiz_versions', schema=None) as batch_op:
        batch_op.drop_index('uq_quiz_versions_one_draft', postgresql_where=sa.text('published_at IS NULL'), sqlite_where=sa.text('published_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_quiz_versions_created_by_id'))

    op.drop_table('quiz_versions')
    with op.batch_alter_table('question_versions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_question_versions_created_by_id'))

    op.drop_table('question_versions')
    with op.batch_alter_table('offerings', schema=None) as batch_op:
        batch_op.drop_index('uq_offerings_course_id_current', postgresql_where=sa.text('withdrawn_at IS NULL'), sqlite_where=sa.text('withdrawn_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_offerings_course_id'))

    op.drop_table('offerings')
    op.drop_table('modules')
    with op.batch_alter_table('ledger_entries', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ledger_entries_order_id'))
        batch_op.drop_index(batch_op.f('ix_ledger_entries_created_at'))

    op.drop_table('ledger_entries')
    with op.batch_alter_table('enrollments', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_enrollments_course_id'))

    op.drop_table('enrollments')
    with op.batch_alter_table('ctas', schema=None) as batch_op:
        batch_op.drop_index('ix_ctas_status_created_at')
        batch_op.drop_index(batch_op.f('ix_ctas_owner_id'))
        batch_op.drop_index(batch_op.f('ix_ctas_course_id'))

    op.drop_table('ctas')
    op.drop_table('course_versions')
    op.drop_table('checkout_attempts')
    with op.batch_alter_table('article_tags', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_article_tags_tag'))

    op.drop_table('article_tags')
    with op.batch_alter_table('article_revisions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_article_revisions_created_by_id'))
        batch_op.drop_index(batch_op.f('ix_article_revisions_category'))

    op.drop_table('article_revisions')
    op.drop_table('achievements')
    with op.batch_alter_table('status_lists', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_status_lists_key_id'))
        batch_op.drop_index(batch_op.f('ix_status_lists_did'))

    op.drop_table('status_lists')
    with op.batch_alter_table('quizzes', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_quizzes_status'))
        batch_op.drop_index(batch_op.f('ix_quizzes_published_version_id'))
        batch_op.drop_index(batch_op.f('ix_quizzes_owner_id'))

    op.drop_table('quizzes')
    with op.batch_alter_table('questions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_questions_status'))
        batch_op.drop_index(batch_op.f('ix_questions_owner_id'))
        batch_op.drop_index('ix_questions_category_id_ready_n')

    op.drop_table('questions')
    op.drop_table('payment_customers')
    with op.batch_alter_table('orders', schema=None) as batch_op:
        batch_op.drop_index('uq_orders_buyer_id_purchase_key_open', postgresql_where=sa.text("state IN ('created', 'awaiting_payment')"), sqlite_where=sa.text("state IN ('created', 'awaiting_payment')"))
        batch_op.drop_index('ix_orders_state_created_at')
        batch_op.drop_index(batch_op.f('ix_orders_created_at'))
        batch_op.drop_index('ix_orders_buyer_id_created_at')

    op.drop_table('orders')
    with op.batch_alter_table('mailed_links', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_mailed_links_user_id'))
        batch_op.drop_index(batch_op.f('ix_mailed_links_ends_at'))

    op.drop_table('mailed_links')
    with op.batch_alter_table('deliveries', schema=None) as batch_op:
        batch_op.drop_index('ix_deliveries_status_due_at')
        batch_op.drop_index(batch_op.f('ix_deliveries_event_id'))

    op.drop_table('deliveries')
    with op.batch_alter_table('courses', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_courses_status'))
        batch_op.drop_index(batch_op.f('ix_courses_owner_id'))

    op.drop_table('courses')
    with op.batch_alter_table('browser_sessions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_browser_sessions_user_id'))
        batch_op.drop_index(batch_op.f('ix_browser_sessions_ends_at'))

    op.drop_table('browser_sessions')
    with op.batch_alter_table('articles', schema=None) as batch_op:
        batch_op.drop_index('ix_articles_status_published_at')
        batch_op.drop_index(batch_op.f('ix_articles_published_revision_id'))
        batch_op.drop_index(batch_op.f('ix_articles_created_by_id'))
        batch_op.drop_index(batch_op.f('ix_articles_changed_at'))

    op.drop_table('articles')
    op.drop_table('users')
    with op.batch_alter_table('stripe_events', schema=None) as batch_op:
        batch_op.drop_index('ix_stripe_events_status_next_at')
        batch_op.drop_index(batch_op.f('ix_stripe_events_received_at'))
        batch_op.drop_index(batch_op.f('ix_stripe_events_object_id'))

    op.drop_table('stripe_events')
    with op.batch_alter_table('question_categories', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_question_categories_parent_id'))

    op.drop_table('question_categories')
    with op.batch_alter_table('mails', schema=None) as batch_op:
        batch_op.drop_index('ix_mails_status_due_at')

    op.drop_table('mails')
    with op.batch_alter_table('issuer_keys', schema=None) as batch_op:
        batch_op.drop_index('ix_issuer_keys_one_active', sqlite_where=sa.text("state = 'active'"), postgresql_where=sa.text("state = 'active'"))

    op.drop_table('issuer_keys')
    with op.batch_alter_table('events', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_events_occurred_at'))
        batch_op.drop_index(batch_op.f('ix_events_name'))

    op.drop_table('events')
    with op.batch_alter_table('counters', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_counters_ends_at'))

    op.drop_table('counters')
