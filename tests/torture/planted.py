"""A gateway with faults planted in it, so that a run can be seen to find them: `python -m tests.torture.planted`.

One job in five is sent to its vendor twice, one is forgotten at its end, and one is charged twice.
"""

import sys
from collections.abc import Callable
from typing import Any, Literal

from sqlalchemy import bindparam, delete, insert, select

from reelrouter import app, engine
from reelrouter.accounts import ledger
from reelrouter.cli.serve import greet
from reelrouter.db import tables
from reelrouter.db.engine import Unit
from reelrouter.jobs import store
from reelrouter.providers.remote import Remote
from reelrouter.settings import read_settings
from reelrouter.work import Accepted, Order
from tests.fates import mark_of

Plant = Literal["sent twice", "forgotten", "charged twice"]
_EACH = 5
_PLANTS: dict[int, Plant] = {1: "sent twice", 2: "forgotten", 3: "charged twice"}
_PLAN = select(tables.jobs.c.plan, tables.jobs.c.workspace).where(tables.jobs.c.id == bindparam("job"))
_FORGET = delete(tables.jobs).where(tables.jobs.c.id == bindparam("job"))
_CHARGE = insert(tables.ledger)


def plant_of(mark: int | None) -> Plant | None:
    """What befalls the job of that mark, by the gateway's own fault."""
    return None if mark is None else _PLANTS.get(mark % _EACH)


def main(role: str) -> None:
    if role == "serve":
        app.serve(
            read_settings(), on_start=greet, engine=(sys.executable, "-m", "tests.torture.planted", "engine")
        )
        return
    Remote.submit = _twice(Remote.submit)  # type: ignore[method-assign,assignment]
    store.end = _forgetful(store.end)
    ledger.settle = _greedy(ledger.settle)
    engine.main()


def _twice(submit: Callable[[Remote, Order], Any]) -> Callable[[Remote, Order], Any]:
    async def submit_twice(self: Remote, order: Order) -> Accepted:
        accepted: Accepted = await submit(self, order)
        if plant_of(mark_of(order.prompt.encode())) == "sent twice":
            await submit(self, order)
        return accepted

    return submit_twice


def _forgetful(end: Callable[..., bool]) -> Callable[..., bool]:
    def end_and_forget(unit: Unit, job: Any, last: Any) -> bool:
        ended = end(unit, job, last)
        if plant_of(mark_of(job.plan.prompt.encode())) == "forgotten":
            unit.execute(_FORGET, job=job.id)
        return ended

    return end_and_forget


def _greedy(settle: Callable[..., Any]) -> Callable[..., Any]:
    def settle_twice(unit: Unit, job_id: Any, charge: Any, now: float) -> Any:
        overrun = settle(unit, job_id, charge, now)
        row = unit.row(_PLAN, job=job_id)
        if row is not None and plant_of(mark_of(row["plan"].encode())) == "charged twice":
            entry = {"workspace": row["workspace"], "mode": "live", "kind": "charge", "amount": int(charge.price)}
            more = {"key": f"{job_id}:charge:again", "job_id": job_id, "note": None, "created_at": int(now * 1000)}
            unit.execute(_CHARGE, **entry, **more)
        return overrun

    return settle_twice


if __name__ == "__main__":
    main(sys.argv[1])
