"""A job knows the trace that it is a part of, and the bytes that it keeps; open holds can be counted."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_SIZES = {
    "sqlite": "(SELECT sum(json_extract(value, '$.size')) FROM json_each(outputs))",
    "postgresql": "(SELECT sum((value->>'size')::bigint) FROM json_array_elements(outputs::json))",
}


def upgrade() -> None:
    op.execute("ALTER TABLE jobs ADD COLUMN traceparent TEXT")
    op.execute("ALTER TABLE jobs ADD COLUMN stored_bytes BIGINT")
    sizes = _SIZES[op.get_bind().dialect.name]
    op.execute(f"UPDATE jobs SET stored_bytes = {sizes} WHERE outputs IS NOT NULL")  # noqa: S608 - ours
    op.execute(
        "CREATE INDEX ix_jobs_stored ON jobs (stored_bytes, dropped_at) "
        "WHERE stored_bytes IS NOT NULL AND dropped_at IS NULL"
    )
    op.execute("CREATE INDEX ix_holds_open ON holds (mode, amount, state) WHERE state = 'open'")


def downgrade() -> None:
    op.drop_index("ix_holds_open", table_name="holds")
    op.drop_index("ix_jobs_stored", table_name="jobs")
    op.execute("ALTER TABLE jobs DROP COLUMN stored_bytes")
    op.execute("ALTER TABLE jobs DROP COLUMN traceparent")
