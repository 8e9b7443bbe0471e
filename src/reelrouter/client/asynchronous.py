"""`AsyncClient`: the driver for programs with an asyncio loop. It acts, and the flows decide."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import httpx

from reelrouter.client import downloading, files, flows, submitting, waiting
from reelrouter.client.connection import FAULTS, connection, head_of, reason, request_of, unreachable
from reelrouter.client.errors import ClientError
from reelrouter.client.exchange import (
    Answer,
    Ask,
    Close,
    Effect,
    Flow,
    Keep,
    Kept,
    Look,
    Move,
    Now,
    OnBytes,
    Open,
    Peek,
    Read,
    Sleep,
)
from reelrouter.client.peer import find_peer
from reelrouter.client.results import Cancelled, Choice, Download, Estimate, ImageCheck, Job, JobPage, Model
from reelrouter.client.terms import (
    ATTEMPTS,
    INTERVAL,
    TIMEOUT,
    JobFilters,
    OnChange,
    Patience,
    Target,
    Terms,
    TermsArguments,
)

T = TypeVar("T")

_NO_PIECES: tuple[bytes, ...] = ()


class AsyncClient:
    """A video API: ReelRouter, OpenRouter, ModelGates, or any other server of the contract.

    Key and address come from the arguments, else from REELROUTER_API_KEY and REELROUTER_BASE_URL, else from
    OPENROUTER_…, else from MODELGATES_…; a key is only ever used with the address of its own family. Use it as
    an async context manager, or call `close`. Every method raises `ClientError` and nothing else.
    """

    def __init__(
        self, api_key: str | None = None, base_url: str | None = None, *, timeout: float = TIMEOUT
    ) -> None:
        """`timeout` is seconds without a byte. Raises `Unusable`."""
        self._peer = find_peer(api_key, base_url)
        self._http = httpx.AsyncClient(**connection(timeout))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    @property
    def base_url(self) -> str:
        """The API's address, with `/api/v1`."""
        return self._peer.api

    async def models(self, *, all: bool = False) -> tuple[Model, ...]:  # noqa: A002  # the contract's word
        """The models that this key can use; with `all` those too for which the operator has set nothing up."""
        return await self._run(flows.models(self._peer, everything=all))

    async def model(self, name: str) -> Model:
        """One row of the list, by id or by dated name."""
        return await self._run(flows.model(self._peer, name))

    async def check_image(self, url: str) -> ImageCheck:
        """Looks at an image as a provider would: a web address, a data URL, or a file of this machine."""
        return await self._run(flows.check_image(self._peer, url))

    async def choose(
        self,
        request: Mapping[str, Any],
        *,
        profile: str = "balanced",
        models: Sequence[Model] | None = None,
        latency: Mapping[str, float] | None = None,
    ) -> Choice:
        """Ranks the models that can serve a request; `latency` is measured seconds by model id, if known."""
        return await self._run(flows.choose(self._peer, request, flows.Taste(profile, latency), models))

    async def estimate(self, request: Mapping[str, Any]) -> Estimate:
        """What a request would cost: by the server, or by the model's price list where it has no estimates."""
        return await self._run(flows.estimate(self._peer, request))

    async def submit(self, request: Mapping[str, Any], *, idempotency_key: str | None = None) -> Job:
        """Places a job. This costs money, and so is sent once.

        It is sent again after an unclear answer only with an `idempotency_key` and if the server is known to
        honour those. Raises `SubmitUnclear` where the job may have been placed.
        """
        return await self._run(submitting.submit(self._peer, request, idempotency_key))

    async def get(self, job: Job | str) -> Job:
        """The job as it is now."""
        return await self._run(flows.get(self._peer, job))

    async def wait(
        self,
        job: Job | str,
        *,
        attempts: int = ATTEMPTS,
        interval: float = INTERVAL,
        on_change: OnChange | None = None,
    ) -> Job:
        """Waits until there is a video, at most `attempts` times `interval` seconds.

        Raises `JobFailed` where there will be none, and `NotCompleted` where patience runs out first.
        """
        return await self._run(waiting.wait(self._peer, job, Patience(attempts, interval), on_change))

    async def generate(
        self,
        request: Mapping[str, Any],
        path: str | Path,
        **terms: Unpack[TermsArguments],
    ) -> tuple[Job, Download]:
        """Submits, waits, and downloads the first video to `path`, which is looked at before money is spent.

        Takes `attempts`, `interval` and `on_change` as `wait` does, `on_bytes` as `download` does, and
        `idempotency_key` as `submit` does. Raises what they raise.
        """
        return await self._run(downloading.generate(self._peer, request, Path(path), Terms(**terms)))

    async def download(
        self, job: Job | str, path: str | Path, *, index: int = 0, on_bytes: OnBytes | None = None
    ) -> Download:
        """Streams a video to a file, which takes its name when it is whole.

        What has arrived is kept beside it as `.<name>.<mark>.part`, and is gone on from where the server can.
        """
        return await self._run(downloading.download(self._peer, job, Target(Path(path), index), on_bytes))

    async def list(self, *, limit: int = 20, cursor: str | None = None, **filters: Unpack[JobFilters]) -> JobPage:
        """Your jobs, newest first: those that all `filters` let through.

        Raises `NotFound` where the server has no such list, as upstream has none.
        """
        return await self._run(flows.list_jobs(self._peer, limit, cursor, filters))

    async def cancel(self, job: Job | str) -> Cancelled:
        """Asks the server to end a job. Raises `Conflict` where it is over already."""
        return await self._run(flows.cancel(self._peer, job))

    async def delete(self, job: Job | str) -> None:
        """Deletes an ended job with its files."""
        await self._run(flows.delete(self._peer, job))

    async def _run(self, flow: Flow[T]) -> T:
        async with _Stage(self._http) as stage:
            return await stage.run(flow)


class _Stage:
    """Where one flow is performed, with the response that it holds open."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._response: httpx.Response | None = None
        self._asked = Ask(url="")
        self._chunks: AsyncIterator[bytes] = _nothing()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def run(self, flow: Flow[T]) -> T:
        """Performs what the flow asks for, until it returns."""
        try:
            effect = next(flow)
            while True:
                try:
                    reply = await self._perform(effect)
                except ClientError as trouble:
                    effect = flow.throw(trouble)
                else:
                    effect = flow.send(reply)
        except StopIteration as end:
            result: T = end.value
            return result

    async def _perform(self, effect: Effect) -> object:
        match effect:
            case Ask():
                return await self._ask(effect)
            case Open():
                return await self._open(effect.ask)
            case Read():
                return await self._read()
            case Keep():
                return await self._keep(effect)
            case Now():
                return time.monotonic()
            case Look() | Peek() | Move():
                return files.act(effect)
            case Sleep():
                await asyncio.sleep(effect.seconds)
            case Close():
                await self._close()
        return None

    async def _ask(self, ask: Ask) -> Answer:
        head = await self._open(ask)
        body = bytearray()
        try:
            async for chunk in self._decoded():
                body += chunk
                if len(body) > ask.limit:
                    break
        except FAULTS as fault:
            raise unreachable(ask, fault) from fault
        finally:
            await self._close()
        return replace(head, body=bytes(body[: ask.limit]), cut=len(body) > ask.limit)

    async def _open(self, ask: Ask) -> Answer:
        await self._close()
        try:
            self._response = await self._http.send(self._http.build_request(**request_of(ask)), stream=True)
        except FAULTS as fault:
            raise unreachable(ask, fault) from fault
        self._asked, self._chunks = ask, self._response.aiter_raw()
        return head_of(ask, self._response)

    def _decoded(self) -> AsyncIterator[bytes]:
        return self._response.aiter_bytes() if self._response is not None else _nothing()

    async def _read(self) -> bytes:
        try:
            return await anext(self._chunks, b"")
        except FAULTS as fault:
            raise unreachable(self._asked, fault) from fault

    async def _keep(self, keep: Keep) -> Kept:
        trouble = None
        with files.Part(keep) as part:
            try:
                async for chunk in self._chunks:
                    part.write(chunk)
            except FAULTS as fault:
                trouble = reason(fault)
        await self._close()
        return part.kept(trouble)

    async def _close(self) -> None:
        response, self._response, self._chunks = self._response, None, _nothing()
        if response is not None:
            await response.aclose()


async def _nothing() -> AsyncIterator[bytes]:
    for piece in _NO_PIECES:
        yield piece
