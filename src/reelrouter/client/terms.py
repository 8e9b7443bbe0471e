"""The terms of a call: how long to wait, where to save, whom to tell."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypedDict

from reelrouter.client.errors import Unusable
from reelrouter.client.exchange import OnBytes
from reelrouter.client.results import Job

TIMEOUT = 30.0
"""Seconds without a byte after which a server is given up on."""
ATTEMPTS, INTERVAL = 60, 30.0

OnChange = Callable[[Job], None]
"""Told a job as it is at first, and then whenever its state, its progress or its error changes."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often to ask, and how many seconds to leave between. Raises `Unusable` for what is no patience."""

    attempts: int = ATTEMPTS
    interval: float = INTERVAL

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise Unusable(f"attempts must be at least 1, and is {self.attempts}")
        if not 0 <= self.interval < float("inf"):
            raise Unusable(f"interval must be a number of seconds from 0, and is {self.interval}")

    @property
    def seconds(self) -> float:
        return self.attempts * self.interval


@dataclass(frozen=True, slots=True)
class Target:
    """Where a video goes, and which of a job's videos it is."""

    path: Path
    index: int = 0

    def __post_init__(self) -> None:
        if self.index < 0:
            raise Unusable(f"index must be at least 0, and is {self.index}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a whole generation is followed."""

    attempts: int = ATTEMPTS
    interval: float = INTERVAL
    on_change: OnChange | None = None
    on_bytes: OnBytes | None = None
    idempotency_key: str | None = None

    @property
    def patience(self) -> Patience:
        """Raises `Unusable`."""
        return Patience(self.attempts, self.interval)


class JobFilters(TypedDict, total=False):
    """Which jobs to list, as keyword arguments; what is left out leaves no job out."""

    status: str | Sequence[str]
    """One state, or several of which any will do."""
    model: str
    key: str
    """The id of the key that placed them."""
    user: str
    session_id: str
    created_after: datetime | str | int
    """At this time or later: a time with its zone, text such as 2026-11-21T12:00:00Z, or Unix seconds."""
    created_before: datetime | str | int
    """Before this time."""


class TermsArguments(TypedDict, total=False):
    """The same as keyword arguments of a method."""

    attempts: int
    interval: float
    on_change: OnChange | None
    on_bytes: OnBytes | None
    idempotency_key: str | None
