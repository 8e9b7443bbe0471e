"""What is kept and what is held can be summed up; jobs that one engine has left to another are found."""

from alembic import op

from reelrouter.db.online import add_index

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
works_with = "0006"

_LEFT = "started_at IS NULL AND finished_at IS NULL AND not_before < 0"
_STORED = "stored_bytes IS NOT NULL AND dropped_at IS NULL"


def upgrade() -> None:
    add_index("ix_jobs_left", "jobs", ["not_before"], _LEFT)
    add_index("ix_jobs_stored", "jobs", ["stored_bytes", "dropped_at"], _STORED)
    add_index("ix_holds_open", "holds", ["mode", "amount", "state"], "state = 'open'")


def downgrade() -> None:
    for name, table in (("ix_holds_open", "holds"), ("ix_jobs_stored", "jobs"), ("ix_jobs_left", "jobs")):
        op.drop_index(name, table_name=table)
