"""${message}"""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None
# The oldest revision whose program may use the database from here on. The same as in the revision before: this step
# expands, which is to add tables, columns that may be empty or have a default, and indices (`db.online`), and no more.
# A newer one: this step contracts, and whoever is older than that has to be gone before it.
works_with = ""


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
