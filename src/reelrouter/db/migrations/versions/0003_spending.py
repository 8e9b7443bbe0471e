"""What each key has spent, by day."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
works_with = "0003"

_FROM_THE_LEDGER = """
INSERT INTO spending (key_id, day, amount)
SELECT jobs.key_id, ledger.created_at / 86400000, SUM(ledger.amount)
FROM ledger JOIN jobs ON jobs.id = ledger.job_id
WHERE ledger.kind = 'charge' AND ledger.amount > 0
GROUP BY jobs.key_id, ledger.created_at / 86400000
"""


def upgrade() -> None:
    op.create_table(
        "spending",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "day", name=op.f("pk_spending")),
    )
    op.execute(_FROM_THE_LEDGER)


def downgrade() -> None:
    op.drop_table("spending")
