"""The suite that every database passes: what writes promise, each a check of two connections to one database."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from sqlalchemy import bindparam, func, insert, select

from reelrouter.db.engine import Database, Unit
from reelrouter.db.tables import budgets, inputs

_INSERT = insert(inputs)
_COUNT = select(func.count().label("n")).select_from(inputs)
_OF_JOB = select(inputs).where(inputs.c.job_id == bindparam("job"))
_NEW_BUDGET = insert(budgets)
_BUDGET = select(budgets.c.held).where(budgets.c.workspace == bindparam("of"))
_TAKE = (
    budgets.update()
    .where(budgets.c.workspace == bindparam("of"), budgets.c.amount - budgets.c.held >= 1)
    .values(held=budgets.c.held + 1)
)
_PATIENCE = 5.0


class SuiteFailed(AssertionError):
    """The database broke a promise; the message says which."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two connections to one empty database, as two processes have them."""

    one: Database
    other: Database


Check = Callable[[Pair], Awaitable[None]]


async def a_write_is_there_for_everybody_once_it_returns(pair: Pair) -> None:
    changed = await pair.one.write(lambda unit: unit.execute(_INSERT, job_id="a", key="k"))
    row = await pair.other.row(_OF_JOB, job="a")
    _require(changed == 1, "a write returns the number of rows that it changed")
    _require(row is not None and row["key"] == "k", "what a write returned from can be read by all")


async def of_many_writes_those_that_fail_fail_alone(pair: Pair) -> None:
    def place(number: int, unit: Unit) -> None:
        unit.execute(_INSERT, job_id=str(number), key="k")
        if number % 3 == 0:
            raise LookupError(number)

    writes = [pair.one.write(partial(place, number)) for number in range(30)]
    results = await asyncio.gather(*writes, return_exceptions=True)
    failed = [number for number, result in enumerate(results) if isinstance(result, LookupError)]
    _require(failed == list(range(0, 30, 3)), "whoever raises gets its own error, and nobody else does")
    _require(await _count(pair.one) == 20, "a write that raised leaves nothing, and the others stay")


async def a_guarded_row_is_not_overdrawn(pair: Pair) -> None:
    def take(unit: Unit) -> bool:
        return unit.execute(_TAKE, of="w") == 1

    budget = {"workspace": "w", "mode": "live", "amount": 50, "held": 0, "settled": 0}
    await pair.one.write(lambda unit: unit.execute(_NEW_BUDGET, **budget))
    writes = [db.write(take, about="w") for _ in range(60) for db in (pair.one, pair.other)]
    taken = await asyncio.gather(*writes)
    row = await pair.one.row(_BUDGET, of="w")
    _require(sum(taken) == 50 and row is not None and row["held"] == 50, "an UPDATE that checks cannot be fooled")


async def the_first_of_two_that_write_one_row_wins(pair: Pair) -> None:
    def claim(who: str, unit: Unit) -> str:
        found = unit.row(_OF_JOB, job="one")
        if found is not None:
            return str(found["key"])
        unit.execute(_INSERT, job_id="one", key=who)
        return who

    # The key is a part of the primary key, so that only whoever looks first can tell that it is taken.
    said = await asyncio.gather(
        *(db.write(partial(claim, "same")) for _ in range(8) for db in (pair.one, pair.other))
    )
    _require(
        set(said) == {"same"} and await _count(pair.one) == 1, "work that lost a race is done again, and looks"
    )


async def changes_are_noticed(pair: Pair) -> None:
    before = pair.other.change_counter()
    await pair.one.write(lambda unit: unit.execute(_INSERT, job_id="a", key="k"))
    try:
        async with asyncio.timeout(_PATIENCE):
            while pair.other.change_counter() == before:  # noqa: ASYNC110 - the counter is what is looked at
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise SuiteFailed("the change counter moves when another connection commits") from None


async def a_write_goes_on_without_its_caller(pair: Pair) -> None:
    writing = asyncio.ensure_future(pair.one.write(lambda unit: unit.execute(_INSERT, job_id="a", key="k")))
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await pair.one.write(lambda unit: unit.execute(_INSERT, job_id="b", key="k"))
    _require(await _count(pair.other) == 2, "a write that was handed over is done, whoever has gone since")


SUITE: Mapping[str, Check] = {
    check.__name__: check
    for check in (
        a_write_is_there_for_everybody_once_it_returns,
        of_many_writes_those_that_fail_fail_alone,
        a_guarded_row_is_not_overdrawn,
        the_first_of_two_that_write_one_row_wins,
        changes_are_noticed,
        a_write_goes_on_without_its_caller,
    )
}
"""By name, each for an empty database of its own."""


async def _count(db: Database) -> int:
    row = await db.row(_COUNT)
    return row["n"] if row else 0


def _require(holds: object, promise: str) -> None:
    if not holds:
        raise SuiteFailed(promise)
