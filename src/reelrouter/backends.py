"""The backends of an engine, each behind a lane: this machine's renderer, and every account with a vendor."""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from reelrouter.accounts.vault import Vault
from reelrouter.clock import CautiousClock, Clock
from reelrouter.db.engine import Database
from reelrouter.installation import own_accounts, own_brought
from reelrouter.jobs.lanes import Lane, Lanes
from reelrouter.jobs.own_keys import OwnKey, OwnKeys, key_of
from reelrouter.jobs.pace import PollPlan, ladder
from reelrouter.jobs.poller import Poller
from reelrouter.jobs.served import RENDERER_QUEUE, TEST_QUEUE
from reelrouter.observe.events import Emit
from reelrouter.observe.traces import Traces
from reelrouter.providers.base import Provider
from reelrouter.providers.drive import Drive
from reelrouter.providers.registry import PROVIDERS
from reelrouter.providers.remote import Remote
from reelrouter.renderer.local import Local
from reelrouter.renderer.pool import Pool
from reelrouter.routing.choose import queue_of
from reelrouter.settings import Settings, VendorSettings
from reelrouter.storage.objects import Objects
from reelrouter.work import Backend

_LOCAL_JOBS = 200
"""Renderer jobs under way at once; most of them wait for a free child, and may be cancelled there."""
_KEEP_OUTPUTS_SECONDS = 24 * 3600.0
_CEILING = 15.0
"""Seconds between two polls at most, while nothing is known of how long such jobs take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What lanes are built from."""

    settings: Settings
    db: Database
    vault: Vault
    pool: Pool
    objects: Objects
    poller: Poller
    emit: Emit
    clock: Clock
    traces: Traces
    stack: AsyncExitStack
    """Takes what a backend must do before its children are closed."""


LanesOf = Callable[[Surroundings], Mapping[str, Lane]]
"""Builds the backends. Another set of lanes makes another engine: tests and benchmarks drive scripted ones."""


def all_lanes(around: Surroundings) -> Mapping[str, Lane]:
    """Of the work that this engine is for."""
    queues = around.settings.queues
    local = _local_lanes(around) if "render" in queues else {}
    if "remote" not in queues:
        return local
    drive = _open_drive(around)
    return Lanes({**local, **_vendor_lanes(around, drive)}, _own_key_lanes(around, drive))


def _local_lanes(around: Surroundings) -> Mapping[str, Lane]:
    """This machine's own backends: the embedded renderer, which also makes every test job's video."""
    inputs = around.settings.data_dir / "work" / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    local = Local(
        around.pool,
        fetch=lambda media: around.objects.fetch_local(media.key, inputs),
        directory=around.settings.data_dir / "work" / "renders",
        nudge=around.poller.nudge,
        at_once=around.settings.render_concurrency,
    )
    around.stack.push_async_callback(local.close)
    lane = Lane(backend=local, limit=_LOCAL_JOBS, pace=ladder(0.5, 5.0), discard=local.discard)
    return {RENDERER_QUEUE: lane, TEST_QUEUE: lane}


def _open_drive(around: Surroundings) -> Drive:
    """What talks to vendors."""
    work = around.settings.data_dir / "work"
    inputs, outputs = work / "inputs", work / "outputs"
    for folder in (inputs, outputs):
        folder.mkdir(parents=True, exist_ok=True)
    _remove_old(outputs, CautiousClock(around.clock).now() - _KEEP_OUTPUTS_SECONDS)
    drive = Drive(lambda media: around.objects.fetch_local(media.key, inputs), outputs, around.clock)
    around.stack.push_async_callback(drive.close)
    return drive


def _vendor_lanes(around: Surroundings, drive: Drive) -> Mapping[str, Lane]:
    """Every account of every vendor that this gateway has."""
    settings = around.settings
    configured = own_accounts(settings.providers)
    lanes: dict[str, Lane] = {}
    for name, accounts in configured.accounts.items():
        remote = Remote(
            endpoint=name,
            provider=PROVIDERS[name],
            accounts={account.name: account for account in accounts},
            drive=drive,
            max_output=settings.max_download,
        )
        for account in accounts:
            lanes[queue_of(name, account.name)] = Lane(
                backend=remote,
                limit=account.concurrency,
                rate=account.rate,
                **_pace(PROVIDERS[name], settings.providers.get(name)),
                outlives=True,
            )
    return lanes


def _remove_old(folder: Path, before: float) -> None:
    """What a killed engine had loaded and not yet stored; a newer file may still be some attempt's output."""
    for path in folder.iterdir():
        if path.stat().st_mtime < before:
            path.unlink()


def _own_key_lanes(around: Surroundings, drive: Drive) -> Callable[[str], Lane | None]:
    """Makes a lane for each vendor key that a workspace has brought, when a job first waits for it."""
    settings, brought = around.settings, own_brought(around.settings)

    def backend_of(name: str, credential: str, values: Mapping[str, str]) -> Backend:
        return Remote(
            endpoint=name,
            provider=PROVIDERS[name],
            accounts={credential: brought.account(name, credential, values)},
            drive=drive,
            max_output=settings.max_download,
        )

    own = OwnKeys(around.db, around.vault, around.clock, backend_of)

    def lane_of(queue: str) -> Lane | None:
        found = key_of(queue)
        if found is None or found[0] not in PROVIDERS:
            return None
        provider, terms = PROVIDERS[found[0]], settings.providers.get(found[0], VendorSettings())
        return Lane(
            backend=OwnKey(own, found[1]),
            limit=terms.concurrency or provider.concurrency,
            rate=terms.rate,
            **_pace(provider, terms),
            outlives=True,
        )

    return lane_of


class _Pace(TypedDict):
    pace: PollPlan
    learns: bool


def _pace(provider: Provider, terms: VendorSettings | None) -> _Pace:
    """What an operator has fixed is kept; a vendor's own beginning is only that."""
    if terms is not None and terms.poll_every is not None:
        return {"pace": ladder(terms.poll_every, terms.poll_every), "learns": False}
    return {"pace": ladder(provider.first_poll, _CEILING), "learns": True}
