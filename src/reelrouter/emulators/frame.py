"""What all emulators have in common: a server, scripts, a journal, files to download, and the ways to break.

A vendor's emulator adds its routes, its checks and its words. It never looks at a script: the frame refuses,
breaks and ends for it, and asks it only for the vendor's own way of saying so.
"""

import asyncio
import json
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from importlib import resources
from itertools import count
from typing import Any, Literal
from urllib.parse import quote, urlsplit

import aiohttp
from aiohttp import web

from reelrouter.emulators.answers import Answer, Says, Shape
from reelrouter.emulators.rude_states import told_id
from reelrouter.emulators.rudeness import Rudeness
from reelrouter.emulators.script import Breakage, End, Refusal, Script, read_script
from reelrouter.emulators.sending import CutOff, answer_of, sent

Verb = Literal["submit", "poll", "cancel", "other"]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
State = Literal["queued", "running", "ended", "cancelled"]

KEY = "emulated-key"
"""The key that emulators take, if they are told of no other."""
_MOST_BODY = 256 * 1024 * 1024
_HANG_SECONDS = 3600.0
_LOOK_SECONDS, _CALL_SECONDS = 0.05, 10.0
_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})
_BODY_START = 4096
_LINES_KEPT = 100_000
_TOO_LARGE_CHUNK = bytes(256 * 1024)
_TOO_LARGE = 4 * 1024 * 1024
"""Bytes of an output in an answer that is meant to be too large: more than a test allows."""


@dataclass(slots=True)
class Task:
    """A job at the vendor."""

    id: str
    body: Mapping[str, Any]
    """What was asked for, as the vendor read it."""
    script: Script
    created_at: float
    """Unix seconds."""
    cancelled: bool = False
    broken: int = 0
    """Polls that broke so far."""
    altered: Counter[str] = field(default_factory=Counter)
    """How many answers each rudeness has altered so far."""

    def state(self, now: float) -> State:
        if self.cancelled:
            return "cancelled"
        age = now - self.created_at
        if age >= self.script.seconds:
            return "ended"
        return "queued" if age < self.script.seconds * 0.2 else "running"

    @property
    def told(self) -> End:
        """How the vendor says that it ended: what is wrong with a file shows only in the file."""
        return "done" if self.script.end in ("gone", "too_large", "not_video") else self.script.end

    def progress(self, now: float) -> float:
        """0 to 1."""
        return 1.0 if self.script.seconds == 0 else min(1.0, (now - self.created_at) / self.script.seconds)


@dataclass(slots=True, kw_only=True)
class Entry:
    """A line of the journal: one request that reached the vendor."""

    method: str
    path: str
    key: str | None
    """The credentials that came along, whatever header they came in."""
    bears_key: bool = False
    """Whether `KEY` stands anywhere in its headers or its address."""
    verb: Verb = "other"
    script: Script | None = None
    """Of a submit."""
    body_start: bytes = b""
    """Of a submit."""
    at: float = field(default_factory=time.time)
    """Unix seconds at which it came in."""
    task: str | None = None
    """The job that it made or was about."""
    answered: int | None = None
    """The status; None if no answer went out."""


News = Callable[[Task], tuple[Mapping[str, Any], Mapping[str, str]]]
"""What a vendor sends to whoever asked to be told of a job's end: the body, and headers."""

_ENTRY: web.RequestKey[Entry] = web.RequestKey("entry", Entry)
_SCRIPT: web.RequestKey[Script] = web.RequestKey("script", Script)


class Refused(Exception):
    """Raised by a vendor's checks, with the vendor's own answer."""

    def __init__(self, response: web.Response) -> None:
        super().__init__(response.status)
        self.response = response


@dataclass(frozen=True, slots=True)
class Route:
    verb: Verb
    method: str
    path: str
    """In aiohttp's form, e.g. `/tasks/{id}`."""
    handler: Handler


class Emulator(ABC):
    """One vendor. A subclass has routes, `refusal`, and `accept`s what its submit handler has found in order."""

    name: str
    based_on: str
    """What it is copied from: the official SDK's source, documents, an adapter, a guess."""
    shape: Shape
    """Where things stand in its answers."""
    lacks: frozenset[Refusal | End] = frozenset()
    """What this vendor has no way of saying."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self.tasks: dict[str, Task] = {}
        self.journal: deque[Entry] = deque(maxlen=_LINES_KEPT)
        self.scripts: deque[Script] = deque()
        """For the next submits, in order; then `script` counts."""
        self.keys = {KEY}
        """The keys that it takes."""
        self.script = Script()
        self.script_of: Callable[[bytes], Script | None] = lambda _body: None
        """Chooses by what a submit says, before the others."""
        self.alter: Callable[[Task | None, Answer], Answer] = lambda _task, answer: answer
        """Has the last word on every answer to a submit, to a poll and to a download."""
        self.files = ""
        """Where outputs lie, as `http://host:port`; an origin of their own, as vendors have it."""
        self._numbers = count(1)
        self._calls: set[asyncio.Task[None]] = set()

    @abstractmethod
    def routes(self) -> Sequence[Route]: ...

    @abstractmethod
    def refusal(self, refusal: Refusal) -> web.Response:
        """The vendor's answer to a submit that it refuses."""

    @abstractmethod
    def trouble(self, status: int) -> web.Response:
        """The vendor's answer when its server is in trouble, with 500 or 503."""

    def key_of(self, request: web.Request) -> str | None:
        """The credentials of a request."""
        header = request.headers.get("Authorization", "")
        return header.removeprefix("Bearer ") or None

    # For handlers ------------------------------------------------------------------------------------------------

    def accept(self, request: web.Request, body: Mapping[str, Any]) -> Task:
        """Makes the job that a submit asks for; whatever breaks afterwards, the vendor has it."""
        number, script = next(self._numbers), request[_SCRIPT]
        names = [] if self.shape.names_resources else [one.name for one in script.rudenesses]
        task = Task(
            id=told_id(names, self.new_id(number), number), body=body, script=script, created_at=self.now()
        )
        self.tasks[task.id] = task
        request[_ENTRY].task = task.id
        return task

    def new_id(self, number: int) -> str:
        """The vendor's form of an id."""
        return f"{self.name}-{number}"

    def call_when_over(self, task: Task, address: str, news: News) -> None:
        """Tells whoever asked to be told. Nobody but this machine is ever called, whatever a request names."""
        if urlsplit(address).hostname in _THIS_MACHINE:
            calling = asyncio.ensure_future(self._call_when_over(task, address, news))
            self._calls.add(calling)
            calling.add_done_callback(self._calls.discard)

    def find(self, request: web.Request, task_id: str) -> Task | None:
        request[_ENTRY].task = task_id
        return self.tasks.get(task_id)

    def video_url(self, task: Task) -> str:
        return f"{self.files}/files/{quote(task.id, safe='')}.mp4"

    def video_bytes(self, task: Task) -> bytes:
        """The output itself, for vendors that put it into their answers."""
        match task.script.end:
            case "not_video":
                return b"this is no video" * 10_000
            case "too_large":
                return bytes(_TOO_LARGE)
            case _:
                return sample()

    async def _call_when_over(self, task: Task, address: str, news: News) -> None:
        while task.state(self.now()) not in ("ended", "cancelled"):  # noqa: ASYNC110 - nothing tells of an hour
            await asyncio.sleep(_LOOK_SECONDS)
        body, headers = news(task)
        with suppress(aiohttp.ClientError, TimeoutError):  # a receiver that is gone is no trouble of the vendor's
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_CALL_SECONDS)) as session:
                await session.post(address, json=body, headers=headers, ssl=False)

    async def _hang_up(self, _app: web.Application) -> None:
        for calling in self._calls:
            calling.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    # The server --------------------------------------------------------------------------------------------------

    def app(self) -> web.Application:
        """The vendor's API, and `/_emulator` to script it and to read its journal."""
        app = web.Application(client_max_size=_MOST_BODY, middlewares=[self._journaled])
        for route in self.routes():
            app.router.add_route(route.method, route.path, partial(self._serve, route))
        app.router.add_get("/own/{id}.mp4", self._send_file)
        app.router.add_post("/_emulator/scripts", self._take_scripts)
        app.router.add_get("/_emulator/journal", self._show_journal)
        app.on_shutdown.append(self._hang_up)
        return app

    def files_app(self) -> web.Application:
        """Where outputs lie."""
        app = web.Application(middlewares=[self._journaled])
        app.router.add_get("/files/{id}.mp4", self._send_file)
        return app

    async def _serve(self, route: Route, request: web.Request) -> web.StreamResponse:
        request[_ENTRY].verb = route.verb
        script = await self._script_for(route, request)
        await asyncio.sleep(script.latency)
        if route.verb == "submit":
            return await self._submit(route, request, script)
        response = await _checked(route.handler(request))
        task = self.tasks.get(request[_ENTRY].task or "")
        if route.verb == "poll" and task is not None and task.broken < task.script.broken_polls:
            task.broken += 1
            if task.script.break_polls is not None:
                return await self._broken(request, response, task.script.break_polls)
        if route.verb == "poll" and task is not None:
            return await self._altered(request, response, self._says(task))
        return response

    async def _script_for(self, route: Route, request: web.Request) -> Script:
        if route.verb == "submit":
            chosen = self.script_of(await request.read())
            return chosen or (self.scripts.popleft() if self.scripts else self.script)
        task = self.tasks.get(request.match_info.get("id", ""))
        return task.script if task else Script()

    async def _submit(self, route: Route, request: web.Request, script: Script) -> web.StreamResponse:
        request[_SCRIPT] = request[_ENTRY].script = script
        request[_ENTRY].body_start = (await request.read())[:_BODY_START]
        if script.break_submit in ("reset", "error_500", "error_503"):
            return await self._broken(request, web.Response(), script.break_submit)
        if script.refuse is not None:
            refusal = self.refusal(script.refuse)
            if script.refuse == "rate_after":
                refusal.headers["Retry-After"] = str(script.retry_after)
            return await self._altered(request, refusal, "refused")
        if script.is_rudely_refused:
            return await self._altered(request, web.json_response({}), "taken")
        response = await _checked(route.handler(request))
        if script.break_submit is not None and response.status < 400:
            return await self._broken(request, response, script.break_submit)
        return await self._altered(request, response, "taken" if response.status < 400 else "refused")

    # Rudeness ----------------------------------------------------------------------------------------------------

    async def _altered(
        self, request: web.Request, response: web.StreamResponse, says: Says | None
    ) -> web.StreamResponse:
        """The answer as this job's script would have it; the vendor's own where that says nothing of it."""
        task = self.tasks.get(request[_ENTRY].task or "")
        script = task.script if task is not None else request.get(_SCRIPT, Script())
        answer = given = answer_of(response, says)
        if task is not None:
            own = f"/own/{quote(task.id, safe='')}.mp4"
            answer = given = replace(given, file=self.video_url(task), own_file=own)
        for rudeness in script.rudenesses:
            is_meant = answer.says in rudeness.says  # which is None once another answer has taken its place
            if is_meant and rudeness.fits(self.shape) and not _is_over(rudeness, script, task):
                answer = rudeness.alter(answer, self.shape)
                if task is not None:
                    task.altered[rudeness.name] += 1
        answer = self.alter(task, answer)
        return response if answer is given else await sent(request, answer)

    def _says(self, task: Task) -> Says | None:
        """What the answer to a poll means."""
        match task.state(self.now()):
            case "queued" | "running":
                return "waiting"
            case "ended" if task.told not in ("drift", "no_video"):
                return "done" if task.told == "done" else "failed"
            case _:
                return None

    # Breaking ----------------------------------------------------------------------------------------------------

    async def _broken(self, request: web.Request, whole: web.StreamResponse, how: Breakage) -> web.StreamResponse:
        match how:
            case "html":
                return web.Response(
                    text="<html><body>We will be back soon.</body></html>", content_type="text/html"
                )
            case "empty":
                return web.Response(status=whole.status)
            case "truncated":
                text = bytes(whole.body)[: max(1, len(bytes(whole.body)) // 2)]  # type: ignore[attr-defined]
                return web.Response(status=whole.status, body=text, content_type="application/json")
            case "error_500" | "error_503":
                return self.trouble(int(how.removeprefix("error_")))
            case "hang":
                await asyncio.sleep(_HANG_SECONDS)
            case "reset" | "dropped":
                pass
        if request.transport is not None:
            request.transport.abort()
        raise CutOff

    @web.middleware
    async def _journaled(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/_emulator"):
            return await handler(request)
        entry = Entry(
            method=request.method, path=request.path, key=self.key_of(request), bears_key=_bears_key(request)
        )
        self.journal.append(entry)
        request[_ENTRY] = entry
        try:
            response = await handler(request)
        except CutOff:
            return web.Response()
        entry.answered = response.status
        return response

    async def _send_file(self, request: web.Request) -> web.StreamResponse:
        task = self.find(request, request.match_info["id"])
        if task is None or task.script.end == "gone":
            return web.Response(status=404, text="The file has expired.")
        match task.script.end:
            case "not_video":
                return web.Response(body=b"this is no video", content_type="video/mp4")
            case "too_large":
                return await _endless(request)
            case _:
                response = web.Response(body=sample(), content_type="video/mp4")
                return await self._altered(request, response, "file")

    async def _take_scripts(self, request: web.Request) -> web.Response:
        """`{"next": [script…], "always": script}`; both may be left out."""
        try:
            given = await request.json()
            following = [read_script(one) for one in given.get("next", ())]
            always = read_script(given["always"]) if "always" in given else self.script
        except (ValueError, AttributeError, TypeError) as error:
            return web.json_response({"error": f"this is no script: {error}"}, status=400)
        self.scripts.extend(following)
        self.script = always
        return web.json_response({"scripts": len(self.scripts)})

    async def _show_journal(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "journal": [asdict(entry) for entry in self.journal],
                "tasks": {task.id: {"end": task.script.end, "body": task.body} for task in self.tasks.values()},
            },
            dumps=partial(json.dumps, default=str),
        )


def _bears_key(request: web.Request) -> bool:
    return KEY in request.path_qs or any(KEY in value for value in request.headers.values())


async def _checked(response: Awaitable[web.StreamResponse]) -> web.StreamResponse:
    try:
        return await response
    except Refused as refused:
        return refused.response


def _is_over(rudeness: Rudeness, script: Script, task: Task | None) -> bool:
    """Whether it has altered as many answers as it is to."""
    times = rudeness.times if script.rude_times is None else script.rude_times
    return task is not None and times is not None and task.altered[rudeness.name] >= times


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "video/mp4"})
    await response.prepare(request)
    while True:
        await response.write(_TOO_LARGE_CHUNK)


@cache
def sample() -> bytes:
    """A short real video."""
    return resources.files("reelrouter.emulators").joinpath("sample.mp4").read_bytes()


@dataclass(slots=True)
class Running:
    """An emulator that can be reached."""

    emulator: Emulator
    url: str
    """Of its API, without a slash at the end."""
    runners: list[web.AppRunner] = field(default_factory=list, repr=False)


async def start(emulator: Emulator, host: str = "127.0.0.1", port: int = 0) -> Running:
    """Serves it in this event loop. `stop` ends that."""
    running = Running(emulator, "")
    emulator.files = await _listen(running, emulator.files_app(), host, 0)
    running.url = await _listen(running, emulator.app(), host, port)
    return running


async def stop(running: Running) -> None:
    for runner in running.runners:
        await runner.cleanup()


@contextmanager
def in_thread(emulator: Emulator) -> Iterator[Running]:
    """Serves it in a thread of its own, for those who ask without an event loop."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    running = asyncio.run_coroutine_threadsafe(start(emulator), loop).result()
    try:
        yield running
    finally:
        asyncio.run_coroutine_threadsafe(stop(running), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _listen(running: Running, app: web.Application, host: str, port: int) -> str:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    running.runners.append(runner)
    (address,) = runner.addresses
    return f"http://{address[0]}:{address[1]}"
