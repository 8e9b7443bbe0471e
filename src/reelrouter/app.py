"""The API process: answers HTTP and watches over the engine. A composition root, like `engine`."""

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

import uvicorn
import uvloop
from pydantic import SecretStr
from starlette.types import ASGIApp

from reelrouter import net
from reelrouter.accounts import keys, signing, workspaces
from reelrouter.accounts.keys import KeyKind, KeyRing, NewKey, Peppers
from reelrouter.accounts.rates import Rates
from reelrouter.accounts.secrets import Secrets, load_secrets
from reelrouter.accounts.vendor_keys import VendorKeys
from reelrouter.api.addresses import Addresses
from reelrouter.api.metrics import Exposition
from reelrouter.api.protocol import Protocol
from reelrouter.api.routes import build_app
from reelrouter.api.videos import Edge
from reelrouter.brand import BRANDS
from reelrouter.clock import DatabaseClock
from reelrouter.db.engine import Database, Unit
from reelrouter.db.opening import is_server, open_clock, open_database, prepare
from reelrouter.errors import Unavailable
from reelrouter.gateway import readiness
from reelrouter.gateway.byok import Desk
from reelrouter.gateway.door import open_gateway
from reelrouter.gateway.management import Office
from reelrouter.gateway.readiness import Check
from reelrouter.gateway.standing import Lookout
from reelrouter.gateway.stations import Stations, Terms
from reelrouter.installation import (
    database_url,
    own_accounts,
    own_bounds,
    own_brought,
    own_catalogue,
    own_secrets,
    own_vault,
    storage_url,
)
from reelrouter.jobs import hooks, store
from reelrouter.jobs.conditions import Conditions
from reelrouter.jobs.content import Contents
from reelrouter.jobs.own_outputs import OwnOutputs
from reelrouter.jobs.variants import Variants
from reelrouter.lock import FileLock, own_folder
from reelrouter.media.intake import Intake, IntakeLimits
from reelrouter.observe.api_metrics import ApiMetrics
from reelrouter.observe.clock_watch import ClockWatch
from reelrouter.observe.engine_door import SOCKET_VARIABLE, engine_text
from reelrouter.observe.events import Emit, TaskCrashed, fan_out
from reelrouter.observe.log import open_log
from reelrouter.observe.signals import Changes, Signals
from reelrouter.observe.traces import Traces, open_traces
from reelrouter.providers.accounts import what_to_set
from reelrouter.providers.configured import Configured
from reelrouter.providers.registry import PROVIDERS
from reelrouter.renderer.pool import Pool
from reelrouter.routing.choose import Credential
from reelrouter.settings import Settings
from reelrouter.storage.objects import Objects

ENGINE = (sys.executable, "-m", "reelrouter.engine")
_SWITCH_SECONDS = 0.0005
"""How long the event loop may keep the interpreter from the writing thread, which asks for it after a statement.
Python's own 5 ms held commits up while requests came in."""
_DECODERS = 2
_RESTART_PAUSE = 0.5
_ENDING_SECONDS = 5.0
"""What an engine may take beyond the wait, to close its databases, before it is ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownKeys:
    """Keys made at a first start: shown now, and never again."""

    live: str
    test: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What whoever started the server wants to know once it answers."""

    address: str
    first_keys: ShownKeys | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What an operator sees this process by."""

    emit: Emit
    metrics: ApiMetrics
    traces: Traces
    checks: Mapping[str, Check] = field(default_factory=dict)
    """Beside those of the stations."""
    engine: Path | None = None
    """The socket at which the engine of this process tells its figures."""


def serve(
    settings: Settings,
    *,
    on_start: Callable[[Started], None] = lambda _started: None,
    engine: Sequence[str] | None = ENGINE,
    overrides: Mapping[str, str] | None = None,
) -> None:
    """Runs the API, and the command of its engine unless that is None, until interrupted.

    Raises `AlreadyLocked`, `SecretRefused`, `TracesRefused`, `OSError` for a taken port. `overrides` are settings
    that came by argument: the engine gets them by environment, as it reads its own.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    sys.setswitchinterval(_SWITCH_SECONDS)
    with ExitStack() as stack:
        if not is_server(database_url(settings)):
            stack.enter_context(FileLock(settings.data_dir / "serve.lock"))
        listener = stack.enter_context(_bind(settings))
        metrics = ApiMetrics()
        emit = fan_out(open_log(settings.log_format, "api"), metrics.listen)
        sight = Sight(emit=emit, metrics=metrics, traces=open_traces("api"))
        supervisor = None
        if engine is not None:
            door = stack.enter_context(own_folder(settings.data_dir / "work", "serve")) / "engine.sock"
            supervisor = Supervisor(
                engine, {**(overrides or {}), SOCKET_VARIABLE: str(door.absolute())}, emit, settings.stop_wait
            )
            sight = replace(sight, checks={"engine": supervisor.check}, engine=door)
        uvloop.run(_serve(settings, listener, supervisor, sight, on_start))


async def _serve(
    settings: Settings,
    listener: socket.socket,
    supervisor: "Supervisor | None",
    sight: Sight,
    on_start: Callable[[Started], None],
) -> None:
    secrets = own_secrets(settings)
    prepare(database_url(settings))
    address = _address(settings, listener)
    async with open_api(settings, secrets, sight) as api:
        server = _Server(_config(api.app, settings))
        watching = asyncio.create_task(supervisor.run() if supervisor is not None else _nothing())

        def stop(number: signal.Signals) -> None:
            """Both processes at one time, so that the waits of the two are one."""
            server.handle_exit(number, None)
            api.release()
            watching.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop, number)
        gc.collect()
        gc.freeze()
        on_start(Started(address=address, first_keys=api.first_keys))
        try:
            await server.serve(sockets=[listener])
        finally:
            if not watching.cancelling():  # a second time would break off the engine's orderly end
                watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


async def _nothing() -> None:
    """Where engines are others' business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    app: ASGIApp
    first_keys: ShownKeys | None
    release: Callable[[], None]
    """Answers all who wait for news of a job: the process is about to stop."""


@asynccontextmanager
async def open_api(settings: Settings, secrets: Secrets, sight: Sight) -> AsyncIterator[Api]:
    """The application with everything that it uses, opened in order and closed in reverse."""
    pepper = secrets.derive("api-keys")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(sight.traces.close)
        stations = await _open_stations(settings, secrets, sight, stack)
        db, clock = stations.db, stations.clock
        await db.write(lambda unit: signing.reseal(unit, stations.vault))
        first_keys = await db.write(lambda unit: _bootstrap(unit, settings, pepper, clock.now()))
        edge = Edge(
            gateway=open_gateway(stations, _desk(settings, stations), _office(settings, stations, pepper)),
            keys=KeyRing(db, Peppers(pepper, _earlier_pepper(settings)), clock, Rates(clock).admit),
            addresses=_addresses(settings),
            brand=BRANDS[settings.brand],
            max_body=settings.max_body,
            exposition=_exposition(settings, sight, Lookout(db, clock, stations.scratch)),
            count_request=sight.metrics.count_request,
            emit=sight.emit,
            traces=sight.traces,
        )
        checks = {**readiness.checks(stations), **sight.checks}
        app = build_app(edge, checks, version("reelrouter"))
        yield Api(app=app, first_keys=first_keys, release=stations.signals.release)


async def _open_stations(settings: Settings, secrets: Secrets, sight: Sight, stack: AsyncExitStack) -> Stations:
    emit, url = sight.emit, database_url(settings)
    db = await open_database(url, settings.database_connections)
    stack.push_async_callback(db.close)
    clock = await open_clock(url, db)
    if isinstance(clock, DatabaseClock):
        sight.metrics.watch_clock(clock.skew)
        watching = asyncio.create_task(ClockWatch(clock, emit).run())
        stack.push_async_callback(_end, watching)
    objects = Objects.from_url(storage_url(settings))
    stack.callback(objects.close)
    children = Pool(size=_DECODERS, preload=("reelrouter.media.pictures",))
    stack.push_async_callback(children.close)
    client = net.GuardedClient(net.rules_for(allow_private=settings.allow_private_addresses))
    stack.push_async_callback(client.close)
    intake = Intake(children, client, objects, _intake_limits(settings))
    stack.callback(intake.close)
    scratch = stack.enter_context(own_folder(settings.data_dir / "work", "api"))
    signals = Signals(_changes(db), emit)
    stack.push_async_callback(signals.close)
    known, configured = workspaces.Workspaces(db, clock), own_accounts(settings.providers)
    variants = Variants(objects, children, scratch)
    return Stations(
        db=db,
        catalogue=own_catalogue(settings),
        workspaces=known,
        intake=intake,
        own_outputs=OwnOutputs(db, objects, children, scratch),
        objects=objects,
        contents=Contents(db=db, objects=objects, variants=variants, workspaces=known, clock=clock, emit=emit),
        signals=signals,
        backends={"renderer": (Credential(name="local"),), **_credentials(configured)},
        vendor_keys=VendorKeys(db, clock),
        conditions=Conditions(db, clock),
        setup={name: what_to_set(provider.access) for name, provider in PROVIDERS.items()},
        hook_key=secrets.derive(hooks.PURPOSE),
        webhook_secrets=_webhook_secrets(configured),
        vault=own_vault(settings),
        scratch=scratch,
        clock=clock,
        emit=emit,
        terms=_terms(settings),
    )


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _exposition(settings: Settings, sight: Sight, lookout: Lookout) -> Exposition:
    async def own() -> bytes:
        return sight.metrics.text()

    return Exposition(
        parts=(own, lookout.text, *([partial(engine_text, sight.engine)] if sight.engine else [])),
        token=_plain(settings.metrics_token),
        trusted_proxies=frozenset(settings.trusted_proxies),
    )


def _desk(settings: Settings, stations: Stations) -> Desk:
    return Desk(
        db=stations.db,
        vault=stations.vault,
        brought=own_brought(settings),
        catalogue=stations.catalogue,
        clock=stations.clock,
        known=stations.vendor_keys,
    )


def _office(settings: Settings, stations: Stations, pepper: bytes) -> Office:
    return Office(
        db=stations.db,
        catalogue=stations.catalogue,
        pepper=pepper,
        clock=stations.clock,
        emit=stations.emit,
        bounds=own_bounds(settings),
    )


def _webhook_secrets(configured: Configured) -> dict[tuple[str, str], str]:
    return {
        (endpoint, account.name): account.values["webhook_secret"]
        for endpoint, accounts in configured.accounts.items()
        for account in accounts
        if account.values.get("webhook_secret")
    }


def _changes(db: Database) -> Changes:
    return Changes(
        counter=db.change_counter,
        newest=partial(store.newest_version, db),
        since=partial(store.changed_since, db),
    )


def _bootstrap(unit: Unit, settings: Settings, pepper: bytes, now: float) -> ShownKeys | None:
    """The default workspace and its keys: the operator's, if settings name them, else new ones, once."""
    workspace, is_first = workspaces.ensure_default(unit, now)
    given: dict[KeyKind, str | None] = {"live": _plain(settings.live_key), "test": _plain(settings.test_key)}
    for kind, secret in {**given, "management": _plain(settings.management_key)}.items():
        if secret is not None:
            key = NewKey(workspace=workspace, mode=kind, name=f"{kind} key from the settings", secret=secret)
            keys.ensure_key(unit, key, pepper, now)
    if not is_first or all(given.values()):
        return None
    made = {mode: secret or keys.new_key(mode) for mode, secret in given.items()}
    for mode, secret in made.items():
        key = NewKey(workspace=workspace, mode=mode, name=f"first {mode} key", secret=secret)
        keys.ensure_key(unit, key, pepper, now)
    return ShownKeys(live=made["live"], test=made["test"])


class Supervisor:
    """Keeps the engine running as a child that dies with this process and is started again if it dies alone."""

    def __init__(self, command: Sequence[str], overrides: Mapping[str, str], emit: Emit, stop_wait: float) -> None:
        self._command = command
        self._environment = {**os.environ, **overrides, "REELROUTER_PARENT": str(os.getpid())}
        self._emit = emit
        self._patience = stop_wait + _ENDING_SECONDS
        self._process: asyncio.subprocess.Process | None = None

    async def run(self) -> None:
        """Until cancelled; then the engine is asked to stop, and ended if it will not."""
        try:
            while True:
                self._process = await asyncio.create_subprocess_exec(*self._command, env=self._environment)
                status = await self._process.wait()
                self._emit(TaskCrashed(task="engine", error=f"the engine ended with status {status}"))
                await asyncio.sleep(_RESTART_PAUSE)
        finally:
            await self._stop()

    async def check(self) -> None:
        if self._process is None or self._process.returncode is not None:
            raise Unavailable("the engine is not running")

    async def _stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(self._patience):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


class _Server(uvicorn.Server):
    """Stops when told to, and then lets us close what is ours: the library would end the process by the signal."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _bind(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError:
        listener.close()
        raise
    return listener


def _address(settings: Settings, listener: socket.socket) -> str:
    if settings.public_url is not None:
        return settings.public_url
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listener.getsockname()[1]}"


def _config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Protocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # `Addresses` reads them, from trusted proxies alone
        server_header=False,
        timeout_graceful_shutdown=settings.stop_wait,
    )


def _earlier_pepper(settings: Settings) -> bytes | None:
    earlier = _plain(settings.secret_key_previous)
    return None if earlier is None else load_secrets(earlier, settings.data_dir).derive("api-keys")


def _credentials(configured: Configured) -> dict[str, tuple[Credential, ...]]:
    return {
        name: tuple(Credential(name=one.name, weight=one.weight) for one in accounts)
        for name, accounts in configured.accounts.items()
        if accounts
    }


def _intake_limits(settings: Settings) -> IntakeLimits:
    return IntakeLimits(wait=settings.intake_wait, max_image=settings.max_input, max_clip=settings.max_input_video)


def _terms(settings: Settings) -> Terms:
    return Terms(
        test_mode=settings.test_mode,
        strict=settings.strict_parameters,
        hold_margin=settings.hold_margin,
        byok_fee=settings.byok_fee,
        max_job_age=settings.max_job_age,
        link_life=settings.link_life,
        callbacks=net.rules_for(allow_private=settings.allow_private_addresses),
        loopback_callbacks=settings.is_loopback(),
        plain_unsigned_urls=settings.plain_unsigned_urls,
        redirects=settings.downloads == "redirect",
    )


def _addresses(settings: Settings) -> Addresses:
    return Addresses(
        public_url=settings.public_url,
        trusted_hosts=frozenset({settings.host.lower(), *(host.lower() for host in settings.trusted_hosts)}),
        trusted_proxies=frozenset(settings.trusted_proxies),
    )


def _plain(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
