"""Jobs wait for an account at an endpoint, and may wait again after they were started; endpoints have a health."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
works_with = "0004"

_WAITING = "started_at IS NULL AND finished_at IS NULL"
_MOVING = "started_at IS NOT NULL AND finished_at IS NULL"


def upgrade() -> None:
    op.drop_index("ix_jobs_waiting", table_name="jobs")
    op.drop_index("ix_jobs_moving", table_name="jobs")
    op.execute("ALTER TABLE jobs RENAME COLUMN endpoint TO queue")
    op.execute("ALTER TABLE jobs ADD COLUMN lost_runs BIGINT DEFAULT 0 NOT NULL")
    op.execute("ALTER TABLE jobs ADD COLUMN not_before BIGINT DEFAULT 0 NOT NULL")
    op.execute("ALTER TABLE jobs ADD COLUMN nudged_at BIGINT")
    op.execute("CREATE INDEX ix_jobs_nudged ON jobs (nudged_at) WHERE nudged_at IS NOT NULL")
    op.execute("UPDATE jobs SET queue = 'test/test' WHERE queue = 'test'")
    op.execute("UPDATE jobs SET queue = 'renderer/local' WHERE queue = 'renderer'")
    op.execute(f"CREATE INDEX ix_jobs_waiting ON jobs (queue, created_at, not_before) WHERE {_WAITING}")
    op.execute(f"CREATE INDEX ix_jobs_held_back ON jobs (not_before) WHERE {_WAITING} AND not_before > 0")
    op.execute(f"CREATE INDEX ix_jobs_moving ON jobs (queue, finished_at, started_at) WHERE {_MOVING}")
    op.execute(
        "CREATE INDEX ix_attempts_ended ON attempts (endpoint, credential, ended_at) WHERE ended_at IS NOT NULL"
    )
    op.execute("ALTER TABLE attempts ADD COLUMN look_at BIGINT")
    op.execute("CREATE INDEX ix_attempts_late ON attempts (look_at) WHERE look_at IS NOT NULL")
    op.create_table(
        "endpoint_marks",
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("drifted_at", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("endpoint", name="pk_endpoint_marks"),
    )


def downgrade() -> None:
    """A job that waits for a second place keeps its run, which the older dispatcher finds dead and replaces."""
    op.drop_table("endpoint_marks")
    for name, table in (
        ("ix_attempts_late", "attempts"),
        ("ix_attempts_ended", "attempts"),
        ("ix_jobs_nudged", "jobs"),
        ("ix_jobs_moving", "jobs"),
        ("ix_jobs_held_back", "jobs"),
        ("ix_jobs_waiting", "jobs"),
    ):
        op.drop_index(name, table_name=table)
    op.execute(f"UPDATE jobs SET started_at = updated_at WHERE {_WAITING} AND run > 0")  # noqa: S608 - constants
    op.execute("UPDATE jobs SET queue = substr(queue, 1, instr(queue, '/') - 1) WHERE instr(queue, '/') > 0")
    op.execute("ALTER TABLE attempts DROP COLUMN look_at")
    op.execute("ALTER TABLE jobs DROP COLUMN nudged_at")
    op.execute("ALTER TABLE jobs DROP COLUMN not_before")
    op.execute("ALTER TABLE jobs DROP COLUMN lost_runs")
    op.execute("ALTER TABLE jobs RENAME COLUMN queue TO endpoint")
    pending = "status = 'pending' AND started_at IS NULL"
    op.execute(f"CREATE INDEX ix_jobs_waiting ON jobs (endpoint, created_at) WHERE {pending}")
    op.execute(f"CREATE INDEX ix_jobs_moving ON jobs (id) WHERE {_MOVING}")
