"""Loaded by every Python process that has this folder on its path: `time.time` becomes a clock that can be set.

The file that `TORTURE_CLOCK` names holds one number, the seconds by which this machine's clock is wrong. What asks
the kernel past Python, as files' times do, still gets the true hour; clocks that only go forward stay as they are.
"""

import mmap
import os
import struct
import time
from pathlib import Path

_PATH = os.environ.get("TORTURE_CLOCK")
if _PATH is not None:
    with Path(_PATH).open("rb") as _file:
        _offset = mmap.mmap(_file.fileno(), 8, access=mmap.ACCESS_READ)
    _true = time.time

    def _shifted() -> float:
        seconds: float = struct.unpack_from("d", _offset)[0]
        return _true() + seconds

    time.time = _shifted
