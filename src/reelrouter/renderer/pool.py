"""Warm child processes for heavy tasks: the parent's side, which starts, feeds, watches and replaces them.

What they run is `child.py`; what the two share is lines of JSON over pipes. Nothing that decodes or draws is
ever imported here.
"""

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any, cast

from reelrouter.work import Report, TaskFailed, TaskLost

DEFAULT_MEMORY_LIMIT = 4 * 1024**3
"""Bytes of address space. It is more than what is ever resident: threads and libraries reserve freely."""
START_TIMEOUT = 60.0
"""Seconds that a child may take to load what it was asked to preload."""
TASKS_PER_CHILD = 1000
"""A child that has done so many is replaced, lest what libraries leak adds up to the memory limit."""
_LONGEST_REPLY = 4 * 1024**2
_ENVIRONMENT = ("PATH", "HOME", "LANG", "TMPDIR", "TZ", "LD_LIBRARY_PATH")
_ENVIRONMENT_PREFIXES = ("LC_", "PYTHON", "COVERAGE_")
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}

_log = logging.getLogger(__name__)


class Pool:
    """Implements `work.Children`. Nothing is started before the first `warm` or `run`.

    A task waits its turn, first come first served, for one of `size` children. A child that was killed, ran
    out of time or memory, or died, is replaced at once. `packages` are those that tasks may come from.
    """

    def __init__(
        self,
        size: int,
        preload: Sequence[str] = (),
        memory_limit: int = DEFAULT_MEMORY_LIMIT,
        packages: Sequence[str] = ("reelrouter",),
    ) -> None:
        if size < 1:
            raise ValueError(f"size must be 1 or more, not {size}")
        self._size = size
        self._command = _command(preload, memory_limit, packages)
        self._turns = asyncio.Semaphore(size)
        self._spares: list[_Child] = []
        self._living: set[_Child] = set()
        self._closed = False

    async def run(
        self, task: str, arguments: Mapping[str, Any], *, timeout: float, report: Report | None = None
    ) -> dict[str, Any]:
        """See `work.Children`. `timeout` is in seconds, and leaves out the wait for a free child."""
        request = json.dumps({"task": task, "arguments": arguments}).encode() + b"\n"
        async with self._turns:
            child = self._take()
            try:
                await child.until_ready()
                async with asyncio.timeout(timeout):
                    return await child.perform(request, report)
            except TimeoutError:
                raise TaskLost(f"{task} ran past its limit of {timeout:g} s") from None
            finally:
                await self._give_back(child)

    async def warm(self) -> None:
        """Starts a child ahead of its first task, if there is room for one, and returns when it is ready.

        Raises `TaskLost` if it does not start.
        """
        if child := self._start_spare():
            await child.until_ready()

    async def close(self) -> None:
        """Kills every child, and returns when all are gone. A task that still runs ends as `TaskLost`."""
        self._closed = True
        for child in self._living:
            child.kill()
        await asyncio.gather(*(child.life for child in self._living))

    def _take(self) -> "_Child":
        """A child for one task: a spare, rather a ready one than one that still starts, or else a new one."""
        if self._closed:
            raise TaskLost("the pool of child processes is closed")
        if not self._spares:
            return self._start()
        child = max(self._spares, key=_Child.is_ready)
        self._spares.remove(child)
        return child

    async def _give_back(self, child: "_Child") -> None:
        if child.is_fit():
            self._spares.append(child)
            return
        child.kill()
        self._start_spare()
        await asyncio.shield(child.life)

    def _start_spare(self) -> "_Child | None":
        counted = sum(not child.condemned for child in self._living)
        if self._closed or counted >= self._size:
            return None
        child = self._start()
        self._spares.append(child)
        return child

    def _start(self) -> "_Child":
        child = _Child(self._command)
        self._living.add(child)
        child.life.add_done_callback(lambda _: self._forget(child))
        return child

    def _forget(self, child: "_Child") -> None:
        """Called when a child has ended. One that never became ready is not replaced: the next may fail alike."""
        self._living.discard(child)
        if child not in self._spares:
            return
        self._spares.remove(child)
        if not self._closed:
            _log.warning("a spare child process %s", child.describe_end())
        if child.is_ready():
            self._start_spare()


class _Child:
    """One child process and its two pipes, from before its start until after its end."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tasks = 0
        self._in_step = True
        self.condemned = False
        self.life = asyncio.create_task(self._live(command))

    def is_ready(self) -> bool:
        return self._ready.done() and self._ready.exception() is None

    def is_fit(self) -> bool:
        """Whether another task may be given to it: it lives, and no answer to an earlier one is due."""
        return self._in_step and not self.condemned and not self.life.done() and self._tasks < TASKS_PER_CHILD

    async def until_ready(self) -> None:
        """Raises `TaskLost` if the process did not start."""
        await asyncio.shield(self._ready)

    async def perform(self, request: bytes, report: Report | None) -> dict[str, Any]:
        self._tasks += 1
        self._in_step = False
        with contextlib.suppress(ConnectionError):  # a child that is gone is found out by the read
            await self._write(request)
        while True:
            match await self._read():
                case {"progress": float() | int() as progress}:
                    if report:
                        report(progress)
                case {"result": dict() as result}:
                    self._in_step = True
                    return result
                case {"failed": {"code": str() as code, "message": str() as message}}:
                    self._in_step = code != "out_of_memory"
                    raise TaskFailed(code, message)
                case other:
                    raise TaskLost(f"a child process answered out of turn: {other}")

    def kill(self) -> None:
        """By SIGKILL, at once; `life` is over when the process is."""
        self.condemned = True
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def describe_end(self) -> str:
        code = self._process.returncode if self._process else None
        if code is None:
            return "did not start"
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"left with exit code {code}"

    async def _live(self, command: Sequence[str]) -> None:
        try:
            self._process = await _spawn(command)
            async with asyncio.timeout(START_TIMEOUT):
                await self._become_ready()
        except (OSError, TaskLost) as error:
            self.kill()
            self._ready.set_exception(TaskLost(f"a child process did not become ready: {error}"))
            self._ready.exception()  # read once here, lest a spare that failed is reported as forgotten
        else:
            self._ready.set_result(None)
        if self._process:
            await self._process.wait()

    async def _become_ready(self) -> None:
        if not self.condemned:
            await self._read()
        if self.condemned:  # it may have become ready all the same
            raise TaskLost("it was stopped while it started")

    async def _write(self, request: bytes) -> None:
        stdin = cast("asyncio.StreamWriter", self._running().stdin)
        stdin.write(request)
        await stdin.drain()

    async def _read(self) -> Any:
        stdout = cast("asyncio.StreamReader", self._running().stdout)
        try:
            if line := await stdout.readline():
                return json.loads(line)
        except ValueError as error:
            raise TaskLost(f"a child process gave an answer that cannot be read: {error}") from error
        await self._running().wait()
        raise TaskLost(f"the child process {self.describe_end()}")

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise TaskLost("the child process has not been started")
        return self._process


def _command(preload: Sequence[str], memory_limit: int, packages: Sequence[str]) -> tuple[str, ...]:
    """`-P` keeps the working folder off the child's import path."""
    return (
        *(sys.executable, "-P", "-m", "reelrouter.renderer.child"),
        *("--parent", str(os.getpid())),
        *("--memory", str(memory_limit)),
        *("--packages", ",".join(packages)),
        *("--preload", ",".join(preload)),
    )


async def _spawn(command: Sequence[str]) -> asyncio.subprocess.Process:
    """In a session of its own, so that Ctrl-C in a terminal reaches the parent alone."""
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
        env=_environment(os.environ),
        limit=_LONGEST_REPLY,
    )


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """What an interpreter needs, and none of the keys and secrets: children open files of strangers."""
    passed = {
        name: value
        for name, value in ours.items()
        if name in _ENVIRONMENT or name.startswith(_ENVIRONMENT_PREFIXES)
    }
    return passed | _ONE_THREAD
