"""Listeners to event streams, in a process of their own: a thousand connections that note when each event came.

`python -m bench.listeners` reads a `Listening` as JSON from its standard input, prints a line once all of them
have had their first event, and a `Heard` when its standard input ends. Times are the machine's monotonic clock.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import uvloop

from bench.load import get, place
from bench.processes import NotReady, tell

_ID = re.compile(rb"^id: (\d+)\n", re.MULTILINE)
_CONNECTING = 64
"""Connections that are opened at one time: a server's queue of new ones is short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    address: str
    paths: Sequence[str]
    """One listener for each."""
    headers: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    events: Sequence[tuple[int, float]] = field(default=())
    """Every event but each listener's first: its id, and when it came."""


class Ear:
    """Listeners that listen."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.heard = Heard()

    def stop(self) -> None:
        output, _ = self._process.communicate()
        events = json.loads(output)["events"]
        self.heard = Heard(events=[(int(number), float(at)) for number, at in events])


@contextmanager
def listening(wanted: Listening) -> Iterator[Ear]:
    """While the block runs, all of them listen; afterwards it is known what they heard."""
    command = (sys.executable, "-m", "bench.listeners")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise ValueError("a process without pipes")
        process.stdin.write(json.dumps(asdict(wanted)) + "\n")
        process.stdin.flush()
        if not process.stdout.readline():
            raise NotReady(f"the listeners ended with status {process.wait()} before all of them listened")
        ear = Ear(process)
        try:
            yield ear
        finally:
            ear.stop()


class _Listener:
    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.events: list[tuple[int, float]] = []

    async def listen(self, wanted: Listening, path: str, gate: asyncio.Semaphore) -> None:
        async with gate:
            reader, writer = await asyncio.open_connection(*place(wanted.address), limit=2**20)
            writer.write(get(path, wanted.headers).encode())
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise ConnectionError(head.decode(errors="replace"))
            await self._hear(reader)
        self.began.set()
        self.events.clear()
        while await self._hear(reader):
            pass

    async def _hear(self, reader: asyncio.StreamReader) -> bool:
        """One chunk of the stream: an event, or a comment. False at the end."""
        size = int(await reader.readuntil(b"\r\n"), 16)
        chunk = (await reader.readexactly(size + 2))[:-2]
        if found := _ID.search(chunk):
            self.events.append((int(found[1]), time.monotonic()))
        return size > 0


async def _listen(wanted: Listening) -> Heard:
    gate = asyncio.Semaphore(_CONNECTING)
    listeners = [_Listener() for _ in wanted.paths]
    tasks = [
        asyncio.ensure_future(one.listen(wanted, path, gate))
        for one, path in zip(listeners, wanted.paths, strict=True)
    ]
    for one, task in zip(listeners, tasks, strict=True):
        began = asyncio.ensure_future(one.began.wait())
        watched: set[asyncio.Future[Any]] = {began, task}
        await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task  # raises what went wrong
    print("listening", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return Heard(events=[event for one in listeners for event in one.events])


if __name__ == "__main__":
    tell(asdict(uvloop.run(_listen(Listening(**json.loads(sys.stdin.readline()))))))
