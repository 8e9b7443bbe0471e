"""Which bytes an address stands for: those that the row names, however the job ended."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from reelrouter.accounts.keys import Caller
from reelrouter.accounts.workspaces import Workspaces
from reelrouter.api.views import job_view
from reelrouter.clock import milliseconds
from reelrouter.db.tables import jobs
from reelrouter.errors import Conflict, Gone
from reelrouter.gateway.answers import JobAnswer
from reelrouter.ids import JobId
from reelrouter.jobs import store
from reelrouter.jobs.content import ContentFile, ContentRequest, Contents
from reelrouter.jobs.machine import Event
from reelrouter.jobs.model import OUTPUTS, Failure, Job
from reelrouter.work import StoredFile
from tests.api.test_record_views import FILE as MADE
from tests.jobs.conftest import Bench

Scenario = Callable[[Callable[[Bench], Awaitable[None]]], None]
FILE = replace(MADE, key="outputs/late/0.mp4", size=5)
FAILURE = Failure(error_type="timeout", message="Too late.", failure="expired")


async def ended(bench: Bench, event: Event) -> Job:
    job = await bench.place("a")
    last = store.End(event=event, at=milliseconds(bench.clock.now()), failure=FAILURE)
    assert await bench.db.write(lambda unit: store.end(unit, job, last))
    return job


async def comes_later(bench: Bench, job: Job, file: StoredFile = FILE) -> None:
    """A video for a job that has ended: its row says what there is, and stays as it was in all else."""
    await bench.objects.put_file(file.key, bench.file(b"video"))
    row = {
        "outputs": OUTPUTS.dump_json((file,)).decode(),
        "output_count": 1,
        "expires_at": milliseconds(bench.clock.now() + 60),
    }
    await bench.db.write(lambda unit: unit.execute(update(jobs).where(jobs.c.id == job.id).values(row)))


async def found(bench: Bench, job: Job) -> ContentFile:
    nothing: Any = None
    contents = Contents(
        db=bench.db,
        objects=bench.objects,
        variants=nothing,
        workspaces=Workspaces(bench.db, bench.clock),
        clock=bench.clock,
        emit=bench.events.append,
    )
    caller = Caller(workspace=job.workspace, key_id=job.key_id, mode=job.mode)
    return await contents.find(ContentRequest(job_id=job.id, index=0, variant="video", caller=caller, link=None))


async def shown(bench: Bench, job: Job, *links: str) -> dict[str, Any]:
    view = await store.view(bench.db, JobId(job.id))
    assert view is not None
    return job_view(JobAnswer(view=view, links=links, links_expire_at=9 if links else None))


@pytest.mark.parametrize("event", ["failed", "cancelled", "deadline_passed"])
def test_a_video_that_came_after_its_jobs_end_is_served(event: Event, scenario: Scenario) -> None:
    """For as long as it is kept. The job stays as it ended, and its answer says where the file is."""

    async def work(bench: Bench) -> None:
        job = await ended(bench, event)
        with pytest.raises(Conflict, match="it has no video here"):
            await found(bench, job)
        before = await shown(bench, job)
        assert "unsigned_urls" not in before
        await comes_later(bench, job)
        assert (await found(bench, job)).key == FILE.key
        plain = f"{job.base_url}/api/v1/videos/{job.id}/content?index=0"
        assert await shown(bench, job) == before | {"unsigned_urls": [plain]}
        signed = {"unsigned_urls": ["signed"], "urls": ["signed"], "expires_at": 9}
        assert await shown(bench, job, "signed") == before | signed
        bench.clock.advance(61)
        with pytest.raises(Gone):
            await found(bench, job)

    scenario(work)


def test_a_job_that_goes_on_has_no_video_yet(scenario: Scenario) -> None:
    """Which is not the same as having none."""

    async def work(bench: Bench) -> None:
        with pytest.raises(Conflict, match="is pending; its video is not ready yet"):
            await found(bench, await bench.place("a"))

    scenario(work)
