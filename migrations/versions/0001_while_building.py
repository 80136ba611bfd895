"""All tables (while the first version is being built: from the models)."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    from laurel.core.db import Base

    Base.metadata.create_all(op.get_bind())


def downgrade() -> None:
    from laurel.core.db import Base

    Base.metadata.drop_all(op.get_bind())
