"""Further e-mail addresses of a person. An address is somebody's first one or somebody's further one, never both, by the database's own word.

Code from before knows nothing of the new table, and registers nobody under a further address: to it, that is a taken one.
"""

import sqlalchemy as sa
from alembic import op

revision = '0032'
down_revision = '0031'
branch_labels = None
depends_on = None

OTHERS = {'users': 'further_addresses', 'further_addresses': 'users'}
REFUSAL = 'that is an address of somebody already'


def upgrade() -> None:
    op.create_table('further_addresses',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('email', sa.String(254), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('verified_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_further_addresses_user_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_further_addresses')),
    sa.UniqueConstraint('email', name=op.f('uq_further_addresses_email'))
    )
    op.create_index(op.f('ix_further_addresses_user_id'), 'further_addresses', ['user_id'])
    if op.get_bind().dialect.name == 'postgresql':
        _refuse_on_postgresql()
    else:
        _refuse_on_sqlite()


def _refuse_on_postgresql() -> None:
    """Two transactions do not see each other's rows: so the second waits, by a lock on the address, until the first has ended.

    A changed address is locked as it was, too: whoever takes it meanwhile waits until it is known whether it is free.
    """
    op.execute(
        "CREATE FUNCTION refuse_taken_address() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE taken boolean; BEGIN "
        "IF TG_OP = 'UPDATE' THEN PERFORM pg_advisory_xact_lock(32, hashtext(OLD.email)); END IF; "
        "PERFORM pg_advisory_xact_lock(32, hashtext(NEW.email)); "
        "EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I WHERE email = $1)', TG_ARGV[0]) INTO taken USING NEW.email; "
        f"IF taken THEN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'unique_violation'; END IF; "
        "RETURN NEW; END $$"
    )
    for table, other in OTHERS.items():
        op.execute(
            f"CREATE TRIGGER address_is_one_persons BEFORE INSERT OR UPDATE OF email ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION refuse_taken_address('{other}')"
        )


def _refuse_on_sqlite() -> None:
    """Writers follow each other there."""
    for table, other in OTHERS.items():
        for name, moment in (('added', 'INSERT'), ('changed', 'UPDATE OF email')):
            taken = f"EXISTS (SELECT 1 FROM {other} WHERE email = NEW.email)"
            refusal = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            op.execute(f"CREATE TRIGGER {table}_address_{name} BEFORE {moment} ON {table} WHEN {taken} {refusal}")


def downgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        op.execute("DROP TRIGGER address_is_one_persons ON users")
    else:
        for name in ('added', 'changed'):
            op.execute(f"DROP TRIGGER users_address_{name}")
    op.drop_table('further_addresses')
    if op.get_bind().dialect.name == 'postgresql':
        op.execute("DROP FUNCTION refuse_taken_address()")
