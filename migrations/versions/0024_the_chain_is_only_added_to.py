"""The chain of events is only ever added to, by the database's own word; anchors say how far it went. No data is touched."""

import sqlalchemy as sa
from alembic import op

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None

TABLES = ('credential_events', 'chain_anchors')
REFUSAL = 'is only ever added to'
# INSERT OR REPLACE deletes what is in its way, and SQLite asks no trigger about that: so nothing may be in its way
IN_THE_WAY = {
    'credential_events': 'position = NEW.position OR id = NEW.id',
    'chain_anchors': 'position = NEW.position',
}


def upgrade() -> None:
    op.create_table('chain_anchors',
    sa.Column('position', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('hash', sa.String(64), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('statement', sa.String(500), nullable=False),
    sa.PrimaryKeyConstraint('position', name=op.f('pk_chain_anchors'))
    )
    if op.get_bind().dialect.name == 'postgresql':
        _protect_on_postgresql()
    else:
        _protect_on_sqlite()


def _protect_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '% {REFUSAL}', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"
    )
    for table in TABLES:
        op.execute(f"CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
        op.execute(f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()")


def _protect_on_sqlite() -> None:
    for table in TABLES:
        for name, moment in (('changed', 'UPDATE'), ('deleted', 'DELETE')):
            op.execute(f"CREATE TRIGGER {table}_never_{name} BEFORE {moment} ON {table} BEGIN SELECT RAISE(ABORT, '{table} {REFUSAL}'); END")
        taken = f"EXISTS (SELECT 1 FROM {table} WHERE {IN_THE_WAY[table]})"
        refusal = f"BEGIN SELECT RAISE(ABORT, '{table} {REFUSAL}'); END"
        op.execute(f"CREATE TRIGGER {table}_never_replaced BEFORE INSERT ON {table} WHEN {taken} {refusal}")


def downgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        for name in ('only_added_to', 'never_emptied'):
            op.execute(f"DROP TRIGGER {name} ON credential_events")
    else:
        for name in ('changed', 'deleted', 'replaced'):
            op.execute(f"DROP TRIGGER credential_events_never_{name}")
    op.drop_table('chain_anchors')
    if op.get_bind().dialect.name == 'postgresql':
        op.execute("DROP FUNCTION refuse_change()")
