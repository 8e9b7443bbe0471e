"""The loop: everything due is sent, nobody waits for a dead receiver, and nothing is lost."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from reelrouter.observe.events import DeliveryTried, TaskCrashed
from reelrouter.webhooks.deliver import Deliverer, Terms
from reelrouter.webhooks.schedule import Result, Schedule
from reelrouter.webhooks.store import Claimed
from reelrouter.webhooks.turns import Places
from tests.webhooks.conftest import Post, Scenario

FINE, REFUSED, SILENT = Result(status=200), Result(status=500), Result(error="no answer")


@dataclass
class Receivers:
    """What each host answers, one after the other; without an answer of its own it takes everything."""

    answers: dict[str, list[Result]] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    """Hosts that accept and never answer."""
    got: list[tuple[str, str]] = field(default_factory=list)
    """Host and key of everything that was sent."""
    under_way: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    """The most that were under way at one time, by host, and in all under no name."""
    held: asyncio.Event | None = None
    """If there is one, nobody answers until it is set."""

    async def send(self, one: Claimed) -> Result:
        self.got.append((one.host, one.delivery.key))
        for name in (one.host, ""):
            self.under_way[name] += 1
            self.most[name] = max(self.most[name], self.under_way[name])
        try:
            if one.host in self.dead:
                await asyncio.Event().wait()
            if self.held is not None:
                await self.held.wait()
        finally:
            for name in (one.host, ""):
                self.under_way[name] -= 1
        queue = self.answers.get(one.host)
        return queue.pop(0) if queue else FINE


def deliverer(post: Post, send: Callable[[Claimed], Any], **given: Any) -> Deliverer:
    terms = Terms(
        schedule=Schedule((0, 5, 30)),
        places=given.get("places", Places(per_host=2, in_all=5)),
        claim_seconds=15.0,
        history=3600.0,
        draw=lambda: 0.5,
    )
    return Deliverer(post.db, send, terms, post.clock, post.events.append)


def test_what_is_due_is_sent_and_what_is_delivered_is_not_sent_again(scenario: Scenario) -> None:
    """One look begins it; with nothing new in the database, the next look is none."""

    async def work(post: Post) -> None:
        receivers = Receivers()
        loop = deliverer(post, receivers.send)
        made = await post.add()
        assert await loop.tick() == 1
        await loop.settled()
        assert (await post.get(made)).state == "delivered"
        post.clock.advance(1e6)
        assert await loop.tick() == 0
        assert receivers.got == [("a.example:443", "job-1-completed")]
        (told,) = post.events
        assert isinstance(told, DeliveryTried)
        assert (told.host, told.status, told.state) == ("a.example:443", 200, "delivered")

    scenario(work)


def test_a_refusal_is_sent_again_at_its_hour(scenario: Scenario) -> None:
    """Under the same key, until it is taken, or the schedule is at its end."""

    async def work(post: Post) -> None:
        receivers = Receivers(answers={"a.example:443": [REFUSED, SILENT, FINE], "b.example:443": [REFUSED] * 9})
        loop = deliverer(post, receivers.send)
        first, second = await post.add(), await post.add("b.example")
        for pause in (0, 5, 30, 1e6):
            post.clock.advance(pause - 0.01)
            await loop.tick()
            post.clock.advance(0.01)
            await loop.tick()
            await loop.settled()
        states = {made: (await post.get(made)).state for made in (first, second)}
        assert states == {first: "delivered", second: "failed"}
        assert set(Counter(receivers.got).values()) == {3}

    scenario(work)


def test_an_orderly_end_waits_for_what_is_being_sent(scenario: Scenario) -> None:
    """And begins nothing: what is due then is sent after the next start."""

    async def work(post: Post) -> None:
        receivers = Receivers(held=asyncio.Event())
        loop = deliverer(post, receivers.send)
        made = await post.add()
        assert await loop.tick() == 1
        draining = asyncio.ensure_future(loop.drain())
        await asyncio.sleep(0)
        late = await post.add("b.example")
        assert await loop.tick() == 0
        assert not draining.done()
        assert receivers.held is not None
        receivers.held.set()
        await draining
        assert [(await post.get(one)).state for one in (made, late)] == ["delivered", "waiting"]

    scenario(work)


def test_a_stop_that_comes_with_an_answer_is_not_lost(scenario: Scenario) -> None:
    """Both in one turn of the loop: what waits for either must see the stop."""

    async def work(post: Post) -> None:
        loop = deliverer(post, Receivers().send)
        running = asyncio.ensure_future(loop.run())
        for _ in range(20):
            await asyncio.sleep(0.005)
            loop._ended.set()
        loop._ended.set()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert running.cancelled()

    scenario(work)


def test_hosts_have_their_bounds(scenario: Scenario) -> None:
    """So many at one time for each, and so many in all."""

    async def work(post: Post) -> None:
        receivers = Receivers(held=asyncio.Event())
        loop = deliverer(post, receivers.send)
        for host in ("a.example", "b.example", "c.example", "d.example"):
            for _ in range(4):
                await post.add(host)
        while await loop.tick():
            await asyncio.sleep(0)
        assert receivers.most[""] <= 5
        assert receivers.held is not None
        receivers.held.set()
        while len(receivers.got) < 16:
            await loop.settled()
            await loop.tick()
        await loop.settled()
        assert receivers.most[""] == 5
        assert max(count for host, count in receivers.most.items() if host) == 2
        assert set(Counter(receivers.got).values()) == {1}

    scenario(work)


def test_a_dead_receiver_delays_nobody(scenario: Scenario) -> None:
    """A hundred deliveries to one that accepts and never answers leave room for all others."""

    async def work(post: Post) -> None:
        receivers = Receivers(dead={"dead.example:443"})
        loop = deliverer(post, receivers.send)
        for _ in range(100):
            await post.add("dead.example")
        alive = [await post.add("alive.example") for _ in range(10)]
        running = asyncio.ensure_future(loop.run())
        while [(await post.get(made)).state for made in alive] != ["delivered"] * 10:
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert receivers.most["dead.example:443"] == 2

    scenario(work)


def test_a_host_that_was_silent_is_called_once_at_a_time(scenario: Scenario) -> None:
    """Until it answers; then it has its places again."""

    async def work(post: Post) -> None:
        receivers = Receivers(answers={"a.example:443": [SILENT, SILENT, FINE]})
        loop = deliverer(post, receivers.send)
        for _ in range(6):
            await post.add()
        begun = []
        for _ in range(3):
            begun.append(await loop.tick())
            await loop.settled()
        assert begun == [2, 1, 2]

    scenario(work)


def test_what_is_under_way_when_the_loop_ends_is_sent_again(scenario: Scenario) -> None:
    """Once its claim has run out, by whoever looks then: a crash loses nothing."""

    async def work(post: Post) -> None:
        receivers = Receivers(dead={"a.example:443"})
        made = await post.add()
        running = asyncio.ensure_future(deliverer(post, receivers.send).run())
        while not receivers.got:
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        receivers.dead.clear()
        later = deliverer(post, receivers.send)
        assert await later.tick() == 0
        post.clock.advance(15.0)
        assert await later.tick() == 1
        await later.settled()
        assert (await post.get(made)).state == "delivered"
        assert receivers.got == [("a.example:443", "job-1-completed")] * 2

    scenario(work)


def test_an_error_of_ours_is_told_and_sent_again(scenario: Scenario) -> None:
    """It must end neither the loop nor the delivery."""

    async def work(post: Post) -> None:
        broken = [True]

        async def send(_one: Claimed) -> Result:
            if broken.pop() if broken else False:
                raise RuntimeError("nobody expected this")
            return FINE

        loop = deliverer(post, send)
        made = await post.add()
        await loop.tick()
        await loop.settled()
        (told,) = post.events
        assert told == TaskCrashed(task="delivery", error="RuntimeError('nobody expected this')")
        post.clock.advance(15.0)
        await loop.tick()
        await loop.settled()
        assert (await post.get(made)).state == "delivered"

    scenario(work)


def test_a_delivery_is_sent_soon_after_it_is_written(scenario: Scenario) -> None:
    """The loop notices that the database has changed; nobody has to tell it."""

    async def work(post: Post) -> None:
        receivers = Receivers()
        running = asyncio.ensure_future(deliverer(post, receivers.send).run())
        await asyncio.sleep(0)
        made = await post.add()
        while (await post.get(made)).state != "delivered":
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    scenario(work)


@pytest.mark.parametrize(("age", "left"), [(3599.0, 1), (3601.0, 0)])
def test_history_is_kept_for_its_time(scenario: Scenario, age: float, left: int) -> None:
    """What is over longer than that is removed."""

    async def work(post: Post) -> None:
        loop = deliverer(post, Receivers().send)
        made = await post.add()
        await loop.tick()
        await loop.settled()
        post.clock.advance(age)
        await loop.sweep()
        assert len(await post.attempts(made)) == left

    scenario(work)
