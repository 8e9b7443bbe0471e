"""One look at a part serves all who ask, and none of them waits for long."""

import asyncio

import pytest

from reelrouter.errors import OutageCause, StorageFailed
from reelrouter.gateway.readiness import SharedCheck


class Part:
    """One that is looked at as often as `looks` counts, and answers once `answered` is set."""

    def __init__(self) -> None:
        self.looks = 0
        self.answered = asyncio.Event()
        self.failure: Exception | None = None

    async def check(self) -> None:
        self.looks += 1
        await self.answered.wait()
        if self.failure is not None:
            raise self.failure


def test_all_who_ask_at_once_share_one_look() -> None:
    """And hear the same, those who come a little later too."""

    async def scenario() -> None:
        part = Part()
        part.failure = StorageFailed("away", OutageCause.UNREACHABLE)
        shared = SharedCheck(part.check, keep=1000.0)
        asking = [asyncio.ensure_future(shared()) for _ in range(50)]
        part.answered.set()
        found = await asyncio.gather(*asking, return_exceptions=True)
        assert found == [part.failure] * 50
        with pytest.raises(StorageFailed):
            await shared()
        assert part.looks == 1

    asyncio.run(scenario())


def test_an_old_answer_is_asked_for_anew() -> None:
    """A part that works again is ready at the next look."""

    async def scenario() -> None:
        part = Part()
        part.answered.set()
        part.failure = StorageFailed("away", OutageCause.UNREACHABLE)
        shared = SharedCheck(part.check, keep=0.0)
        with pytest.raises(StorageFailed):
            await shared()
        part.failure = None
        await shared()
        assert part.looks == 2

    asyncio.run(scenario())


def test_a_look_that_takes_too_long_is_told_and_not_begun_twice() -> None:
    """A hung disk has one thread waiting for it, however often somebody asks; its answer counts when it comes."""

    async def scenario() -> None:
        part = Part()
        shared = SharedCheck(part.check, wait=0.0, keep=1000.0)
        for _ in range(10):
            with pytest.raises(TimeoutError):
                await shared()
        assert part.looks == 1
        part.answered.set()
        while True:
            try:
                await shared()
                break
            except TimeoutError:
                continue
        assert part.looks == 1

    asyncio.run(scenario())


def test_a_known_cause_is_told_while_the_next_look_takes_long() -> None:
    """Rather than that it took long, which says less."""

    async def scenario() -> None:
        part = Part()
        part.answered.set()
        part.failure = StorageFailed("away", OutageCause.UNREACHABLE)
        shared = SharedCheck(part.check, wait=0.01, keep=0.0)
        with pytest.raises(StorageFailed):
            await shared()
        part.answered.clear()
        with pytest.raises(StorageFailed):
            await shared()
        assert part.looks == 2

    asyncio.run(scenario())


def test_whoever_hangs_up_takes_nobody_along() -> None:
    """A client that goes away leaves the look to the others."""

    async def scenario() -> None:
        part = Part()
        shared = SharedCheck(part.check)
        gone, patient = asyncio.ensure_future(shared()), asyncio.ensure_future(shared())
        await asyncio.sleep(0)
        gone.cancel()
        part.answered.set()
        await patient
        assert (gone.cancelled() or gone.cancelling(), part.looks) == (True, 1)

    asyncio.run(scenario())
