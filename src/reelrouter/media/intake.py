"""The way in for users' inputs: fetch, check and store, before there is a job. What they are for is unknown here.

Nothing is stored until every input of a request has been found good, so a refusal leaves nothing behind. What
a later refusal of the same request leaves, say for money, is an orphan, and the storage's sweep finds it.
"""

import asyncio
import binascii
import hashlib
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from math import ceil
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Protocol, TypeVar
from uuid import uuid4
from weakref import WeakValueDictionary

from reelrouter import net
from reelrouter.errors import (
    InvalidRequest,
    NotFound,
    Problem,
    ReelRouterError,
    TooManyRequests,
    Unavailable,
)
from reelrouter.work import Children, Media, MediaKind, TaskFailed, TaskLost

INSPECT_TASKS: Mapping[MediaKind, str] = {
    "image": "reelrouter.media.pictures:inspect",
    "video": "reelrouter.media.clips:probe",
    "audio": "reelrouter.media.clips:probe_audio",
}
IMAGE_ERRORS = frozenset({"invalid_image", "unsupported_image_format", "image_too_large", "image_too_small"})
"""The words of the contract that the image task uses as its codes."""

_DATA_URL = re.compile(r"data:image/(?:png|jpeg|webp|gif|avif);base64,", re.IGNORECASE)
_BASE64_STEP = 1024 * 1024
_BAD_URL = "Invalid reference URL: "
_ONLY_HTTPS = "Only HTTPS URLs are allowed"
_THREADS = 4

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One input that a request names."""

    field: str
    """The path in the body, e.g. `input_references[2].video_url.url`."""
    kind: MediaKind
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeLimits:
    wait: float
    """Seconds for all inputs of a request together; decoding one may take half of it."""
    max_image: int
    """Bytes."""
    max_clip: int
    """Bytes of a video or audio file."""
    fetches: int = 32
    """At one time in this process."""
    workspace_fetches: int = 8
    """At one time for one workspace; a request that names more fetches the rest in turn."""


Own = Callable[[Wanted, str], Awaitable[Media | None]]
"""Finds one of our own outputs for a workspace; None if the address is not ours.

It raises `NotFound` if it is ours and the workspace has no such output, and `InvalidRequest` if it cannot be
used for what is wanted.
"""


class InputStore(Protocol):
    """What intake needs of the storage."""

    async def move_file(self, key: str, path: Path) -> None: ...


class Intake:
    """One per process: it counts the fetches under way."""

    def __init__(
        self, children: Children, client: net.GuardedClient, store: InputStore, limits: IntakeLimits
    ) -> None:
        self._children = children
        self._client = client
        self._store = store
        self._limits = limits
        self._process_slots = asyncio.Semaphore(limits.fetches)
        self._workspace_slots: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="intake")

    async def take(self, wanted: Sequence[Wanted], workspace: str, own: Own, scratch: Path) -> tuple[Media, ...]:
        """The inputs as stored, in the order of `wanted`; `scratch` should be on the storage's disk.

        Raises `InvalidRequest` with every problem of every input, else `NotFound` for an own output that is
        not there, `TooManyRequests` if too many fetches are under way, `Unavailable` if the inputs could not be
        checked in time, and `StorageFailed`.
        """
        directory = Path(mkdtemp(dir=scratch))
        try:
            errand = self._errand(workspace, own, directory)
            drafts = await self._draft_all(wanted, errand)
            for draft in {id(draft): draft for draft in drafts}.values():
                if draft.path is not None:
                    await self._store.move_file(draft.media.key, draft.path)
            return tuple(draft.media for draft in drafts)
        finally:
            await self._in_thread(partial(shutil.rmtree, directory, ignore_errors=True))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _errand(self, workspace: str, own: Own, directory: Path) -> "_Errand":
        lane = self._workspace_slots.setdefault(workspace, asyncio.Semaphore(self._limits.workspace_fetches))
        deadline = asyncio.get_running_loop().time() + self._limits.wait
        slots = _Slots((lane, self._process_slots), deadline, ceil(self._limits.wait))
        return _Errand(workspace, own, directory, deadline, slots)

    async def _draft_all(self, wanted: Sequence[Wanted], errand: "_Errand") -> list["_Draft"]:
        """Every input checked; an address that is named twice is fetched once."""
        addresses = [_address(position, item) for position, item in enumerate(wanted)]
        async with asyncio.TaskGroup() as group:
            tasks = {
                address: group.create_task(self._attempt(item, errand))
                for address, item in dict(zip(addresses, wanted, strict=True)).items()
            }
        results = [(item, tasks[address].result()) for address, item in zip(addresses, wanted, strict=True)]
        _raise_refusals(results)
        return [result for _, result in results if isinstance(result, _Draft)]

    async def _attempt(self, wanted: Wanted, errand: "_Errand") -> "_Draft | _Refused | ReelRouterError":
        try:
            return await self._draft(wanted, errand)
        except (_Refused, ReelRouterError) as refusal:
            return refusal

    async def _draft(self, wanted: Wanted, errand: "_Errand") -> "_Draft":
        path = errand.directory / uuid4().hex
        if wanted.url[:5].lower() == "data:":
            start = _payload_start(wanted, self._limits.max_image)
            size, sha256 = await self._in_thread(partial(_decode_base64, wanted.url, start, path))
        else:
            own = await errand.own(wanted, errand.workspace)
            if own is not None:
                return _Draft(own, None)
            size, sha256 = await self._fetch(wanted, path, errand)
        found = await self._inspect(wanted.kind, path, errand.deadline)
        media = Media(
            kind=wanted.kind,
            key=f"inputs/{errand.workspace}/{sha256}",
            sha256=sha256,
            mime=found["mime"],
            size=size,
            width=found.get("width"),
            height=found.get("height"),
            duration=found.get("duration"),
        )
        return _Draft(media, path)

    async def _fetch(self, wanted: Wanted, path: Path, errand: "_Errand") -> tuple[int, str]:
        max_bytes = self._limits.max_image if wanted.kind == "image" else self._limits.max_clip
        async with errand.slots.one():
            limits = net.FetchLimits(max_bytes=max_bytes, timeout=_remaining(errand.deadline))
            try:
                fetched = await self._client.fetch_to(wanted.url, path, limits)
            except net.TimedOut as late:
                text = f"the file did not arrive within the {self._limits.wait:g} s that all inputs have"
                raise _Refused(text, _of_image(wanted.kind, "image_download_failed")) from late
            except net.FetchFailed as failed:
                raise _refusal_of(failed, wanted.kind) from failed
        return fetched.size, fetched.sha256

    async def _inspect(self, kind: MediaKind, path: Path, deadline: float) -> dict[str, Any]:
        try:
            async with asyncio.timeout_at(deadline):
                return await self._children.run(
                    INSPECT_TASKS[kind], {"path": str(path)}, timeout=self._limits.wait / 2
                )
        except TaskFailed as failed:
            code = failed.code if failed.code in IMAGE_ERRORS else "invalid_image"
            raise _Refused(failed.message, _of_image(kind, code)) from failed
        except TaskLost as lost:
            text = "decoding the file takes more time or memory than is allowed"
            raise _Refused(text, _of_image(kind, "invalid_image")) from lost
        except TimeoutError as error:
            raise Unavailable(
                f"The inputs could not be checked within {self._limits.wait:g} s in all; try again."
            ) from error

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


@dataclass(frozen=True, slots=True)
class _Errand:
    """What the inputs of one request have in common."""

    workspace: str
    own: Own
    directory: Path
    deadline: float
    """On the loop's clock."""
    slots: "_Slots"


@dataclass(frozen=True, slots=True)
class _Draft:
    """An input found good; what lies at `path` is not stored yet. Our own outputs have no path."""

    media: Media
    path: Path | None


class _Refused(Exception):
    """An input found bad; `lead` stands before the field's name in the message."""

    def __init__(self, text: str, error_type: str = "invalid_request", *, lead: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.error_type = error_type
        self.lead = lead


class _Slots:
    """One request's way to fetch slots: turned away if none is free when it comes, in turn once it is in."""

    def __init__(self, semaphores: Sequence[asyncio.Semaphore], deadline: float, retry_after: int) -> None:
        self._semaphores = semaphores
        self._deadline = deadline
        self._retry_after = retry_after
        self._admitted = False

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        if not self._admitted and any(semaphore.locked() for semaphore in self._semaphores):
            raise self._busy()
        self._admitted = True
        async with AsyncExitStack() as held:
            await self._wait_for_turn(held)
            yield

    async def _wait_for_turn(self, held: AsyncExitStack) -> None:
        try:
            async with asyncio.timeout_at(self._deadline):
                for semaphore in self._semaphores:
                    await held.enter_async_context(semaphore)
        except TimeoutError as error:
            raise self._busy() from error

    def _busy(self) -> TooManyRequests:
        return TooManyRequests(
            "Too many input files are being fetched at this moment; try again.", retry_after=self._retry_after
        )


def _address(position: int, wanted: Wanted) -> tuple[MediaKind, str | int]:
    """Two inputs with the same one are fetched once. Data URLs are not compared: they may be megabytes."""
    return wanted.kind, position if len(wanted.url) > net.MAX_URL else wanted.url


def _raise_refusals(results: Sequence[tuple[Wanted, "_Draft | _Refused | ReelRouterError"]]) -> None:
    """All that is wrong with the request at once; only if nothing is, what is wrong with the moment."""
    if any(isinstance(result, _Refused | InvalidRequest) for _, result in results):
        raise InvalidRequest([problem for wanted, result in results for problem in _problems(wanted, result)])
    errors = [result for _, result in results if isinstance(result, ReelRouterError)]
    for error in sorted(errors, key=lambda error: not isinstance(error, NotFound)):
        raise error


def _problems(wanted: Wanted, result: "_Draft | _Refused | ReelRouterError") -> Sequence[Problem]:
    match result:
        case _Refused():
            message = f"{result.lead}{wanted.field}: {result.text}"
            return [Problem(wanted.field, message, error_type=result.error_type)]
        case InvalidRequest():
            return result.problems
        case NotFound():
            message = f"{wanted.field}: {result.message}"
            return [Problem(wanted.field, message, error_type=result.error_type)]
        case _:
            return []


def _refusal_of(failed: net.FetchFailed, kind: MediaKind) -> _Refused:
    text = str(failed)
    match failed:
        case net.UrlRefused() | net.NotHttps() | net.AddressRefused():
            return _Refused(text, lead=_BAD_URL)
        case net.BadStatus(status=404 | 410):
            return _Refused(text, _of_image(kind, "image_not_found"))
        case net.TooLarge():
            return _Refused(text, _of_image(kind, "image_too_large"))
        case _:
            return _Refused(text, _of_image(kind, "image_download_failed"))


def _of_image(kind: MediaKind, error_type: str) -> str:
    """The contract has words of this kind for images alone."""
    return error_type if kind == "image" else "invalid_request"


def _payload_start(wanted: Wanted, max_bytes: int) -> int:
    """Where the base64 of a data URL begins; refuses by form and length before anything is decoded."""
    if wanted.kind != "image":
        raise _Refused(_ONLY_HTTPS, lead=_BAD_URL)
    found = _DATA_URL.match(wanted.url)
    if not found:
        raise _Refused(
            "a data URL must begin with data:image/png;base64, or the same with jpeg, webp, gif or avif",
            "unsupported_image_format",
        )
    length = len(wanted.url) - found.end()
    if length == 0 or length % 4:
        raise _Refused("the data URL's base64 is empty or cut off", "invalid_image")
    if length // 4 * 3 - wanted.url.count("=", -2) > max_bytes:
        raise _Refused(str(net.TooLarge(max_bytes)), "image_too_large")
    return found.end()


def _decode_base64(url: str, start: int, path: Path) -> tuple[int, str]:
    """Writes the decoded bytes; returns their number and SHA-256. Strict, and in steps that let others run."""
    digest = hashlib.sha256()
    size = 0
    try:
        if url.find("=", start, len(url) - 2) >= 0:
            raise binascii.Error("padding before the end")
        with path.open("wb") as file:
            for offset in range(start, len(url), _BASE64_STEP):
                decoded = binascii.a2b_base64(url[offset : offset + _BASE64_STEP], strict_mode=True)
                digest.update(decoded)
                size += file.write(decoded)
    except ValueError as error:
        raise _Refused("the data URL's content is not valid base64", "invalid_image") from error
    return size, digest.hexdigest()


def _remaining(deadline: float) -> float:
    return max(0.0, deadline - asyncio.get_running_loop().time())
