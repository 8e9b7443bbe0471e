"""The backend that makes videos on this machine, in child processes; it serves live orders and test orders alike.

What it is asked to make costs nothing but time, so nothing about it is kept: after a restart, the first poll of
a handle finds the order in it and begins anew.
"""

import asyncio
import hashlib
import logging
import re
import shutil
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from reelrouter.renderer.simulate import scripted_end
from reelrouter.work import (
    Accepted,
    Blob,
    Cancelled,
    Children,
    Failed,
    FailureClass,
    Finished,
    Handle,
    Media,
    MediaKind,
    Order,
    Outcome,
    Output,
    OutputInvalid,
    Report,
    Running,
    Script,
    SubmitRefused,
    TaskFailed,
    TaskLost,
)

ENDPOINT = "renderer"
"""What its handles name as their endpoint and credential, those of test orders too."""
RENDER_TASK = "reelrouter.renderer.animatic.render:render"
RENDER_TIMEOUT = 1800.0
"""Seconds for one film; thirty seconds of 2160p take some minutes."""
TRIES = 2
"""A film whose child process was lost is made again, until it has been tried so often."""
LARGE_PIXELS = 1920 * 1088
"""Orders above this size are worked on one at a time, since each needs much memory."""
FAILURES: Mapping[str, FailureClass] = {
    "invalid_image": FailureClass.USER_ERROR,
    "invalid_video": FailureClass.USER_ERROR,
    "invalid_audio": FailureClass.USER_ERROR,
    "invalid_input": FailureClass.USER_ERROR,
    "invalid_mode": FailureClass.INTERNAL,
    "invalid_size": FailureClass.INTERNAL,
    "invalid_duration": FailureClass.INTERNAL,
    "invalid_fps": FailureClass.INTERNAL,
    "out_of_memory": FailureClass.INTERNAL,
    "internal": FailureClass.INTERNAL,
    "unknown_task": FailureClass.INTERNAL,
}
"""What the render task's codes mean. A size or a length that cannot be made ought to be refused at the door."""

_ORDER = TypeAdapter(Order)
_FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,199}")

_log = logging.getLogger(__name__)


class Local:
    """Implements `work.Backend`.

    `fetch` gives the path of an input's bytes, which are only read. Each attempt has a folder of its own under
    `directory`. `nudge` is told the job's id whenever a poll would show something new. `at_once` films are made at
    one time; the children may be more, so that small tasks need not wait for long films.
    """

    def __init__(
        self,
        children: Children,
        fetch: Callable[[Media], Awaitable[Path]],
        directory: Path,
        nudge: Callable[[str], None],
        at_once: int,
    ) -> None:
        self._children = children
        self._fetch = fetch
        self._directory = directory.absolute()
        self._nudge = nudge
        self._works: dict[str, _Work] = {}
        self._films = asyncio.Semaphore(at_once)
        self._large = asyncio.Lock()

    async def submit(self, order: Order) -> Accepted:
        """Begins at once; an order that is under way already is not begun twice."""
        goes_on = order.mode == "continue" or order.previous is not None
        if goes_on and order.previous_video is None:
            text = "an earlier job's handle means nothing here; the video that it made has to come with the order"
            raise SubmitRefused(Failed(failure=FailureClass.USER_ERROR, vendor_text=text))
        self._begin(order)
        return Accepted(handle=_handle_of(order))

    async def poll(self, handle: Handle) -> Outcome:
        work = self._work_of(handle)
        if work is None:
            text = "the handle holds no order that can be read"
            return Failed(failure=FailureClass.INTERNAL, vendor_text=text)
        return work.outcome()

    async def cancel(self, handle: Handle) -> Cancelled:
        """Once it has answered `cancelled`, the child process is gone, and so are its files."""
        work = self._work_of(handle)
        if work is not None and not await work.stop():
            return "not_cancellable"
        self._remove_folder(handle.native_id)
        return "cancelled"

    async def find(self, order: Order) -> Handle | None:
        """Every order can be found: one that was never begun is begun by the first poll."""
        return _handle_of(order)

    async def collect(self, handle: Handle, output: Output) -> Blob:
        """Films lie on this machine from the start."""
        if not isinstance(output, Blob):
            raise OutputInvalid("this machine's own films have no address")
        return output

    async def discard(self, handle: Handle) -> None:
        """Forgets a job that is over, and removes what is left of its files. A later poll would begin anew."""
        if work := self._works.pop(handle.native_id, None):
            await work.stop()
        self._remove_folder(handle.native_id)

    async def close(self) -> None:
        """Stops all work, to be called before the children are closed. Polls in the next process begin it anew."""
        works = list(self._works.values())
        self._works.clear()
        await asyncio.gather(*(work.stop() for work in works))

    def _work_of(self, handle: Handle) -> "_Work | None":
        """The work behind a handle, begun now if this process does not know it."""
        if work := self._works.get(handle.native_id):
            return work
        try:
            return self._begin(_ORDER.validate_python(handle.extra.get("order")))
        except ValidationError:
            _log.exception("the order in the handle of %s cannot be read", handle.native_id)
            return None

    def _begin(self, order: Order) -> "_Work":
        if work := self._works.get(order.attempt_key):
            return work
        folder = self._folder(order.attempt_key)
        work = _Work(partial(self._nudge, order.job_id))
        work.task = asyncio.create_task(self._make(order, folder, work.note))
        work.task.add_done_callback(work.end)
        self._works[order.attempt_key] = work
        return work

    async def _make(self, order: Order, folder: Path, note: Report) -> Finished | Failed:
        script = order.simulate or Script()
        await asyncio.sleep(script.delay)
        if script.stuck:
            await asyncio.Event().wait()
        if ending := scripted_end(script):
            return ending
        _make_folder(folder)
        films = _films(order, await self._fetch_inputs(order), folder)
        async with self._turn(order), self._films:
            for index, film in enumerate(films):
                await self._render(film, _part_of(note, index, len(films)))
        return Finished(outputs=tuple(Blob(path=Path(film["output"])) for film in films), seed=films[0]["seed"])

    async def _fetch_inputs(self, order: Order) -> "_Inputs":
        references = _references(order)
        wanted = [media for media in (order.first_frame, order.last_frame, *references) if media]
        found = await asyncio.gather(*(self._fetch(media) for media in wanted))
        paths = {media.key: str(path) for media, path in zip(wanted, found, strict=True)}
        return _Inputs(
            first_frame=paths[order.first_frame.key] if order.first_frame else None,
            last_frame=paths[order.last_frame.key] if order.last_frame else None,
            references=tuple((paths[media.key], media.kind) for media in references),
        )

    async def _render(self, film: Mapping[str, Any], note: Report) -> None:
        for left in reversed(range(TRIES)):
            try:
                await self._children.run(RENDER_TASK, film, timeout=RENDER_TIMEOUT, report=note)
            except TaskLost as lost:
                if not left:
                    raise
                _log.warning("%s is begun again: %s", film["output"], lost)
            else:
                return

    def _turn(self, order: Order) -> AbstractAsyncContextManager[None]:
        return self._large if order.width * order.height > LARGE_PIXELS else nullcontext()

    def _folder(self, attempt_key: str) -> Path:
        if not _FOLDER_NAME.fullmatch(attempt_key):
            raise ValueError(f"attempt_key is {attempt_key!r}; up to 200 letters, digits and . _ : - would do")
        return self._directory / attempt_key

    def _remove_folder(self, attempt_key: str) -> None:
        folder = self._folder(attempt_key)
        if folder.exists():
            shutil.rmtree(folder)


class _Work:
    """One order under way, and afterwards what became of it."""

    task: "asyncio.Task[Finished | Failed]"

    def __init__(self, nudge: Callable[[], None]) -> None:
        self._nudge = nudge
        self._progress: float | None = None

    def outcome(self) -> Outcome:
        if not self.task.done():
            return Running(progress=self._progress)
        if self.task.cancelled():
            return Failed(failure=FailureClass.CANCELLED)
        error = self.task.exception()
        return self.task.result() if error is None else _failed(error)

    async def stop(self) -> bool:
        """Whether it ended by being stopped, and not by itself before."""
        self.task.cancel()
        await asyncio.wait({self.task})
        return self.task.cancelled()

    def note(self, progress: float, /) -> None:
        """A film that is made again begins at 0; what was told already stands until it is passed."""
        if self._progress is None or progress > self._progress:
            self._progress = progress
            self._nudge()

    def end(self, task: "asyncio.Task[Finished | Failed]") -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, TaskFailed | TaskLost):
            _log.error("the local backend failed", exc_info=error)
        self._nudge()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inputs:
    """Where the bytes of an order's inputs lie."""

    first_frame: str | None
    last_frame: str | None
    references: tuple[tuple[str, MediaKind], ...]


def _make_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)


def _handle_of(order: Order) -> Handle:
    return Handle(
        endpoint=ENDPOINT,
        credential=ENDPOINT,
        native_id=order.attempt_key,
        extra={"order": _ORDER.dump_python(order, mode="json")},
    )


def _references(order: Order) -> tuple[Media, ...]:
    """What the film is made from: in place of all else, the video that it goes on from."""
    return order.references if order.previous_video is None else (order.previous_video,)


def _films(order: Order, inputs: _Inputs, folder: Path) -> list[dict[str, Any]]:
    """The render task's arguments, once for each output; they differ in seed and name."""
    seed = _seed_of(order.job_id) if order.seed is None else order.seed
    shared = {
        "prompt": order.prompt,
        "mode": order.mode,
        "width": order.width,
        "height": order.height,
        "fps": order.fps,
        "duration": order.length,
        "audio": order.audio,
        "first_frame": inputs.first_frame,
        "last_frame": inputs.last_frame,
        "references": [{"path": path, "kind": kind} for path, kind in inputs.references],
        "comment": f"reelrouter test job {order.job_id}" if order.simulate else f"reelrouter {order.job_id}",
    }
    count = order.simulate.outputs if order.simulate else 1
    return [shared | {"seed": seed + index, "output": str(folder / f"{index}.mp4")} for index in range(count)]


def _seed_of(job_id: str) -> int:
    """31 bits that follow from the job, so that an attempt which is begun again makes the same film."""
    return int.from_bytes(hashlib.sha256(job_id.encode()).digest()[:4]) >> 1


def _part_of(note: Report, index: int, count: int) -> Report:
    """The progress of one film out of several, as a share of all."""

    def report(progress: float, /) -> None:
        note((index + progress) / count)

    return report


def _failed(error: BaseException) -> Failed:
    if isinstance(error, TaskFailed):
        failure = FAILURES.get(error.code, FailureClass.INTERNAL)
        error_type = "invalid_image" if error.code == "invalid_image" else None
        return Failed(failure=failure, error_type=error_type, vendor_code=error.code, vendor_text=error.message)
    failure = FailureClass.TRANSIENT if isinstance(error, TaskLost) else FailureClass.INTERNAL
    return Failed(failure=failure, vendor_text=str(error) or repr(error))
