"""The engine process: drives jobs. A composition root: it builds everything, and nothing else may know everything.

It serves no HTTP but its own figures. It dies with the API process that started it, and is started again by it.
"""

import asyncio
import ctypes
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import uvloop

from reelrouter import net
from reelrouter.accounts import signing, vendor_keys
from reelrouter.accounts.vault import SealBroken, Vault
from reelrouter.backends import LanesOf, Surroundings, all_lanes
from reelrouter.brand import BRANDS
from reelrouter.clock import CautiousClock, Clock, DatabaseClock
from reelrouter.db.engine import Database
from reelrouter.db.opening import is_server, open_clock, open_database, prepare
from reelrouter.installation import (
    database_url,
    own_catalogue,
    own_secrets,
    own_vault,
    storage_url,
)
from reelrouter.jobs import hooks
from reelrouter.jobs.announce import LinkTerms
from reelrouter.jobs.charging import Pricing
from reelrouter.jobs.chores import Chore
from reelrouter.jobs.dispatch import Dispatcher, Drivers
from reelrouter.jobs.durations import Durations, generation_times
from reelrouter.jobs.lanes import Lane
from reelrouter.jobs.late import Latecomers
from reelrouter.jobs.poller import Poller
from reelrouter.jobs.retention import Retention
from reelrouter.jobs.seat import Seat, take_seat
from reelrouter.jobs.served import Served
from reelrouter.jobs.starting import Starter
from reelrouter.jobs.steps import Steps
from reelrouter.jobs.tracing import Tracing
from reelrouter.jobs.workflow import Workflows
from reelrouter.jobs.workshop import Workshop
from reelrouter.lock import FileLock, own_folder
from reelrouter.observe.clock_watch import ClockWatch
from reelrouter.observe.engine_door import SOCKET_VARIABLE, Door, opened
from reelrouter.observe.engine_metrics import EngineMetrics
from reelrouter.observe.events import Emit, StopCutShort, TaskCrashed, VendorKeyUnusable, fan_out
from reelrouter.observe.log import open_log
from reelrouter.observe.traces import open_traces
from reelrouter.renderer.pool import Pool
from reelrouter.settings import Settings, host_and_port, read_settings
from reelrouter.storage.ingest import Ingest, IngestLimits
from reelrouter.storage.objects import Objects
from reelrouter.webhooks.deliver import Deliverer, Terms
from reelrouter.webhooks.schedule import Schedule
from reelrouter.webhooks.send import CannotSign, Outbox, SecretsOf, Sender
from reelrouter.webhooks.turns import Places

_STARTING_PER_WINDOW = 4
_NICENESS = 10
_SETTLING_SECONDS = 5.0
"""How much longer than a receiver's time to answer an attempt to deliver is left alone."""
_PR_SET_PDEATHSIG = 1


@asynccontextmanager
async def open_engine(settings: Settings, emit: Emit, lanes_of: LanesOf = all_lanes) -> AsyncIterator["Loops"]:
    """Everything an engine consists of, opened in order and closed in reverse."""
    metrics = EngineMetrics()
    emit = fan_out(emit, metrics.listen)
    async with AsyncExitStack() as stack:
        traces = open_traces("engine")
        stack.push_async_callback(traces.close)
        await stack.enter_async_context(opened(_door(settings), metrics))
        url = database_url(settings)
        db = await open_database(url, settings.database_connections)
        stack.push_async_callback(db.close)
        clock = await open_clock(url, db)
        objects = Objects.from_url(storage_url(settings))
        stack.callback(objects.close)
        pool = Pool(size=settings.render_concurrency + 1, preload=("reelrouter.renderer.animatic.render",))
        stack.push_async_callback(pool.close)
        poller = Poller(clock, emit, metrics.note_lag)
        metrics.watch_waiting(lambda: poller.waiting)
        vault = own_vault(settings)
        await _reseal(db, vault, emit)
        around = Surroundings(
            settings=settings,
            db=db,
            vault=vault,
            pool=pool,
            objects=objects,
            poller=poller,
            emit=emit,
            clock=clock,
            traces=traces,
            stack=stack,
        )
        seat = await stack.enter_async_context(take_seat(url, db, (settings.data_dir, clock, emit)))
        lanes = lanes_of(around)
        metrics.expect({queue.partition("/")[0] for queue in lanes})
        workshop = _workshop(around, seat, lanes)
        steps = Steps(workshop)
        workflows = Workflows(steps, settings.window)
        stack.push_async_callback(workflows.close)
        drivers = Drivers(
            steps=steps,
            workflows=workflows,
            poller=poller,
            lanes=lanes,
            most_starting=settings.window * _STARTING_PER_WINDOW,
            starter=Starter(name=seat.owner, served=_served(settings)),
            living=seat.living,
        )
        deliverer = _deliverer(around)
        yield Loops(
            launch=workflows.launch,
            starting=Dispatcher(db, drivers, clock, emit).run,
            loops={
                "poller": poller.run,
                "retention": seat.alone(Chore.RETENTION, Retention(db, objects, CautiousClock(clock)).run),
                **_clock_loops(clock, metrics, emit),
                **_loops_of(around, seat, workshop, deliverer),
                **seat.loops,
            },
            drains=(steps.drain, deliverer.drain),
            stop_wait=settings.stop_wait,
            lost=seat.lost,
            emit=emit,
        )


def _clock_loops(clock: Clock, metrics: EngineMetrics, emit: Emit) -> Mapping[str, Callable[[], Awaitable[None]]]:
    """None where the time is this machine's own."""
    if not isinstance(clock, DatabaseClock):
        return {}
    metrics.watch_clock(clock.skew)
    return {"clock": ClockWatch(clock, emit).run}


def _loops_of(
    around: Surroundings, seat: Seat, workshop: Workshop, deliverer: Deliverer
) -> Mapping[str, Callable[[], Awaitable[None]]]:
    """Those that only some kinds of work need."""
    loops: dict[str, Callable[[], Awaitable[None]]] = {}
    if "remote" in around.settings.queues:
        latecomers = Latecomers(workshop)
        loops["latecomers"] = seat.alone(Chore.LATECOMERS, latecomers.run)
    if "webhooks" in around.settings.queues:
        loops["deliveries"] = deliverer.run
    return loops


def _served(settings: Settings) -> Served:
    return Served(frozenset(settings.queues))


def _door(settings: Settings) -> Door:
    socket, token = os.environ.get(SOCKET_VARIABLE), settings.metrics_token
    return Door(
        socket=Path(socket) if socket else None,
        address=host_and_port(settings.engine_metrics) if settings.engine_metrics else None,
        token=token.get_secret_value() if token else None,
    )


async def _reseal(db: Database, vault: Vault, emit: Emit) -> None:
    """After a change of the root secret: with the next start the earlier one is not needed any more."""
    done = await db.write(lambda unit: vendor_keys.reseal(unit, vault))
    for key, reason in done.broken.items():
        emit(VendorKeyUnusable(key=key, reason=reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class Loops:
    """What an engine does until it is told to stop."""

    launch: Callable[[], None]
    starting: Callable[[], Awaitable[None]]
    """The loop that takes jobs up: the first to end."""
    loops: Mapping[str, Callable[[], Awaitable[None]]]
    drains: Sequence[Callable[[], Awaitable[None]]]
    """Each stops sending something, and waits for what is on its way."""
    stop_wait: float
    """Seconds that it may wait."""
    lost: asyncio.Event
    """Set when another engine may have been given this one's place."""
    emit: Emit

    async def run(self, stop: asyncio.Event) -> None:
        starting = asyncio.ensure_future(self._keep("dispatcher", self.starting))
        tasks = [asyncio.ensure_future(self._keep(name, loop)) for name, loop in self.loops.items()]
        self.launch()
        # What lives until the end is not worth looking at again: this halved the longest pauses when measured.
        gc.collect()
        gc.freeze()
        await stop.wait()
        starting.cancel()
        await self._drain()
        for task in tasks:
            task.cancel()
        await asyncio.gather(starting, *tasks, return_exceptions=True)

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(self.stop_wait):
                await asyncio.gather(*(drain() for drain in self.drains))
        except TimeoutError:
            self.emit(StopCutShort(seconds=self.stop_wait))

    async def _keep(self, name: str, loop: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await loop()
            except Exception as error:  # noqa: BLE001 - one bad row must not stop an engine; it is told, and goes on
                self.emit(TaskCrashed(task=name, error=repr(error)))
                await asyncio.sleep(1.0)


def _workshop(around: Surroundings, seat: Seat, lanes: Mapping[str, Lane]) -> Workshop:
    settings = around.settings
    scratch = around.stack.enter_context(own_folder(settings.data_dir / "work", "ingest"))
    hook_key = own_secrets(settings).derive(hooks.PURPOSE)
    return Workshop(
        db=around.db,
        lanes=lanes,
        poller=around.poller,
        ingest=Ingest(around.pool, around.objects, IngestLimits(max_bytes=settings.max_download), scratch),
        objects=around.objects,
        clock=around.clock,
        emit=around.emit,
        owner=seat.owner,
        is_dead=seat.is_dead,
        retention=settings.retention,
        served=_served(settings),
        pricing=Pricing(by=settings.pricing, byok_fee=settings.byok_fee),
        links=LinkTerms(life=settings.link_life, plain=settings.plain_unsigned_urls),
        traces=around.traces,
        durations=Durations(around.db, around.clock, generation_times(own_catalogue(settings))),
        resubmit=settings.unknown_submit == "resubmit",
        hook_of=_hook_of(settings, hook_key),
        mark_of=partial(hooks.mark_of, hook_key),
    )


def _deliverer(around: Surroundings) -> Deliverer:
    settings = around.settings
    rules = net.rules_for(allow_private=settings.allow_private_addresses)
    outbox = Outbox(rules, settings.webhook_timeout, loopback=settings.is_loopback())
    around.stack.push_async_callback(outbox.close)
    sender = Sender(outbox, _secrets_of(around), BRANDS[settings.brand].title, around.clock)
    terms = Terms(
        schedule=Schedule(settings.webhook_schedule),
        places=Places(per_host=settings.webhook_places_per_host, in_all=settings.webhook_places),
        claim_seconds=settings.webhook_timeout + _SETTLING_SECONDS,
        history=settings.webhook_history,
    )
    send = Tracing(around.traces, around.clock).sending(around.db, sender.send)
    return Deliverer(around.db, send, terms, around.clock, around.emit)


def _secrets_of(around: Surroundings) -> SecretsOf:
    async def find(workspace: str) -> Sequence[str]:
        try:
            return await signing.living_secrets(around.db, around.vault, workspace, around.clock.now())
        except SealBroken as broken:
            raise CannotSign("the operator has to look after the signing secret") from broken

    return find


def _hook_of(settings: Settings, key: bytes) -> Callable[[str], str | None]:
    """Where vendors may call, which takes an address of ours that others know."""
    if settings.public_url is None:
        return lambda _attempt_key: None
    return partial(hooks.address_of, key, settings.public_url)


def main(lanes_of: LanesOf = all_lanes) -> None:
    """Runs an engine until it is told to stop, or its parent is gone."""
    _die_with_parent()
    run(read_settings(), lanes_of)


def run(settings: Settings, lanes_of: LanesOf = all_lanes) -> None:
    """Raises what opening the database and the catalogue raises."""
    prepare(database_url(settings))
    emit = open_log(settings.log_format, "engine")
    with ExitStack() as stack:
        if not is_server(database_url(settings)):
            stack.enter_context(FileLock(settings.data_dir / "engine.lock", patience=10.0))
        uvloop.run(_serve(settings, emit, lanes_of))


async def _serve(settings: Settings, emit: Emit, lanes_of: LanesOf) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_engine(settings, emit, lanes_of) as loops:
        dying = asyncio.ensure_future(_die_when(loops.lost))
        await loops.run(stop)
        dying.cancel()


async def _die_when(lost: asyncio.Event) -> None:
    """Without an orderly end, which takes time: whatever is under way here is somebody else's by now."""
    await lost.wait()
    os._exit(1)


def _die_with_parent() -> None:
    """The kernel ends this process with its parent, so that no engine outlives the API that watches it."""
    expected = os.environ.get("REELROUTER_PARENT")
    if expected is None:
        return
    os.nice(_NICENESS)
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(expected):  # it went before we asked
        sys.exit(0)


if __name__ == "__main__":
    main()
