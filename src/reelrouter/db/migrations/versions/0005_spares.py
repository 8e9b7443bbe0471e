"""A job may carry plans with fallback models, and an attempt says which of them it carries out."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
works_with = "0005"


def upgrade() -> None:
    op.execute("ALTER TABLE jobs ADD COLUMN spares TEXT")
    op.execute("ALTER TABLE attempts ADD COLUMN plan INTEGER DEFAULT 0 NOT NULL")


def downgrade() -> None:
    op.execute("ALTER TABLE attempts DROP COLUMN plan")
    op.execute("ALTER TABLE jobs DROP COLUMN spares")
