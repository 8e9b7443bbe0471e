"""What polls could not make out, who works on which run, and how long videos took, are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None
works_with = "0006"


def upgrade() -> None:
    op.add_column("attempts", sa.Column("trouble", sa.Text))
    op.add_column("jobs", sa.Column("driver", sa.Text))
    op.create_table(
        "engines",
        sa.Column("slot", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "durations",
        sa.Column("endpoint", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("samples", sa.Text, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("durations")
    op.drop_table("engines")
    op.execute("ALTER TABLE jobs DROP COLUMN driver")
    op.execute("ALTER TABLE attempts DROP COLUMN trouble")
