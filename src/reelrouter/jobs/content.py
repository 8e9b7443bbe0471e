"""Which bytes an address stands for, and whether whoever asks may have them."""

from dataclasses import dataclass

from reelrouter.accounts.keys import Caller
from reelrouter.accounts.workspaces import Workspaces
from reelrouter.clock import Clock, milliseconds
from reelrouter.db.engine import Database
from reelrouter.errors import (
    Conflict,
    Forbidden,
    Gone,
    InvalidRequest,
    NotFound,
    Problem,
    StorageFailed,
    Unauthorized,
    scripted_refusal,
)
from reelrouter.ids import JobId
from reelrouter.jobs import erasure, store, variants
from reelrouter.jobs.model import Job
from reelrouter.jobs.variants import Variants
from reelrouter.observe.events import Emit, ObjectMissing
from reelrouter.storage import links
from reelrouter.storage.links import Link, Variant
from reelrouter.storage.objects import Objects
from reelrouter.work import StoredFile


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentRequest:
    job_id: str
    index: int
    variant: Variant
    caller: Caller | None
    link: Link | None
    """What the address claims to be a link of ours for, with its `signature`."""
    signature: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentFile:
    """Bytes that can be sent; one key and ETag always mean the same bytes."""

    key: str
    size: int
    etag: str
    mime: str
    name: str
    """What a browser would save it as."""
    once: JobId | None = None
    """The job, if its videos go once they were sent whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    db: Database
    objects: Objects
    variants: Variants
    workspaces: Workspaces
    clock: Clock
    emit: Emit

    async def find(self, asked: ContentRequest) -> ContentFile:
        """Raises what stands between the caller and the bytes: see the classes imported above."""
        job = await self._job(asked)
        if job.plan.script is not None and job.plan.script.content is not None:
            raise scripted_refusal(job.plan.script.content)
        if not job.outputs:
            raise Conflict(f"Job {job.id} is {job.status}; {_no_video(job)}.")
        if job.dropped_at is not None or self.clock.now() * 1000 >= (job.expires_at or 0):
            raise _gone(job)
        if asked.index >= len(job.outputs):
            message = f"Video index {asked.index} out of range ({len(job.outputs)} videos available)"
            raise InvalidRequest([Problem("index", message, list(range(len(job.outputs))))])
        video = job.outputs[asked.index]
        if not await self.objects.exists(video.key):
            if job.zdr:  # it was sent, and others of the job's videos were not yet
                raise _gone(job)
            self.emit(ObjectMissing(job=job.id, key=video.key))
            raise StorageFailed(
                f"The video of job {job.id} should be in storage, and is not. The operator was told."
            )
        return await self._file(job, video, asked)

    async def forget(self, file: ContentFile) -> None:
        """Removes a video that was sent whole, if it is of those that go then; the last one ends the retention."""
        if file.once is None:
            return
        job = await store.get(self.db, file.once)
        if job is not None and job.dropped_at is None:
            others = [one.key for one in job.outputs if one.key != file.key]
            if not any([await self.objects.exists(key) for key in others]):
                # The row first: whoever comes between finds that it is gone, and no half of a file. What a crash
                # leaves of the files is found by the sweep, as after any retention.
                now_ms = milliseconds(self.clock.now())
                await self.db.write(lambda unit: store.end_retention(unit, job.id, now_ms))
        await self.objects.delete([file.key, *variants.keys_of(file.key)])

    async def _job(self, asked: ContentRequest) -> Job:
        """Either proof is enough, whatever the other one says."""
        job = await store.get(self.db, JobId(asked.job_id))
        caller = asked.caller
        if job is not None and caller is not None and (job.workspace, job.mode) == (caller.workspace, caller.mode):
            return job
        if job is not None and await self._is_signed(job, asked):
            return job
        if caller is None and asked.link is None:
            raise Unauthorized(
                "This address needs your key as: Authorization: Bearer <key>, or a signed link from the job."
            )
        raise NotFound(f"Job {asked.job_id} not found")

    async def _is_signed(self, job: Job, asked: ContentRequest) -> bool:
        if asked.link is None:
            return False
        secret = (await self.workspaces.get(job.workspace)).link_secret
        if not links.verify(secret, asked.link, asked.signature):
            return False
        if links.has_expired(asked.link, self.clock.now()):
            raise Forbidden("This link has expired. Poll the job for a new one.")
        return True

    async def _file(self, job: Job, video: StoredFile, asked: ContentRequest) -> ContentFile:
        name = f"{job.id}-{asked.index}"
        if asked.variant == "video":
            return ContentFile(
                key=video.key,
                size=video.size,
                etag=video.sha256,
                mime=video.mime,
                name=f"{name}.mp4",
                once=job.id if job.zdr else None,
            )
        key = await self.variants.key_of(video, asked.variant, test=job.mode == "test")
        found = await self.objects.head(key)
        if found is None:
            raise StorageFailed(f"The {asked.variant} of job {job.id} could not be kept. Try again.")
        return ContentFile(
            key=key,
            size=found.size,
            etag=f"{video.sha256}-{asked.variant}",
            mime=variants.MIME,
            name=f"{name}-{asked.variant}.jpg",
        )


def _gone(job: Job) -> Gone:
    if job.zdr:
        minutes = erasure.VIDEO_SECONDS // 60
        return Gone(
            f"The video of job {job.id} is gone: under zero data retention one is kept until it was downloaded "
            f"once, and for {minutes} minutes at most."
        )
    return Gone(f"The video of job {job.id} was kept until its retention ended, and is gone.")


def _no_video(job: Job) -> str:
    """Whether a vendor has made one is not said: of a job that expired nobody here may know."""
    return "it has no video here" if job.is_over else "its video is not ready yet"
