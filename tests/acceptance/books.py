"""What stands in an installation's database, read as any SQLite file is read, with the server running or not."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One workspace's money in one mode, in nano-dollars."""

    held: int
    settled: int
    open_holds: int
    """How many."""
    charged: int
    """The sum of the ledger."""


class Books:
    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "app.db"

    def statuses(self) -> dict[str, str]:
        """Every job's state, by its id."""
        return {row["id"]: row["status"] for row in self._rows("SELECT id, status FROM jobs")}

    def prices(self) -> dict[str, int]:
        """What completed jobs cost, by job."""
        return {
            row["id"]: row["price"] for row in self._rows("SELECT id, price FROM jobs WHERE price IS NOT NULL")
        }

    def charges(self) -> list[tuple[str, int]]:
        """Every entry of the ledger: job and amount."""
        return [
            (row["job_id"], row["amount"])
            for row in self._rows("SELECT job_id, amount FROM ledger WHERE kind = 'charge'")
        ]

    def holds(self) -> dict[str, str]:
        """The state of every hold, by job."""
        return {row["job_id"]: row["state"] for row in self._rows("SELECT job_id, state FROM holds")}

    def open_holds_of(self, workspace: str) -> list[str]:
        """The jobs for which money of a workspace is set aside."""
        rows = self._rows("SELECT job_id FROM holds WHERE state = 'open' AND workspace = ?", workspace)
        return [row["job_id"] for row in rows]

    def attempts(self) -> dict[str, int]:
        """How often each job was handed to a backend."""
        rows = self._rows("SELECT job_id, count(*) AS times FROM attempts GROUP BY job_id")
        return {row["job_id"]: row["times"] for row in rows}

    def handles(self) -> set[str]:
        """The vendors' ids of every accepted attempt."""
        rows = self._rows("SELECT handle FROM attempts WHERE handle IS NOT NULL")
        return {json.loads(row["handle"])["native_id"] for row in rows}

    def inputs(self, job_id: str) -> list[str]:
        """The storage keys of what the job was given."""
        return [row["key"] for row in self._rows("SELECT key FROM inputs WHERE job_id = ?", job_id)]

    def waiting_deliveries(self) -> int:
        """Webhooks that are to be sent, for the first time or again."""
        (row,) = self._rows("SELECT count(*) AS waiting FROM deliveries WHERE due_at IS NOT NULL")
        waiting: int = row["waiting"]
        return waiting

    def accounts(self) -> list[Account]:
        return [
            Account(
                held=row["held"], settled=row["settled"], open_holds=row["open_holds"], charged=row["charged"] or 0
            )
            for row in self._rows(
                "SELECT held, settled,"
                " (SELECT count(*) FROM holds h WHERE h.workspace = b.workspace AND h.mode = b.mode"
                "  AND h.state = 'open') AS open_holds,"
                " (SELECT sum(amount) FROM ledger l WHERE l.workspace = b.workspace AND l.mode = b.mode"
                "  AND l.kind = 'charge')"
                "  AS charged"
                " FROM budgets b"
            )
        ]

    def end_retention(self, job_id: str) -> None:
        """Makes it be past the hour until which the job's video is kept."""
        with self._open() as connection, connection:
            connection.execute("UPDATE jobs SET expires_at = created_at WHERE id = ?", (job_id,))

    def move_back(self, job_id: str, days: int) -> None:
        """Makes a job that has ended have ended that much earlier."""
        with self._open() as connection, connection:
            connection.execute(
                "UPDATE jobs SET finished_at = finished_at - ? WHERE id = ?", (days * 24 * 3600 * 1000, job_id)
            )

    def _rows(self, query: str, *values: str) -> list[sqlite3.Row]:
        with self._open() as connection:
            return connection.execute(query, values).fetchall()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=30)) as connection:
            connection.row_factory = sqlite3.Row
            yield connection
