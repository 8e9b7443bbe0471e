"""Signals: whoever waits for a job is woken by its change, wherever it was made."""

import asyncio

from reelrouter.observe.events import Event, TaskCrashed
from reelrouter.observe.signals import Changes, News, Signals

PATIENCE = 20.0


class Table:
    """Versions of jobs, as the database would tell of them."""

    def __init__(self) -> None:
        self.commits = 0
        self.looks = 0
        self.versions: dict[str, int] = {}
        self.broken = False

    def change(self, job: str) -> None:
        self.commits += 1
        self.versions[job] = self.commits

    def counter(self) -> int:
        self.looks += 1
        return self.commits

    async def newest(self) -> int:
        return max(self.versions.values(), default=0)

    async def since(self, version: int) -> News:
        if self.broken:
            raise OSError("the disk is gone")
        changed = {job: at for job, at in self.versions.items() if at > version}
        return News(jobs=tuple(changed), upto=max(changed.values(), default=version))

    def changes(self) -> Changes:
        return Changes(counter=self.counter, newest=self.newest, since=self.since)


async def woken(changed: asyncio.Event) -> None:
    async with asyncio.timeout(PATIENCE):
        await changed.wait()


def test_a_change_wakes_those_who_wait_for_that_job_alone() -> None:
    """One job's end is nobody else's business."""

    async def run() -> None:
        table, told = Table(), list[Event]()
        signals = Signals(table.changes(), told.append)
        async with (
            signals.subscribe("a") as first,
            signals.subscribe("a") as second,
            signals.subscribe("b") as other,
        ):
            table.change("a")
            await woken(first)
            await woken(second)
            assert not other.is_set()
            table.change("b")
            await woken(other)
        assert told == []

    asyncio.run(run())


def test_what_happened_before_wakes_nobody() -> None:
    """A subscription is for what comes after it; the job as it is then is read by whoever subscribed."""

    async def run() -> None:
        table = Table()
        table.change("a")
        signals = Signals(table.changes(), lambda _event: None)
        async with signals.subscribe("a") as old, signals.subscribe("b") as new:
            table.change("b")
            await woken(new)
            assert not old.is_set()

    asyncio.run(run())


def test_nobody_looks_while_nobody_waits() -> None:
    """An idle gateway does not ask its database twenty times a second."""

    async def run() -> None:
        table = Table()
        signals = Signals(table.changes(), lambda _event: None)
        async with signals.subscribe("a") as changed:
            table.change("a")
            await woken(changed)
        async with asyncio.timeout(PATIENCE):
            while signals.is_watching:
                await asyncio.sleep(0)
        looks = table.looks
        for _ in range(50):
            await asyncio.sleep(0)
        assert table.looks == looks
        async with signals.subscribe("a") as again:
            table.change("a")
            await woken(again)

    asyncio.run(run())


def test_a_look_that_fails_is_told_and_leaves_nobody_waiting() -> None:
    """Whoever waited looks for themselves, and the next to wait begins anew."""

    async def run() -> None:
        table, told = Table(), list[Event]()
        signals = Signals(table.changes(), told.append)
        table.broken = True
        async with signals.subscribe("a") as changed:
            table.change("b")
            await woken(changed)
        assert [type(event) for event in told] == [TaskCrashed]
        table.broken = False
        async with signals.subscribe("a") as changed:
            table.change("a")
            await woken(changed)

    asyncio.run(run())


def test_closing_ends_the_watch() -> None:
    """A process that stops leaves no task behind."""

    async def run() -> None:
        signals = Signals(Table().changes(), lambda _event: None)
        async with signals.subscribe("a"):
            assert signals.is_watching
            await signals.close()
            assert not signals.is_watching

    asyncio.run(run())
