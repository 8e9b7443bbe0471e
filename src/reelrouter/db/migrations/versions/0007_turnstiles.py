"""How fast jobs may be started in a queue is counted here, for all engines together."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "turnstiles",
        sa.Column("queue", sa.Text, primary_key=True),
        sa.Column("full_at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("turnstiles")
