"""The database says which programs may use it."""

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


def downgrade() -> None:
    op.drop_table("schema_floor")
