"""A job's output as another job's input: found in our storage, never fetched, and copied: each can go alone."""

from collections.abc import Sequence
from functools import partial
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reelrouter.accounts.keys import Caller
from reelrouter.db.engine import Database
from reelrouter.errors import InvalidRequest, NotFound, Problem
from reelrouter.ids import JobId
from reelrouter.jobs import store
from reelrouter.jobs.model import Job
from reelrouter.media.intake import Wanted
from reelrouter.storage.objects import Objects
from reelrouter.storage.own import OwnOutput, OwnUrlInvalid, parse_own
from reelrouter.work import Children, Media, StoredFile

FRAME_TASK = "reelrouter.media.derive:frame"
_FRAME_SECONDS = 30.0


class OwnOutputs:
    def __init__(self, db: Database, objects: Objects, children: Children, scratch: Path) -> None:
        self._db = db
        self._objects = objects
        self._children = children
        self._scratch = scratch

    async def find(self, caller: Caller, bases: Sequence[str], wanted: Wanted, workspace: str) -> Media | None:
        """None if the address is not one of ours. Raises `InvalidRequest`, or `NotFound` for another's job."""
        try:
            named = parse_own(wanted.url, bases)
        except OwnUrlInvalid as error:
            raise _refused(wanted, str(error)) from None
        if named is None:
            return None
        file = await self._file(wanted, named, await self._job(caller, wanted, named))
        if wanted.kind == "video" and named.part == "video":
            return await self._copy_video(file, workspace)
        if wanted.kind == "image" and named.part != "video":
            return await self._copy_frame(file, named.part, workspace)
        raise _refused(wanted, _advice(wanted, named))

    async def place_of(self, job_id: str) -> tuple[str, str] | None:
        """Where a completed job was made: endpoint and account."""
        made = [one for one in await store.list_attempts(self._db, JobId(job_id)) if one.handle is not None]
        return (made[-1].endpoint, made[-1].credential) if made else None

    async def previous(self, caller: Caller, job_id: str, model_id: str) -> Media:
        """The video of the job that another one continues; raises as `find` does."""
        wanted = Wanted(field="previous_job_id", kind="video", url=job_id)
        named = OwnOutput(job_id=job_id, index=0, part="video")
        job = await self._job(caller, wanted, named)
        if job.model != model_id:
            raise _refused(wanted, f"job {job_id} was made by {job.model}, and only that model can continue it")
        return await self._copy_video(await self._file(wanted, named, job), caller.workspace)

    async def _job(self, caller: Caller, wanted: Wanted, named: OwnOutput) -> Job:
        job = await store.get(self._db, JobId(named.job_id))
        if job is None or (job.workspace, job.mode) != (caller.workspace, caller.mode):
            raise NotFound(f"Job {named.job_id} not found")
        if not job.outputs:
            hint = "it has no video here" if job.is_over else "wait until it is completed"
            raise _refused(wanted, f"job {job.id} is {job.status}; {hint}")
        return job

    async def _file(self, wanted: Wanted, named: OwnOutput, job: Job) -> StoredFile:
        gone = _refused(wanted, f"the file of job {job.id} was removed when its retention ended")
        if job.dropped_at is not None:
            raise gone
        if named.index >= len(job.outputs):
            raise _refused(wanted, f"job {job.id} has no output {named.index}; it has {len(job.outputs)}")
        file = job.outputs[named.index]
        if job.zdr and not await self._objects.exists(file.key):
            raise gone
        return file

    async def _copy_video(self, file: StoredFile, workspace: str) -> Media:
        key = f"inputs/{workspace}/{file.sha256}"
        with TemporaryDirectory(dir=self._scratch) as directory:
            await self._objects.put_file(key, await self._objects.fetch_local(file.key, Path(directory)))
        return Media(
            kind="video",
            key=key,
            sha256=file.sha256,
            mime=file.mime,
            size=file.size,
            width=file.width,
            height=file.height,
            duration=file.duration,
        )

    async def _copy_frame(self, file: StoredFile, which: str, workspace: str) -> Media:
        with TemporaryDirectory(dir=self._scratch) as directory:
            source = await self._objects.fetch_local(file.key, Path(directory))
            picture = Path(directory) / f"{which}.png"
            arguments: dict[str, Any] = {"path": str(source), "output": str(picture), "which": which}
            await self._children.run(FRAME_TASK, arguments, timeout=_FRAME_SECONDS)
            sha256, size = await self._objects.in_thread(partial(_digest, picture))
            key = f"inputs/{workspace}/{sha256}"
            await self._objects.move_file(key, picture)
        return Media(
            kind="image",
            key=key,
            sha256=sha256,
            mime="image/png",
            size=size,
            width=file.width,
            height=file.height,
        )


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest(), path.stat().st_size


def _refused(wanted: Wanted, text: str) -> InvalidRequest:
    return InvalidRequest([Problem(wanted.field, f"{wanted.field}: {text}")])


def _advice(wanted: Wanted, named: OwnOutput) -> str:
    if wanted.kind == "image":
        return (
            "this is a video, and an image is wanted here; "
            f"use reelrouter://job/{named.job_id}/last_frame or /first_frame"
        )
    return f"a job's {named.part.replace('_', ' ')} cannot be used as {wanted.kind}"
