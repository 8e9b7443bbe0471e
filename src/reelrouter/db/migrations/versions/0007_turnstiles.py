"""How fast jobs are started is counted for all engines; jobs that one engine has left to another are found."""

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
    left = "started_at IS NULL AND finished_at IS NULL AND not_before < 0"
    op.execute(f"CREATE INDEX ix_jobs_left ON jobs (not_before) WHERE {left}")


def downgrade() -> None:
    op.drop_index("ix_jobs_left", table_name="jobs")
    op.drop_table("turnstiles")
