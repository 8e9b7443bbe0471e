"""What vendors billed can be summed up without a look at all that was charged."""

from alembic import op

from reelrouter.db.online import add_index

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None
works_with = "0006"

_COLUMNS = ("created_at", "mode", "workspace", "kind", "job_id", "key", "amount")


def upgrade() -> None:
    add_index("ix_ledger_billed", "ledger", _COLUMNS, "kind = 'vendor_cost'")


def downgrade() -> None:
    op.drop_index("ix_ledger_billed", table_name="ledger")
