"""Reads the gateway's rows, on either database, into evidence. Nothing is judged here."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reelrouter.emulators.frame import Emulator
from tests.acceptance.receivers import Got
from tests.fates import mark_of
from tests.torture.evidence import Budget, Charge, DeliveryRow, Evidence, Hold, JobRow, Limit, Submit, Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen from outside of the gateway."""

    told: Sequence[Told]
    emulators: Mapping[str, Emulator]
    got: Sequence[Got]
    secrets: Mapping[str, str]


Rows = Callable[[str], Sequence[Mapping[str, Any]]]
"""What a statement finds."""

_JOBS = (
    "SELECT id, workspace, model, status, plan, remarks, price, list_price, outputs, dropped_at, deleted_at,"
    " expires_at, cancel_requested_at, deadline_at, finished_at, (SELECT count(*) FROM attempts a"
    " WHERE a.job_id = jobs.id AND a.look_at IS NOT NULL) AS looks FROM jobs"
)
_CHARGES = "SELECT key, job_id AS job, workspace, amount FROM ledger WHERE kind = 'charge'"
_HOLDS = "SELECT job_id AS job, workspace, amount, state FROM holds"
_DELIVERIES = "SELECT key, job_id AS job, state FROM deliveries WHERE job_id IS NOT NULL"
_BUDGETS = (
    "SELECT workspace, amount, held, settled, (SELECT coalesce(sum(l.amount), 0) FROM ledger l WHERE"
    " l.workspace = b.workspace AND l.mode = b.mode AND l.kind = 'credit') AS credits"
    " FROM budgets b WHERE mode = 'live'"
)
_LIMITS = (
    "SELECT subject, held, settled, (SELECT coalesce(sum(l.amount), 0) FROM ledger l"
    " JOIN jobs j ON j.id = l.job_id WHERE j.key_id = s.subject AND l.kind = 'charge') AS charged"
    " FROM limits s WHERE period = 'total'"
)


_CLOCKS_DIFFER_MS = 1000
"""A deadline that is over by one process's clock may not quite be by another's."""


def is_calm(rows: Rows) -> bool:
    """Whether every job has ended, and every webhook was sent or given up."""
    unfinished = rows("SELECT count(*) AS jobs FROM jobs WHERE finished_at IS NULL")[0]["jobs"]
    waiting = rows("SELECT count(*) AS deliveries FROM deliveries WHERE due_at IS NOT NULL")[0]["deliveries"]
    return (unfinished, waiting) == (0, 0)


def evidence_of(rows: Rows, seen: Seen, files: frozenset[str], latest_ms: float) -> Evidence:
    """`latest_ms` is the latest hour that any process has had."""
    handles = rows("SELECT handle FROM attempts WHERE handle IS NOT NULL")
    return Evidence(
        told=tuple(seen.told),
        jobs={row["id"]: _job_of(row, latest_ms) for row in rows(_JOBS)},
        keys={row["key"]: row["job_id"] for row in rows("SELECT key, job_id FROM idempotency")},
        submits=_submits_of(seen.emulators),
        handles=frozenset(json.loads(row["handle"])["native_id"] for row in handles),
        charges=tuple(Charge(**row) for row in rows(_CHARGES)),
        holds=tuple(Hold(**row) for row in rows(_HOLDS)),
        budgets=tuple(Budget(**row) for row in rows(_BUDGETS)),
        limits=tuple(Limit(**row) for row in rows(_LIMITS)),
        deliveries=tuple(DeliveryRow(**row) for row in rows(_DELIVERIES)),
        got=tuple(seen.got),
        secrets=seen.secrets,
        files=files,
    )


def _job_of(row: Mapping[str, Any], latest_ms: float) -> JobRow:
    files = tuple(one["key"] for one in json.loads(row["outputs"] or "[]"))
    is_dropped = row["dropped_at"] is not None
    is_over = is_dropped or row["deleted_at"] is not None or (row["expires_at"] or 0) <= latest_ms
    return JobRow(
        id=row["id"],
        mark=mark_of(row["plan"].encode()),
        workspace=row["workspace"],
        model=row["model"],
        status=row["status"],
        callback=json.loads(row["remarks"]).get("callback_url") is not None,
        price=row["price"],
        list_price=row["list_price"],
        files=files,
        is_kept=bool(files) and not is_over,
        is_dropped=is_dropped,
        was_to_cancel=row["cancel_requested_at"] is not None,
        was_late=(row["finished_at"] or 0) >= row["deadline_at"] - _CLOCKS_DIFFER_MS,
        is_looked_for=row["looks"] > 0,
    )


def _submits_of(emulators: Mapping[str, Emulator]) -> dict[int, tuple[Submit, ...]]:
    found: defaultdict[int, list[Submit]] = defaultdict(list)
    for name, emulator in emulators.items():
        for entry in emulator.journal:
            mark = mark_of(entry.body_start)
            if mark is not None:
                found[mark].append(Submit(vendor=name, entry=entry))
    return {mark: tuple(sorted(submits, key=lambda one: one.entry.at)) for mark, submits in found.items()}
