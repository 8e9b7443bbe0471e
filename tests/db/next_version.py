"""Versions of the program that do not exist yet: our migrations, and more after them."""

import shutil
from pathlib import Path

from reelrouter.db.migrate import OWN, Migrations

EXPANDING = """
    op.add_column("jobs", sa.Column("mood", sa.Text))
    op.add_column("attempts", sa.Column("weight", sa.BigInteger, nullable=False, server_default="1"))
    op.add_column("workspaces", sa.Column("colour", sa.Text, nullable=False, server_default="red"))
    op.add_column("api_keys", sa.Column("colour", sa.Text))
    op.add_column("budgets", sa.Column("colour", sa.Text))
    op.add_column("holds", sa.Column("colour", sa.Text))
    op.add_column("ledger", sa.Column("colour", sa.Text))
    op.add_column("deliveries", sa.Column("colour", sa.Text))
    op.create_table("moods", sa.Column("id", sa.Text, primary_key=True))
"""
"""What the next version may add while this one runs: a column to every table that it is busy with."""
CONTRACTING = """
    op.drop_column("jobs", "shown")
"""
_SOURCE = '''
"""{name}"""

import sqlalchemy as sa
from alembic import op

from reelrouter.db.online import add_index

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None
works_with = "{works_with}"


def upgrade() -> None:
{step}
'''


def following(folder: Path, step: str, works_with: str, before: Migrations = OWN) -> Migrations:
    """The version after `before`, whose migration has `step` as its body; laid into a new folder."""
    revision = f"{int(before.head) + 1:04}"
    shutil.copytree(before.folder, folder)
    source = _SOURCE.format(
        name=folder.name, revision=revision, before=before.head, works_with=works_with, step=step
    )
    (folder / "versions" / f"{revision}_following.py").write_text(source)
    return Migrations(head=revision, folder=folder)


def next_head() -> str:
    return f"{int(OWN.head) + 1:04}"
