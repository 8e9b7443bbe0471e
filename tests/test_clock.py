"""Clocks: the database server's as processes see it, whatever their machine's own says."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from reelrouter.clock import CautiousClock, DatabaseClock, FrozenClock, OwnClocks, SystemClock
from reelrouter.db.engine import DatabaseGone
from reelrouter.db.opening import file_url, open_clock, open_database, skew_from
from reelrouter.observe.api_metrics import ApiMetrics
from reelrouter.observe.clock_watch import ClockWatch
from reelrouter.observe.engine_metrics import EngineMetrics
from reelrouter.observe.events import ClockSkewed, Event
from tests.postgres import fresh_database
from tests.torture.fleet import OWN_CLOCK

START = 1_790_000_000.0


@dataclass
class World:
    """The true time, a server whose clock is `server_off`, and a machine whose clock is `wall_off`."""

    true: float = START
    server_off: float = 0.0
    wall_off: float = 0.0
    drift: float = 0.0
    """Seconds that the steady clock gains in a second."""
    there: float = 0.0
    """Seconds that a question takes on its way."""
    back: float = 0.0
    is_away: bool = False

    def own(self) -> OwnClocks:
        return OwnClocks(
            steady=lambda: (self.true - START) * (1 + self.drift) + 77.0, wall=lambda: self.true + self.wall_off
        )

    async def ask(self) -> float:
        if self.is_away:
            raise DatabaseGone("the server is away")
        self.true += self.there
        told = self.true + self.server_off
        self.true += self.back
        return told

    def error(self, clock: DatabaseClock) -> float:
        return clock.now() - (self.true + self.server_off)


def opened(world: World) -> DatabaseClock:
    return asyncio.run(DatabaseClock.open(world.ask, world.own()))


def measured(clock: DatabaseClock) -> None:
    asyncio.run(clock.measure())


@pytest.mark.parametrize("wall_off", [-3600.0, 0.0, 3600.0])
def test_the_time_is_the_servers_whatever_this_machines_clock_says(wall_off: float) -> None:
    """Also where the machine's clock jumps later: a steady one carries the time on."""
    world = World(server_off=-5.0, wall_off=wall_off)
    clock = opened(world)
    assert world.error(clock) == pytest.approx(0, abs=1e-6)
    world.true += 100
    world.wall_off += 1800.0
    assert world.error(clock) == pytest.approx(0, abs=1e-6)
    assert clock.skew() == pytest.approx(wall_off + 1805.0, abs=1e-6)


@pytest.mark.parametrize(("there", "back"), [(0.4, 0.0), (0.0, 0.4), (0.1, 0.3)])
def test_the_error_is_no_greater_than_the_newest_round_trip(there: float, back: float) -> None:
    """However unevenly the way there and back took; and a quick answer makes up for slow ones."""
    world = World(there=there, back=back)
    clock = opened(world)
    assert abs(world.error(clock)) <= 0.2 + 1e-6
    world.there = world.back = 0.001
    measured(clock)
    assert abs(world.error(clock)) <= 0.002 + 1e-6
    known = world.error(clock)
    world.there, world.back = there, back
    measured(clock)
    assert world.error(clock) == pytest.approx(known, abs=1e-6), (
        "an answer that allows what is known changes nothing"
    )


def test_a_steady_clock_that_drifts_is_corrected() -> None:
    """Between two answers by no more than it drifts; without them the error grows, and nothing else happens."""
    world = World(drift=0.001, there=0.005, back=0.005)
    clock = opened(world)
    for _ in range(50):
        world.true += 10
        assert abs(world.error(clock)) <= 0.01 + 0.011
        measured(clock)
        assert abs(world.error(clock)) <= 0.011


def test_a_servers_jump_is_followed() -> None:
    """It is the time for everybody; the next answer brings it."""
    world = World(there=0.01, back=0.01)
    clock = opened(world)
    world.server_off = -120.0
    measured(clock)
    assert abs(world.error(clock)) <= 0.02 + 1e-6


def test_a_clock_that_is_wrong_is_told_of_once_and_again_when_it_changes() -> None:
    """By more than two seconds; a server that is away leaves everything as it is."""
    world, told = World(), list[Event]()
    clock = opened(world)
    watch = ClockWatch(clock, told.append)

    def look(wall_off: float) -> list[float]:
        world.wall_off = wall_off
        asyncio.run(watch.look())
        said = [event.seconds for event in told if isinstance(event, ClockSkewed)]
        told.clear()
        return said

    assert look(1.9) == []
    assert look(2.5) == [2.5]
    assert look(3.0) == []
    assert look(-3600.0) == [-3600.0]
    world.is_away = True
    assert look(0.0) == []
    world.is_away = False
    assert look(0.0) == []
    assert look(2.5) == [2.5]


@pytest.mark.postgres
def test_a_server_is_asked_and_a_machine_alone_is_not() -> None:
    """One whose clock is an hour ahead is an hour ahead for everybody who goes by it."""

    async def scenario(url: str) -> float:
        db = await open_database(url, 1)
        try:
            clock = await open_clock(url, db)
        finally:
            await db.close()
        assert isinstance(clock, DatabaseClock)
        return clock.skew()

    with fresh_database() as url:
        assert abs(asyncio.run(scenario(url))) < 60
        assert abs(skew_from(url)) < 60
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(OWN_CLOCK)
            connection.execute("UPDATE torture.clock SET ahead = 3600")
        assert abs(asyncio.run(scenario(url)) + 3600) < 60
        assert abs(skew_from(url) + 3600) < 60


def test_on_a_file_the_time_is_this_machines(database: Path) -> None:
    """There is nobody to disagree with."""

    async def scenario() -> None:
        db = await open_database(file_url(database), 1)
        assert isinstance(await open_clock(file_url(database), db), SystemClock)
        await db.close()

    asyncio.run(scenario())


def test_how_wrong_a_clock_is_can_be_scraped() -> None:
    """From both kinds of process; 0 where there is nothing to compare with."""
    for metrics, name in ((ApiMetrics(), "api"), (EngineMetrics(), "engine")):
        assert f"reelrouter_{name}_clock_skew_seconds 0.0" in metrics.text().decode()
        metrics.watch_clock(lambda: 3.5)
        assert f"reelrouter_{name}_clock_skew_seconds 3.5" in metrics.text().decode()


@pytest.mark.parametrize("own", [-7200.0, 7200.0])
def test_what_is_old_is_old_by_both_clocks(own: float) -> None:
    """The earlier of the two: a file that this machine or the bucket has just stamped is never an old one."""
    clock = CautiousClock(FrozenClock(START), FrozenClock(START + own))
    assert clock.now() == START + min(0.0, own)
