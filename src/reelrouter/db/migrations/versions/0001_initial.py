"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None
works_with = "0001"


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_keys_hash")),
    )
    op.create_table(
        "attempts",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("intent_at", sa.BigInteger(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("job_id", "n", name=op.f("pk_attempts")),
    )
    op.create_table(
        "budgets",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("held", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("settled", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("workspace", "mode", name=op.f("pk_budgets")),
    )
    op.create_table(
        "holds",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_holds")),
    )
    op.create_table(
        "inputs",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "key", name=op.f("pk_inputs")),
    )
    with op.batch_alter_table("inputs", schema=None) as batch_op:
        batch_op.create_index("ix_inputs_key", ["key"], unique=False)

    op.create_table(
        "jobs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("deadline_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("dropped_at", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("routes", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("remarks", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("run", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("cancel_requested_at", sa.BigInteger(), nullable=True),
        sa.Column("progress", sa.Float(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("outputs", sa.Text(), nullable=True),
        sa.Column("output_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("estimate", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("vendor_cost", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index(
            "ix_jobs_cancelling",
            ["cancel_requested_at"],
            unique=False,
            sqlite_where=sa.text("cancel_requested_at IS NOT NULL AND finished_at IS NULL"),
            postgresql_where=sa.text("cancel_requested_at IS NOT NULL AND finished_at IS NULL"),
        )
        batch_op.create_index(
            "ix_jobs_kept",
            ["expires_at"],
            unique=False,
            sqlite_where=sa.text("outputs IS NOT NULL AND dropped_at IS NULL"),
            postgresql_where=sa.text("outputs IS NOT NULL AND dropped_at IS NULL"),
        )
        batch_op.create_index("ix_jobs_listed", ["workspace", "mode", "created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_jobs_moving",
            ["id"],
            unique=False,
            sqlite_where=sa.text("started_at IS NOT NULL AND finished_at IS NULL"),
            postgresql_where=sa.text("started_at IS NOT NULL AND finished_at IS NULL"),
        )
        batch_op.create_index("ix_jobs_version", ["version"], unique=False)
        batch_op.create_index(
            "ix_jobs_waiting",
            ["endpoint", "created_at"],
            unique=False,
            sqlite_where=sa.text("status = 'pending' AND started_at IS NULL"),
            postgresql_where=sa.text("status = 'pending' AND started_at IS NULL"),
        )

    op.create_table(
        "ledger",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_ledger")),
    )
    op.create_table(
        "workspaces",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("link_secret", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspaces")),
        sa.UniqueConstraint("slug", name=op.f("uq_workspaces_slug")),
    )


def downgrade() -> None:
    op.drop_table("workspaces")
    op.drop_table("ledger")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_jobs_waiting",
            sqlite_where=sa.text("status = 'pending' AND started_at IS NULL"),
            postgresql_where=sa.text("status = 'pending' AND started_at IS NULL"),
        )
        batch_op.drop_index("ix_jobs_version")
        batch_op.drop_index(
            "ix_jobs_moving",
            sqlite_where=sa.text("started_at IS NOT NULL AND finished_at IS NULL"),
            postgresql_where=sa.text("started_at IS NOT NULL AND finished_at IS NULL"),
        )
        batch_op.drop_index("ix_jobs_listed")
        batch_op.drop_index(
            "ix_jobs_kept",
            sqlite_where=sa.text("outputs IS NOT NULL AND dropped_at IS NULL"),
            postgresql_where=sa.text("outputs IS NOT NULL AND dropped_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_jobs_cancelling",
            sqlite_where=sa.text("cancel_requested_at IS NOT NULL AND finished_at IS NULL"),
            postgresql_where=sa.text("cancel_requested_at IS NOT NULL AND finished_at IS NULL"),
        )

    op.drop_table("jobs")
    with op.batch_alter_table("inputs", schema=None) as batch_op:
        batch_op.drop_index("ix_inputs_key")

    op.drop_table("inputs")
    op.drop_table("holds")
    op.drop_table("budgets")
    op.drop_table("attempts")
    op.drop_table("api_keys")
