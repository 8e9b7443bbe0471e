"""A job knows the trace that it is a part of, and the bytes that it keeps."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None
works_with = "0006"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("traceparent", sa.Text))
    op.add_column("jobs", sa.Column("stored_bytes", sa.BigInteger))


def downgrade() -> None:
    op.execute("ALTER TABLE jobs DROP COLUMN stored_bytes")
    op.execute("ALTER TABLE jobs DROP COLUMN traceparent")
