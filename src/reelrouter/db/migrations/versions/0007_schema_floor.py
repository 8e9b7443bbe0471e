"""The database says which programs may use it, and of a job how many attempts it may have."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
works_with = "0006"


def upgrade() -> None:
    op.create_table(
        "schema_floor",
        sa.Column("works_with", sa.Text, nullable=False),
        sa.Column("upgraded_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("works_with", name="pk_schema_floor"),
    )
    op.add_column("jobs", sa.Column("attempt_limit", sa.BigInteger))


def downgrade() -> None:
    op.drop_column("jobs", "attempt_limit")
    op.drop_table("schema_floor")
