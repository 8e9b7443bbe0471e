"""What `reelrouter doctor` says about one thing that it looked at."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "off", "warn", "fail"]
"""`off` is what an installation does without: nothing is wrong with that."""


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    about: str
    text: str
    next_step: str | None = None
