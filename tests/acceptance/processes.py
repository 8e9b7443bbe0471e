"""What the kernel tells of processes. One that has ended and was not yet reaped counts as gone."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_STATE, _PARENT, _USER, _SYSTEM = 0, 1, 11, 12
"""Where these stand in /proc/<pid>/stat, counted after the command's name."""


def is_alive(pid: int) -> bool:
    fields = _stat(pid)
    return fields is not None and fields[_STATE] not in "ZX"


def children_of(pid: int) -> set[int]:
    """The processes that live now and were started by it."""
    found = ((number, _stat(number)) for number in _numbers())
    return {
        number for number, fields in found if fields and fields[_STATE] not in "ZX" and int(fields[_PARENT]) == pid
    }


def descendants_of(pid: int) -> set[int]:
    children = children_of(pid)
    return children.union(*(descendants_of(child) for child in children))


def cpu_seconds(pid: int) -> float:
    """What the process has computed so far, its kernel time included."""
    fields = _stat(pid)
    assert fields is not None, f"process {pid} is gone"
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS


def has_open(pid: int, name: str) -> bool:
    """Whether the process has a file open whose path has `name` in it."""
    try:
        return any(name in str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:  # the process has ended, or has closed the file at this moment
        return False


def _numbers() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()
