"""An engine's inside, without its processes: steps over a real database, with scripted backends."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from reelrouter.accounts import ledger, workspaces
from reelrouter.catalogue.check import Plan
from reelrouter.catalogue.price import Asked
from reelrouter.catalogue.request import Inputs
from reelrouter.catalogue.resolve import Resolved
from reelrouter.clock import FrozenClock, milliseconds
from reelrouter.db.engine import Database, Unit
from reelrouter.db.opening import open_database
from reelrouter.db.tables import jobs
from reelrouter.ids import JobId, KeyId, WorkspaceId
from reelrouter.jobs import starting, store
from reelrouter.jobs.announce import LinkTerms
from reelrouter.jobs.charging import Pricing
from reelrouter.jobs.lanes import Lane
from reelrouter.jobs.machine import State
from reelrouter.jobs.model import Job, Remarks
from reelrouter.jobs.pace import ladder
from reelrouter.jobs.poller import Poller
from reelrouter.jobs.served import Served
from reelrouter.jobs.starting import Places, Starter
from reelrouter.jobs.steps import Steps
from reelrouter.jobs.takeover import was_here
from reelrouter.jobs.workshop import Workshop
from reelrouter.money import Nanos
from reelrouter.observe.events import Event
from reelrouter.routing.choose import Route, queue_of
from reelrouter.storage.ingest import Ingest, IngestLimits
from reelrouter.storage.objects import Objects
from reelrouter.testing.backends import Scripted
from reelrouter.work import Report, TaskFailed

OWNER = "slot-0:1"
STARTER = Starter(name=OWNER)
ESTIMATE = Nanos(400_000_000)
PROBED = {
    "mime": "video/mp4",
    "width": 1280,
    "height": 720,
    "duration": 4.0,
    "fps": 24.0,
    "frames": 96,
    "codec": "h264",
    "audio_codec": None,
    "faststart": True,
}


class ProbingChildren:
    """Answers every probe as if the file were a good clip; a file that says so is refused."""

    async def run(
        self, task: str, arguments: Mapping[str, Any], *, timeout: float, report: Report | None = None
    ) -> dict[str, Any]:
        if Path(arguments["path"]).read_bytes() == b"text":
            raise TaskFailed("not_a_video", "the file is text")
        return dict(PROBED)


@dataclass
class Bench:
    """One engine's parts. `lanes` may be filled until the first step."""

    db: Database
    directory: Path
    clock: FrozenClock = field(default_factory=FrozenClock)
    events: list[Event] = field(default_factory=list)
    lanes: dict[str, Lane] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.poller = Poller(self.clock, self.events.append)
        self.objects = Objects.from_url((self.directory / "objects").absolute().as_uri())

    def lane(self, name: str, **script: Any) -> Scripted:
        backend = Scripted(endpoint=name, **script)
        self.lanes[queue_of(name, "c")] = Lane(backend=backend, limit=10, pace=ladder(0.0, 0.0))
        return backend

    def steps(self, owner: str = OWNER, **terms: Any) -> Steps:
        return Steps(self.workshop(owner, **terms))

    def workshop(
        self,
        owner: str = OWNER,
        *,
        resubmit: bool = False,
        pricing: Pricing | None = None,
        served: Served | None = None,
    ) -> Workshop:
        return Workshop(
            db=self.db,
            lanes=self.lanes,
            poller=self.poller,
            ingest=Ingest(ProbingChildren(), self.objects, IngestLimits(max_bytes=10**6), self.directory),
            objects=self.objects,
            clock=self.clock,
            emit=self.events.append,
            owner=owner,
            is_dead=partial(was_here, owner.partition(":")[0]),
            retention=3600,
            served=served or Served(),
            links=LinkTerms(life=3600.0),
            pricing=pricing or Pricing(),
            resubmit=resubmit,
            rest=self.rest,
        )

    async def rest(self, seconds: float) -> None:
        """Pauses cost the bench's clock their time, and nobody else any."""
        self.clock.advance(seconds)
        await asyncio.sleep(0)

    def file(self, content: bytes = b"video") -> Path:
        path = self.directory / f"out-{len(list(self.directory.iterdir()))}.mp4"
        path.write_bytes(content)
        return path

    async def place(
        self, *endpoints: str, spare: tuple[str, ...] = (), hold: Nanos = ESTIMATE, **changes: Any
    ) -> Job:
        """A job with a route to each endpoint, then with a spare model to each of `spare`, and its hold.

        `changes` are of its row.
        """
        now = self.clock.now()

        def together(unit: Unit) -> Job:
            workspace, _ = workspaces.ensure_default(unit, now)
            job = replace(make_job(workspace, endpoints, now, spare), **changes)
            ledger.hold(unit, ledger.Hold(job_id=job.id, workspace=workspace, mode="live", amount=hold))
            store.place(unit, job)
            return job

        return await self.db.write(together)

    async def begin(self, job: Job) -> int:
        """What the dispatcher does with a job that waits, when its hour has come; which run it has now."""
        row = await self.db.row(select(jobs.c.not_before).where(jobs.c.id == job.id))
        assert row is not None
        self.clock.advance(max(0.0, row["not_before"] / 1000 - self.clock.now()))
        now_ms = milliseconds(self.clock.now())
        await self.db.write(lambda unit: starting.start_overdue(unit, 1, now_ms, STARTER))
        now = await self.job(job)
        await self.db.write(
            lambda unit: starting.start_waiting(unit, Places(queue=now.queue, room=1), now_ms, OWNER)
        )
        return (await self.job(job)).run

    async def run_to_end(self, job: Job, steps: Steps | None = None) -> Job:
        """What dispatcher and workflow do, without either."""
        steps = steps or self.steps()
        while not (await self.job(job)).is_over:
            run = await self.begin(job)
            verdict = "submit"
            while verdict == "submit":
                verdict = await steps.submit(job.id, run)
                if verdict == "await":
                    verdict = await steps.await_upstream(job.id, run)
            if verdict == "finish":
                await steps.finish(job.id, run)
        return await self.job(job)

    async def attempts(self, job: Job) -> list[tuple[str, str | None]]:
        """Where each was sent, and how it ended."""
        listed = await store.list_attempts(self.db, job.id)
        return [(one.endpoint, one.end.kind if one.end else None) for one in listed]

    async def job(self, job: Job) -> Job:
        return await store.get_even_deleted(self.db, job.id)

    async def balance(self, job: Job) -> ledger.Balance:
        return await ledger.balance(self.db, job.workspace, "live")


def make_job(workspace: WorkspaceId, endpoints: tuple[str, ...], now: float, spare: tuple[str, ...] = ()) -> Job:
    make_job.count += 1  # type: ignore[attr-defined]
    return Job(
        id=JobId(f"gen-vid-{int(now)}-{make_job.count:020d}"),  # type: ignore[attr-defined]
        workspace=workspace,
        key_id=KeyId("key"),
        mode="live",
        status=State.PENDING,
        created_at=milliseconds(now),
        deadline_at=milliseconds(now + 600),
        model="google/veo-3.1-lite",
        plan=PLAN,
        spares=(SPARE,) if spare else (),
        routes=(*(route_to(name) for name in endpoints), *(route_to(name, 1) for name in spare)),
        queue=queue_of(endpoints[0], "c"),
        remarks=Remarks(),
        base_url="http://localhost",
        estimate=ESTIMATE,
    )


make_job.count = 0  # type: ignore[attr-defined]


def route_to(endpoint: str, plan: int = 0) -> Route:
    native = "m" if plan == 0 else f"spare-{plan}"
    return Route(endpoint=endpoint, provider=endpoint, native_model=native, credential="c", plan=plan)


PLAN = Plan(
    model="google/veo-3.1-lite",
    canonical_slug="google/veo-3.1-lite-20260401",
    mode="text",
    prompt="a fox",
    resolved=Resolved(
        duration=4, width=1280, height=720, resolution="720p", aspect_ratio="16:9", fps=24, audio=False, seed=None
    ),
    inputs=Inputs(),
    skus={"duration_seconds": "0.1"},
    asked=Asked(mode="text", duration=Decimal(4), width=1280, height=720),
    lines=(),
    estimate=ESTIMATE,
)
SPARE = replace(
    PLAN,
    model="alibaba/wan-2.7",
    canonical_slug="alibaba/wan-2.7-20260414",
    resolved=replace(PLAN.resolved, audio=True),
    warnings=("models[0]: alibaba/wan-2.7 makes this",),
    skus={"duration_seconds": "0.05"},
    estimate=Nanos(200_000_000),
)
"""Cheaper, and in other ways different: what is shown and billed tells whose it is."""


@pytest.fixture
def scenario(tmp_path: Path, database_url: str) -> Callable[[Callable[[Bench], Any]], None]:
    """Runs a coroutine over a fresh bench, with its poller turning."""

    async def within(work: Callable[[Bench], Any]) -> None:
        bench = Bench(await open_database(database_url, 4), tmp_path)
        polling = asyncio.ensure_future(bench.poller.run())
        try:
            await work(bench)
        finally:
            polling.cancel()
            await asyncio.gather(polling, return_exceptions=True)
            await bench.db.close()
            bench.objects.close()

    return lambda work: asyncio.run(within(work))
