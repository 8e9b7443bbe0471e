"""The program that a child process runs: it reads tasks as lines of JSON and answers in kind to `pool.py`.

A parent sends `{"task": "package.module:function", "arguments": {…}}`; the child answers with any number of
`{"progress": 0.5}` and then one `{"result": {…}}` or `{"failed": {"code": …, "message": …}}`. Before the
first task it says `{"ready": <pid>}`, once all that it was asked to preload is in memory.
"""

import argparse
import ctypes
import faulthandler
import importlib
import json
import os
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO, cast

from reelrouter.work import Report, TaskFailed

Task = Callable[[dict[str, Any], Report], dict[str, Any]]

NICENESS = 5
PROGRESS_INTERVAL = 0.05
"""Seconds between two reports of progress, at least."""
_PR_SET_PDEATHSIG = 1
_OPENCV_NO_MEMORY = -4


def main() -> None:
    options = _read_options()
    _die_with(options.parent)
    requests, replies = _take_pipes()
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (options.memory, options.memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.enable()
    for module in _words(options.preload):
        importlib.import_module(module)
    channel = Channel(replies)
    channel.send({"ready": os.getpid()})
    for line in requests:
        channel.send(answer(json.loads(line), _words(options.packages), Progress(channel)))


class Channel:
    """The way back to the parent, for any thread."""

    def __init__(self, replies: BinaryIO) -> None:
        self._replies = replies
        self._lock = threading.Lock()

    def send(self, message: Mapping[str, Any]) -> None:
        line = json.dumps(message).encode() + b"\n"
        with self._lock:
            self._replies.write(line)
            self._replies.flush()


class Progress:
    """One task's reports: the first, the last and about twenty a second; the parent has no use for more."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._next = 0.0

    def __call__(self, progress: float, /) -> None:
        now = time.monotonic()
        if now < self._next and progress < 1:
            return
        self._next = now + PROGRESS_INTERVAL
        self._channel.send({"progress": progress})


def answer(request: Mapping[str, Any], packages: Sequence[str], report: Report) -> dict[str, Any]:
    """Does one task. Whatever goes wrong in it becomes an answer, so that the child lives on."""
    try:
        task = find_task(request["task"], packages)
        result = task(request["arguments"], report)
        json.dumps(result)
    except TaskFailed as failed:
        return _failed(failed.code, failed.message)
    except MemoryError:
        return _out_of_memory(request)
    except Exception as error:  # noqa: BLE001 - a mistake in one task may not end the loop over tasks
        if getattr(error, "code", None) == _OPENCV_NO_MEMORY:
            return _out_of_memory(request)
        traceback.print_exc()
        return _failed("internal", f"{type(error).__name__}: {error}")
    return {"result": result}


def find_task(address: str, packages: Sequence[str]) -> Task:
    """The function that `package.module:function` names, in one of the packages that may hold tasks."""
    module, _, name = address.partition(":")
    if not any(module.startswith(f"{package}.") for package in packages):
        raise TaskFailed("unknown_task", f"{address} is in none of the packages {', '.join(packages)}")
    try:
        return cast("Task", getattr(importlib.import_module(module), name))
    except (ModuleNotFoundError, AttributeError) as error:
        raise TaskFailed("unknown_task", f"{address} cannot be found: {error}") from error


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m reelrouter.renderer.child")
    parser.add_argument("--parent", type=int, required=True, help="the process to die with")
    parser.add_argument("--memory", type=int, required=True, help="bytes of address space")
    parser.add_argument("--packages", required=True, help="packages that may hold tasks, by comma")
    parser.add_argument("--preload", default="", help="modules to load ahead of the first task, by comma")
    return parser.parse_args()


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.split(",") if word)


def _die_with(parent: int) -> None:
    """Asks the kernel for SIGKILL when the parent dies, and leaves if it has died before the question."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    if os.getppid() != parent:
        sys.exit("the parent process is gone")


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Both pipes under new numbers, so that a library that prints, or reads, finds other files there."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, replies


def _failed(code: str, message: str) -> dict[str, Any]:
    return {"failed": {"code": code, "message": message}}


def _out_of_memory(request: Mapping[str, Any]) -> dict[str, Any]:
    return _failed("out_of_memory", f"{request['task']} needs more memory than a child process may have")


if __name__ == "__main__":
    main()
