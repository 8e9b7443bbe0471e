"""Attempts whose polls are not understood or not answered are found."""

from alembic import op

from reelrouter.db.online import add_index

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None
works_with = "0006"

_TROUBLED = "trouble IS NOT NULL"


def upgrade() -> None:
    add_index("ix_attempts_troubled", "attempts", ["endpoint"], _TROUBLED)


def downgrade() -> None:
    op.drop_index("ix_attempts_troubled", table_name="attempts")
