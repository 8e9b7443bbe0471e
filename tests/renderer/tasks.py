"""Small tasks that misbehave in every way that a real one may; children run them for the tests."""

import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

from reelrouter.work import Report, TaskFailed


def echo(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    return {"pid": os.getpid(), **arguments}


def count(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Reports far more often than anybody wants to hear."""
    steps = arguments["steps"]
    for step in range(steps):
        report((step + 1) / steps)
    return {}


def hang(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Says that it runs, by way of its first report, and never ends."""
    report(0.5)
    while True:
        time.sleep(60)


def refuse(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    raise TaskFailed("too_blue", "The picture is too blue; a red one would do.")


def blunder(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    raise KeyError("colour")


def devour(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    hoard = []
    while True:
        hoard.append(bytearray(64 * 1024 * 1024))


def die(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def leave(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    os._exit(3)


def chatter(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Prints to the place where answers once went, and reads where tasks once came from."""
    sys.stdout.write('{"result": {"forged": true}}\n')
    sys.stdout.flush()
    os.write(1, b'{"result": {"forged": true}}\n')
    return {"read": sys.stdin.read()}


def unspeakable(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    return {"path": Path("/")}


def circumstances(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    return {
        "environment": dict(os.environ),
        "memory": resource.getrlimit(resource.RLIMIT_AS)[0],
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "nice": os.nice(0),
        "session": os.getsid(0),
        "pid": os.getpid(),
        "modules": sorted(sys.modules),
    }


def film(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Stands in for a renderer: the file says what was asked."""
    report(0.5)
    Path(arguments["output"]).write_text(repr(arguments))
    report(1.0)
    return {"frames": 1}
