"""Workspaces with rules of their own, limits on spending, deliveries, and vendor keys that a workspace brings."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None
works_with = "0006"

_WAITING = "started_at IS NULL AND finished_at IS NULL"
_MOVING = "started_at IS NOT NULL AND finished_at IS NULL"
_LISTED_BY = {"ix_jobs_of_key": "key_id", "ix_jobs_of_model": "model", "ix_jobs_of_status": "status"}
_COLUMNS = {
    "workspaces": (
        "description TEXT",
        "callback_url TEXT",
        "zdr BIGINT DEFAULT 0 NOT NULL",
        "strict BIGINT DEFAULT 0 NOT NULL",
        "retention BIGINT",
        "allowed_models TEXT",
        "allowed_providers TEXT",
        "provider_sort TEXT",
        "concurrency BIGINT",
        "rate BIGINT",
        "updated_at BIGINT",
        "deleted_at BIGINT",
    ),
    "api_keys": (
        "strict BIGINT DEFAULT 0 NOT NULL",
        "concurrency BIGINT",
        "rate BIGINT",
        "expires_at BIGINT",
        "updated_at BIGINT",
        "deleted_at BIGINT",
    ),
    "holds": ("limits TEXT",),
    "ledger": ("note TEXT",),
    "spending": ("fees BIGINT DEFAULT 0 NOT NULL", "byok BIGINT DEFAULT 0 NOT NULL"),
    "jobs": (
        "external_user TEXT",
        "session_id TEXT",
        "is_byok BIGINT DEFAULT 0 NOT NULL",
        "zdr BIGINT DEFAULT 0 NOT NULL",
        "retention BIGINT",
        "list_price BIGINT",
    ),
}


def upgrade() -> None:
    for table, columns in _COLUMNS.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    op.execute("UPDATE jobs SET list_price = price")  # so far there was no other price than the catalogue's
    with op.batch_alter_table("ledger") as ledger:
        ledger.alter_column("job_id", existing_type=sa.Text, nullable=True)
    _indices()
    op.create_table(
        "limits",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("held", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("settled", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("since", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("include_byok", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_limits"),
    )
    op.create_index("uq_limits_subject_period", "limits", ["subject", "period"], unique=True)
    _webhooks()
    op.create_table(
        "vendor_keys",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("allowed_models", sa.Text, nullable=True),
        sa.Column("allowed_keys", sa.Text, nullable=True),
        sa.Column("position", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("is_fallback", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("is_required", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("is_byok_only", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("disabled_at", sa.BigInteger, nullable=True),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_vendor_keys"),
    )
    op.create_index("ix_vendor_keys_workspace", "vendor_keys", ["workspace", "provider"])


def _indices() -> None:
    op.drop_index("ix_jobs_waiting", table_name="jobs")
    op.drop_index("ix_jobs_moving", table_name="jobs")
    op.execute(
        "CREATE INDEX ix_jobs_waiting ON jobs (queue, workspace, created_at, not_before, finished_at, started_at) "
        f"WHERE {_WAITING}"
    )
    op.execute(f"CREATE INDEX ix_jobs_moving ON jobs (queue, workspace, finished_at, started_at) WHERE {_MOVING}")
    op.execute(
        "CREATE INDEX ix_jobs_unfinished ON jobs (workspace, mode, key_id, finished_at) WHERE finished_at IS NULL"
    )
    for index, column in (("user", "external_user"), ("session", "session_id")):
        op.execute(
            f"CREATE INDEX ix_jobs_of_{index} ON jobs (workspace, mode, {column}, created_at, id) "
            f"WHERE {column} IS NOT NULL"
        )
    for index, column in _LISTED_BY.items():
        op.create_index(index, "jobs", ["workspace", "mode", column, "created_at", "id"])
    op.execute(
        "CREATE INDEX ix_jobs_charged ON jobs (finished_at, workspace, mode, model, provider, key_id,"
        " external_user, session_id, is_byok, price, list_price, vendor_cost) WHERE price IS NOT NULL"
    )
    op.create_index("ix_api_keys_workspace", "api_keys", ["workspace"])
    op.create_index("ix_ledger_listed", "ledger", ["workspace", "mode", "created_at"])


def _webhooks() -> None:
    op.create_table(
        "webhook_secrets",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_secrets"),
    )
    op.create_index("ix_webhook_secrets_workspace", "webhook_secrets", ["workspace"])
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("job_id", sa.Text, nullable=True),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("pretend", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("tries", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=True),
        sa.Column("ended_at", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("key", name="uq_deliveries_key"),
    )
    op.execute("CREATE INDEX ix_deliveries_due ON deliveries (host, due_at) WHERE due_at IS NOT NULL")
    op.execute("CREATE INDEX ix_deliveries_ended ON deliveries (ended_at) WHERE ended_at IS NOT NULL")
    op.create_index("ix_deliveries_listed", "deliveries", ["workspace", "mode", "created_at", "id"])
    op.create_index("ix_deliveries_job", "deliveries", ["job_id"])
    op.create_table(
        "delivery_attempts",
        sa.Column("delivery_id", sa.Text, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("sent_at", sa.BigInteger, nullable=False),
        sa.Column("latency", sa.BigInteger, nullable=True),
        sa.Column("status", sa.BigInteger, nullable=True),
        sa.Column("response", sa.Text, nullable=True),
        sa.Column("error", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("delivery_id", "n", name="pk_delivery_attempts"),
    )


def downgrade() -> None:
    """Management keys are unknown to older versions, and rows of credit have no job: both go."""
    for table in ("vendor_keys", "delivery_attempts", "deliveries", "webhook_secrets", "limits"):
        op.drop_table(table)
    for name, table in (
        ("ix_ledger_listed", "ledger"),
        ("ix_api_keys_workspace", "api_keys"),
        ("ix_jobs_charged", "jobs"),
        *((index, "jobs") for index in _LISTED_BY),
        ("ix_jobs_of_session", "jobs"),
        ("ix_jobs_of_user", "jobs"),
        ("ix_jobs_unfinished", "jobs"),
        ("ix_jobs_moving", "jobs"),
        ("ix_jobs_waiting", "jobs"),
    ):
        op.drop_index(name, table_name=table)
    op.execute("DELETE FROM api_keys WHERE mode = 'management'")
    op.execute("DELETE FROM ledger WHERE job_id IS NULL")
    with op.batch_alter_table("ledger") as ledger:
        ledger.alter_column("job_id", existing_type=sa.Text, nullable=False)
    for table, columns in _COLUMNS.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} DROP COLUMN {column.partition(' ')[0]}")
    op.execute(f"CREATE INDEX ix_jobs_waiting ON jobs (queue, created_at, not_before) WHERE {_WAITING}")
    op.execute(f"CREATE INDEX ix_jobs_moving ON jobs (queue, finished_at, started_at) WHERE {_MOVING}")
